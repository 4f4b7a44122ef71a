"""Making a bundle: a folder with what a model needs to be loaded anywhere, and `tracker.yaml`, which says what it is.

What always holds: equal models make equal folders, byte for byte: no time, no machine, everything in order. Nothing of
the caller's process is changed: random numbers, modes, devices. Nothing is left behind where making fails. What kind a
model is, is told without importing any framework: who has made the model has imported it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tracker import manifest as manifests
from tracker.artifact import LoggedArtifact
from tracker.bundles.made import FULL, Made, MakingError, Order, Tolerance, shortened
from tracker.bundles.untouched import random_numbers
from tracker.manifest import BundleFile, Form, Kind, Manifest, ManifestError
from tracker.mappings import plain_mapping
from tracker.naming import is_artifact, is_path
from tracker.notices import notice

if TYPE_CHECKING:
    from tracker.live_run import Run

Source = str | os.PathLike[str]
Files = Mapping[str, Source | Iterable[Source]]

LEFT_OUT: Final = "left_out"
"""The key of the metadata that has, by form, why a bundle lacks it."""

_PREFERRED: Final = ("onnx", "torch_export", "torch", "python", "loader", "pickle")
_OWN_ROLE: Final = "example"


def make(
    model: Any,
    folder: Source,
    *,
    example: Any = None,
    files: Files | None = None,
    roles: Iterable[str] = (),
    init: Mapping[str, Any] | None = None,
    axes: Mapping[str, Mapping[int, str]] | None = None,
    metadata: Mapping[str, Any] | None = None,
    absolute: float = 1e-5,
    relative: float = 1e-4,
) -> Manifest:
    """Make a bundle of `model` in `folder`, which is empty or not there yet; see `tracker.log_model`.

    Raises MakingError for what no bundle can be made of, ExampleError for an example that the model cannot run,
    TypeError, ValueError and FileNotFoundError for wrong arguments.
    """
    place = Path(folder)
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise ValueError(f"a bundle is made in a new or empty folder, and {place} has something in it")
    kind = kind_of(model)
    free = _axes(axes or {}, kind, has_example=example is not None)
    copies = _copies(files or {})
    declared = _declared(roles)
    tolerance = _tolerance(absolute, relative)
    arguments = plain_mapping(init or {}, where="init")
    own = plain_mapping(metadata or {}, where="metadata")
    is_new = not place.exists()
    place.mkdir(parents=True, exist_ok=True)
    try:
        for name, source in (pair for pairs in copies.values() for pair in pairs):
            target = place.joinpath(*name.split("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        given = {role: [name for name, _ in pairs] for role, pairs in copies.items()}
        by_role: dict[str, list[str]] = {role: [] for role in declared} | given
        order = Order(place, example, arguments, by_role, free, tolerance)
        with random_numbers():
            made = _made(model, kind, order)
        return _written(place, made, given, declared, own, tolerance)
    except BaseException:
        shutil.rmtree(place)
        if not is_new:
            place.mkdir()
        raise


def log_model(
    run: Run, model: Any, name: str = "model", *, aliases: Iterable[str] = (), **options: Any
) -> LoggedArtifact:
    """Log the bundle of a model as a version of the run's artifact `name`; see `tracker.log_model`.

    A full disk costs the model, and says so: training goes on.
    """
    if not isinstance(name, str) or not is_artifact(name):
        raise ValueError(f"an artifact's name is printable text without / : @ \\, got {name!r:.200}")
    if run.mode == "disabled":
        kind_of(model)
        return LoggedArtifact(run.id, name, "model", ())
    try:
        parent = tempfile.TemporaryDirectory(prefix="tracker-model-", ignore_cleanup_errors=True)
    except OSError as error:  # Python finds no folder for temporary files where the disk is full
        return _not_kept(run, name, error)
    with parent:
        folder = Path(parent.name) / "bundle"
        try:
            made = make(model, folder, **options)
        except OSError as error:
            if error.errno not in FULL:
                raise
            return _not_kept(run, name, error)
        return run.log_artifact(folder, name, "model", aliases=aliases, metadata=made.metadata)


def _not_kept(run: Run, name: str, error: OSError) -> LoggedArtifact:
    notice(f"the model {name!r} was not kept: {error}; free some space, or set TMPDIR to a folder that has it")
    return LoggedArtifact(run.id, name, "model", ())


def kind_of(model: Any) -> Kind:
    """What kind of bundle is made of it. Raises TypeError where none can be."""
    if isinstance(model, str | os.PathLike):
        if Path(model).suffix.lower() != ".onnx":
            raise ValueError(
                f"a path names an .onnx file, got {os.fspath(model)!r:.200}; other files are adopted with "
                "tracker.register_model(name, files={role: path}, loader='package.module:function')"
            )
        return "onnx"
    torch, onnx = sys.modules.get("torch"), sys.modules.get("onnx")
    if torch is not None and hasattr(torch, "nn") and isinstance(model, torch.nn.Module):
        return "torch"
    if onnx is not None and isinstance(model, onnx.ModelProto):
        return "onnx"
    if callable(getattr(model, "load", None)) and callable(getattr(model, "predict", None)):
        return "python"
    if callable(getattr(model, "predict", None)) and not isinstance(model, type):
        is_sklearn = any(each.__module__.partition(".")[0] == "sklearn" for each in type(model).__mro__)
        return "sklearn" if is_sklearn else "pickle"
    what = f"the class {model.__qualname__}" if isinstance(model, type) else f"a {type(model).__qualname__}"
    raise TypeError(
        "a model is a torch.nn.Module, an estimator or anything that pickles and has predict, an .onnx file, or a "
        f"class with load(files) and predict(**inputs), got {what}: {model!r:.80}"
    )


def _made(model: Any, kind: Kind, order: Order) -> Made:
    if kind == "torch":
        from tracker.bundles import torch_making

        return torch_making.make(model, order)
    if kind == "onnx":
        from tracker.bundles import onnx_making

        return onnx_making.make(model, order)
    if kind == "python":
        from tracker.bundles import python_making

        return python_making.make(model, order)
    from tracker.bundles import sklearn_making

    return sklearn_making.make(model, order, kind)


def _written(
    folder: Path,
    made: Made,
    given: Mapping[str, Sequence[str]],
    declared: Sequence[str],
    metadata: dict[str, Any],
    tolerance: Tolerance,
) -> Manifest:
    """Write the example and `tracker.yaml`, and tell of the forms that were left out."""
    example = None
    if made.inputs is not None and made.outputs is not None:
        from tracker.bundles import examples

        example = examples.write(folder, made.inputs, made.outputs, tolerance)
        made.roles["example"] = [example.input, example.output]
    for role, names in given.items():
        made.roles[role] = list(dict.fromkeys([*made.roles.get(role, ()), *names]))
    made.left_out = {form: reason.replace(f"{folder}{os.sep}", "") for form, reason in sorted(made.left_out.items())}
    left_out = {LEFT_OUT: made.left_out} if made.left_out else {}
    roles = {role: tuple(names) for role, names in made.roles.items()} | {
        role: () for role in declared if role not in made.roles
    }
    manifest = Manifest(
        format=manifests.FORMAT,
        kind=made.kind,
        python=".".join(map(str, sys.version_info[:3])),
        forms=tuple(sorted(made.forms, key=_preference)),
        signature=made.signature,
        example=example,
        roles=dict(sorted(roles.items())),
        files=tuple(_file(folder, path) for path in sorted(folder.rglob("*")) if path.is_file()),
        metadata=metadata | left_out,
    )
    try:
        data = manifests.write(manifest)
        manifests.read(data)
    except ManifestError as error:
        raise MakingError(f"no bundle can be made of this: {error}") from None
    (folder / manifests.FILE_NAME).write_bytes(data)
    if made.left_out:
        _tell(made.left_out, [form.kind for form in manifest.forms])
    return manifest


def _tell(left_out: Mapping[str, str], kinds: Sequence[str]) -> None:
    """One notice of what a bundle lacks; the whole reasons are in its metadata."""
    forms: dict[str, list[str]] = {}
    for form, reason in sorted(left_out.items()):
        forms.setdefault(reason, []).append(form)
    told = "; ".join(f"{', '.join(names)}: {shortened(reason, 200)}" for reason, names in forms.items())
    notice(f"the model is kept as {', '.join(kinds) or 'files that no form can load'}; left out: {told}")


def _preference(form: Form) -> int:
    return _PREFERRED.index(form.kind)


def _file(folder: Path, path: Path) -> BundleFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return BundleFile(path.relative_to(folder).as_posix(), digest, path.stat().st_size)


def _copies(files: Files) -> dict[str, list[tuple[str, Path]]]:
    """By role, what is copied: the path in the bundle, and where it lies. Files of a role lie below its name."""
    if not isinstance(files, Mapping):
        raise TypeError(f"files are a mapping by role, such as {{'vocabulary': 'vocab.txt'}}, got {files!r:.80}")
    found: dict[str, list[tuple[str, Path]]] = {}
    for role, sources in files.items():
        _check_role(role)
        each = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
        pairs = [pair for source in each for pair in _below(role, Path(source))]
        twice = {name for name, _ in pairs if [other for other, _ in pairs].count(name) > 1}
        if twice:
            raise ValueError(f"the role {role!r} has {sorted(twice)[0]!r} twice; rename one of the files")
        found[role] = sorted(pairs)
    return found


def _below(role: str, source: Path) -> list[tuple[str, Path]]:
    if source.is_file():
        return [(_inner(f"{role}/{source.name}"), source)]
    if not source.is_dir():
        raise FileNotFoundError(f"the role {role!r} names {source}, and there is no such file or folder")
    inside = sorted(path for path in source.rglob("*") if path.is_file())
    if not inside:
        raise ValueError(f"the role {role!r} names the folder {source}, which has no files")
    return [(_inner(f"{role}/{path.relative_to(source).as_posix()}"), path) for path in inside]


def _inner(name: str) -> str:
    if not is_path(name):
        raise ValueError(f"a bundle cannot hold the file {name!r:.200}")
    return name


def _axes(axes: object, kind: Kind, *, has_example: bool) -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = {}
    for name, own in axes.items() if isinstance(axes, Mapping) else [("", None)]:
        if not isinstance(own, Mapping) or not all(
            type(axis) is int and isinstance(called, str) and called.isidentifier() and called != "batch"
            for axis, called in own.items()
        ):
            raise TypeError(
                f"axes are names of free axes by input, such as {{'tokens': {{1: 'length'}}}}, got {axes!r:.200}"
            )
        found[str(name)] = dict(own)
    if found and (kind != "torch" or not has_example):
        raise ValueError("axes are of the example of a torch module: other models say themselves which axes are free")
    return found


def _declared(roles: Iterable[str]) -> list[str]:
    if isinstance(roles, str) or not isinstance(roles, Iterable):
        raise TypeError(f"roles are several names, such as ['vocabulary', 'tokenizer'], got {roles!r:.80}")
    return [_check_role(role) for role in roles]


def _check_role(role: object) -> str:
    if not isinstance(role, str) or not is_artifact(role):
        raise ValueError(f"a role is a short name such as 'vocabulary', got {role!r:.200}")
    if role == _OWN_ROLE:
        raise ValueError(f"the role {role!r} is the bundle's own; call yours otherwise")
    return role


def _tolerance(absolute: object, relative: object) -> Tolerance:
    for name, value in (("absolute", absolute), ("relative", relative)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise ValueError(f"{name} is how much outputs may differ, a number from 0 on, got {value!r:.80}")
    return Tolerance(float(absolute), float(relative))  # type: ignore[arg-type]
