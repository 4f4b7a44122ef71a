"""`package`: from a version or a folder to a folder for another tool."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tracker import arguments
from tracker.packaging import docker, hub, mlflow_layout, onnx_layout, requirements, shipment
from tracker.packaging.layout import Layout, check_place, write
from tracker.packaging.shipment import Shipment

_LAYOUTS: Final[dict[str, Callable[[Shipment], Layout]]] = {
    "docker": docker.layout,
    "huggingface": hub.layout,
    "mlflow": mlflow_layout.layout,
    "onnx": onnx_layout.layout,
}
FORMATS: Final = tuple(_LAYOUTS)


@dataclass(frozen=True)
class Package:
    """What was written. `steps` are the commands that one may go on with, `notices` what one should know before."""

    ref: str
    format: str
    form: str | None
    folder: Path
    files: int
    size_bytes: int
    notices: list[str]
    steps: list[str]

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {**self.__dict__, "folder": str(self.folder)}


def package(
    ref: str,
    out: Path,
    *,
    format: str = "docker",
    form: str | None = None,
    allow_pickle: bool = False,
    wheel: Path | None = None,
    url: str | None = None,
) -> Package:
    """Write `name@alias`, `name:v3` or the bundle in a folder to `out`, which is new or empty, for another tool.

    Raises ValueError for what is no reference, format or form, BundleError for a bundle that is not what it says, and
    PackagingError for what cannot be packaged; nothing is at `out` then.
    """
    arguments.one_of("format", format, FORMATS)
    place = check_place(out)
    if wheel is not None and format not in ("docker", "mlflow"):
        raise ValueError(f"a wheel goes with the formats docker and mlflow; {format} has no use for {wheel}")
    checked = None if wheel is None else requirements.checked_wheel(wheel)
    if shipment.is_folder(ref):
        shipped = shipment.of_folder(Path(ref).expanduser(), form=form, allow_pickle=allow_pickle)
    else:
        shipped = shipment.of_version(ref, form=form, allow_pickle=allow_pickle, url=url)
    layout = _LAYOUTS[format](replace(shipped, wheel=checked))
    size_bytes = write(layout, shipped.bundle, place)
    return Package(
        ref=shipped.ref,
        format=format,
        form=None if shipped.form is None else shipped.form.kind,
        folder=place,
        files=len(layout.files),
        size_bytes=size_bytes,
        notices=layout.notices,
        steps=[step.format(out=shlex.quote(str(out))) for step in layout.steps],
    )
