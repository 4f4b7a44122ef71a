"""What a package needs installed: the lock of its form, and the tracker that runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from tracker.packaging.shipment import PackagingError, Shipment
from tracker.version import client_version

DISTRIBUTION: Final = "tracker-runs"
FILE_NAME: Final = "requirements.txt"


def text(shipment: Shipment, extra: str, *more: str) -> str:
    """A requirements file: the lock of the form that runs, the tracker with its `extra`, and what else is asked for."""
    lock = [each for each in shipment.running().packages if _name(each) != DISTRIBUTION]
    known = {_name(each) for each in lock}
    further = [each for each in more if _name(each) not in known]
    return "\n".join([f"# What {shipment.ref} was made with.", *lock, "", *further, own(shipment, extra), ""])


def own(shipment: Shipment, extra: str) -> str:
    """The requirement of the tracker itself."""
    if shipment.wheel is not None:
        return f"./{shipment.wheel.name}[{extra}]"
    version = client_version()
    return f"{DISTRIBUTION}[{extra}]" + ("" if version.startswith("0+") else f"=={version}")


def notices(shipment: Shipment, extra: str) -> list[str]:
    """What may keep these from being installed elsewhere."""
    said = []
    if shipment.wheel is None and is_local_install():
        said.append(
            f"{own(shipment, extra)} was installed here from files, and a package index may not have it; "
            "--wheel PATH puts a wheel into the package"
        )
    local = [each for each in shipment.running().packages if "+" in each]
    if local:
        said.append(
            f"{local[0]} is a build that the default index does not have; pip needs to be told of its own index "
            "(--extra-index-url)"
        )
    return said


def checked_wheel(path: Path) -> Path:
    """The file of a wheel of this distribution. Raises PackagingError."""
    if not path.is_file():
        raise PackagingError(f"there is no wheel at {path}; `python -m build --wheel` in a checkout makes one")
    if not re.fullmatch(r"tracker_runs-[A-Za-z0-9.!+_]+-[A-Za-z0-9._]+-[A-Za-z0-9._]+-[A-Za-z0-9._]+\.whl", path.name):
        raise PackagingError(
            f"{path.name} is no wheel of {DISTRIBUTION}, whose names are as tracker_runs-0.1.0-py3-none-any.whl"
        )
    return path


def is_local_install() -> bool:
    """Whether the tracker that runs came from a folder or a file, and not from an index."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        origin = distribution(DISTRIBUTION).read_text("direct_url.json")
    except PackageNotFoundError:
        return True
    return origin is not None and str(json.loads(origin).get("url", "")).startswith("file:")


def _name(requirement: str) -> str:
    return re.split(r"[\[=<>!~ ]", requirement, maxsplit=1)[0].lower().replace("_", "-")
