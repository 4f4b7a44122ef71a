"""Making a bundle of files that lie somewhere already: copied into it, or left where they are and named.

What always holds: every file was found and read (or its place asked) before anything is registered; one that is missing
is named with its role. A bundle by reference holds its manifest, code and example alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from tracker import manifest as manifests
from tracker import references
from tracker.errors import TransportError
from tracker.manifest import CODE, BundleFile, Example, Form, Manifest, Reference, Signature
from tracker.mappings import plain_mapping
from tracker.naming import is_artifact, is_path, is_path_on_windows

if TYPE_CHECKING:
    from tracker.bundles.forms import Runner

Place = str | os.PathLike[str]
Files = Mapping[str, Place | Iterable[Place]]
By = Literal["copy", "reference"]

BY: Final = ("copy", "reference")
EXAMPLE: Final = "example"
_ENTRY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,300}:[A-Za-z_][A-Za-z0-9_.]{0,200}")


def make(
    files: Files,
    folder: Path,
    *,
    loader: str | None = None,
    by: str = "copy",
    code: Place | Iterable[Place] = (),
    signature: Signature | None = None,
    example: Mapping[str, Any] | None = None,
    roles: Iterable[str] = (),
    metadata: Mapping[str, Any] | None = None,
) -> Manifest:
    """Make the bundle in an empty folder; what its `tracker.yaml` says. See `tracker.register_model`.

    Raises ValueError for arguments that cannot be meant, FileNotFoundError for a file that is not there,
    TransportError where its place cannot be asked; each names the role and the place.
    """
    wanted = list(_wanted(files))
    declared = _declared(roles)
    if by not in BY:
        raise ValueError(f"by must be one of {', '.join(BY)}, got {by!r}")
    if loader is None and (example is not None or list(_places(code))):
        raise ValueError("an example and code belong to a loader: loader='package.module:function'")
    forms = [] if loader is None else [_form(loader, [Path(each) for each in _places(code)], folder)]
    elsewhere = [_reference(role, path, uri) for role, path, uri in wanted] if by == "reference" else []
    if by == "copy" or example is not None:
        for role, path, uri in wanted:
            _copy(role, uri, folder / path)
    found: dict[str, list[str]] = {role: [] for role in (*files, *declared)}
    for role, path, _ in wanted:
        found[role].append(path)
    kept = None
    if example is not None:
        draft = _described(folder, forms, found, [], signature, None, metadata)
        signature, kept = _tried(draft, folder, example)
        if by == "reference":
            elsewhere = [_with_digest(each, folder / each.path) for each in elsewhere]
    for each in elsewhere:
        (folder / each.path).unlink(missing_ok=True)
    made = _described(folder, forms, found, elsewhere, signature, kept, metadata)
    data = manifests.write(made)
    manifests.read(data)  # what could not be read again is told before anything is sent
    (folder / manifests.FILE_NAME).write_bytes(data)
    return made


def _wanted(files: Files) -> Iterator[tuple[str, str, str]]:
    """The role, the path in the bundle and the address of each file."""
    if not isinstance(files, Mapping) or not files:
        raise ValueError(f"files must say what is where, such as {{'weights': 's3://bucket/a.pt'}}, got {files!r:.200}")
    for role, places in files.items():
        _check_role(role)
        seen: set[str] = set()
        for place in _places(places):
            for path, uri in _inside(role, place):
                if path.casefold() in seen:
                    raise ValueError(f"two files of the role {role!r} would be {path!r} in the bundle; rename one")
                seen.add(path.casefold())
                yield role, path, uri
        if not seen:
            raise ValueError(
                f"the role {role!r} has no files; declare it with roles=({role!r},) where it is to come later"
            )


def _inside(role: str, place: Place) -> Iterator[tuple[str, str]]:
    """The path in the bundle and the address of a file, or of each file of a folder here."""
    with _said_of(role):
        uri = references.uri_of(place)
        local = references.local_path(uri)
    if local is not None and local.is_dir():
        inner = sorted(file.relative_to(local).as_posix() for file in local.rglob("*") if file.is_file())
        if not inner:
            raise ValueError(f"the folder {local}, {role!r} of the model, has no files")
        pairs = [(f"{role}/{local.name}/{path}", (local / path).as_uri()) for path in inner]
    else:
        pairs = [(f"{role}/{references.name_of(uri)}", uri)]
    for path, found in pairs:
        if not is_path(path) or not is_path_on_windows(path):
            raise ValueError(f"a bundle cannot hold the file {path!r:.200} of the role {role!r}; rename it")
        yield path, found


def _places(places: Place | Iterable[Place]) -> Sequence[Place]:
    return [places] if isinstance(places, str | os.PathLike) else list(places)


def _declared(roles: Iterable[str]) -> list[str]:
    if isinstance(roles, str):
        raise TypeError(f"roles must be several names, got the text {roles!r}; write [{roles!r}]")
    for role in (declared := list(roles)):
        _check_role(role)
    return declared


def _check_role(role: object) -> None:
    if not isinstance(role, str) or not is_artifact(role) or not is_path_on_windows(role):
        raise ValueError(f"a role is a word such as weights or vocabulary, without / : @ and \\, got {role!r:.200}")
    if role in (CODE, EXAMPLE):
        raise ValueError(f"the role {role!r} is made by {'code' if role == CODE else 'example'}=…, so no file has it")


@contextmanager
def _said_of(role: str) -> Generator[None]:
    """Has whatever goes wrong with a file say whose it is."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(f"the file of the role {role!r} is missing: {error}") from None
    except ValueError as error:
        raise ValueError(f"the role {role!r}: {error}") from None
    except TransportError as error:
        raise TransportError(f"the file of the role {role!r} cannot be read: {error}") from error


def _reference(role: str, path: str, uri: str) -> Reference:
    if references.is_secret(uri):
        raise ValueError(
            f"the address of the role {role!r} has a password, a token or a signature in it, which everybody could "
            "read who may see the model; adopt it by copy, or name it without"
        )
    with _said_of(role):
        return references.adopt(path, uri)


def _copy(role: str, uri: str, target: Path) -> None:
    """Have the file at `target`: one that lies here is linked where the disk can, which takes no room and no time."""
    with _said_of(role):
        local = references.local_path(uri)
        if local is None:
            references.copy(uri, target)
            return
        references.open_local(local).close()
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(local.resolve(), target)
        except OSError:  # another disk, or another user's file
            shutil.copyfile(local, target)


def _form(loader: str, code: Sequence[Path], folder: Path) -> Form:
    """The form of a loader, whose code is now in the folder."""
    from tracker.bundles import loader_code
    from tracker.bundles.lock import lock
    from tracker.bundles.made import NEEDED_BY_TRACKER

    if not isinstance(loader, str) or not _ENTRY.fullmatch(loader):
        raise ValueError(f"loader must look like package.module:function, got {loader!r:.200}")
    taken = loader_code.take(loader, code, folder)
    notes = f"imports what was not there when it was adopted: {', '.join(taken.absent)}" if taken.absent else ""
    return Form("loader", lock([*taken.distributions, "numpy", *NEEDED_BY_TRACKER]), entry=loader, notes=notes[:2000])


def _described(
    folder: Path,
    forms: Sequence[Form],
    roles: Mapping[str, Sequence[str]],
    elsewhere: Sequence[Reference],
    signature: Signature | None,
    example: Example | None,
    metadata: Mapping[str, Any] | None,
) -> Manifest:
    inside = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    code = [path for path in inside if path.startswith(f"{CODE}/")]
    more = {CODE: tuple(code)} if code else {}
    return Manifest(
        format=manifests.FORMAT,
        kind="files",
        python=".".join(map(str, sys.version_info[:2])),
        forms=tuple(forms),
        signature=signature,
        example=example,
        roles={role: tuple(paths) for role, paths in roles.items()} | more,
        files=tuple(_file(folder, path) for path in inside if path != manifests.FILE_NAME),
        references=tuple(elsewhere),
        metadata=plain_mapping(metadata or {}, where="metadata"),
    )


def _file(folder: Path, path: str) -> BundleFile:
    with (folder / path).open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return BundleFile(path, sha256, file.tell())


def _with_digest(reference: Reference, copy: Path) -> Reference:
    """The reference to what was read for the example, which its sha256 then names."""
    file = _file(copy.parent, copy.name)
    if file.size_bytes != reference.size_bytes and reference.size_bytes is not None:
        raise TransportError(f"{reference.uri} changed while it was adopted; try again")
    return Reference(reference.path, reference.uri, file.size_bytes, reference.etag, file.sha256)


def _tried(draft: Manifest, folder: Path, example: Mapping[str, Any]) -> tuple[Signature, Example]:
    """What the loader's model gives to the example, kept; and the signature that it shows where none was given.

    Raises InputError and BundleError where the model cannot run it.
    """
    from tracker.bundles import examples, forms
    from tracker.bundles.folder import Bundle, BundleError
    from tracker.bundles.made import Tolerance, cause
    from tracker.bundles.values import read_inputs

    names = [field.name for field in draft.signature.inputs] if draft.signature else list(example)
    inputs = read_inputs(draft.signature, examples.named(example, names, len(names)))
    runner: Runner = forms.run(Bundle(folder, draft))
    tolerance = Tolerance()

    def run(given: dict[str, Any]) -> dict[str, Any]:
        return examples.outputs(runner.predict(given))

    try:
        outputs = run(inputs)
    except Exception as error:  # code of the user's own
        raise BundleError(f"the loader's model cannot run the example: {cause(error)}") from error
    plain = {name: examples.plain(name, value) for name, value in inputs.items()}
    is_batched = examples.are_independent(run, plain, outputs, tolerance)
    signature = draft.signature or examples.signature(plain, outputs, is_batched=is_batched)
    return signature, examples.write(folder, plain, outputs, tolerance)
