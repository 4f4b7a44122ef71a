"""What is shipped: the verified bundle of a version, or of a folder, and the form of it that is to run."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from tracker import arguments
from tracker import manifest as manifests
from tracker.bundles.folder import Bundle, open_folder
from tracker.errors import TrackerError
from tracker.manifest import BundleFile, Form, Manifest, ManifestError
from tracker.naming import is_model

PICKLE: Final = "pickle"


class PackagingError(TrackerError):
    """Why there is no package, in words that name the place and the way out."""


@dataclass(frozen=True)
class Shipment:
    """A bundle under its name. `version` and `card`, the card of the version, are None where it is of a folder."""

    name: str
    version: int | None
    bundle: Bundle
    manifest: Manifest
    """What the bundle says of itself, with files that were fetched from elsewhere among its files."""
    form: Form | None
    card: str | None = None
    allow_pickle: bool = False
    wheel: Path | None = None

    @property
    def ref(self) -> str:
        """`digits-cnn:v3`, or the name alone."""
        return self.name if self.version is None else f"{self.name}:v{self.version}"

    @property
    def digest(self) -> str:
        """The sha256 of the manifest, and so of every file that it names."""
        return hashlib.sha256(self.bundle.path(manifests.FILE_NAME).read_bytes()).hexdigest()

    @property
    def python(self) -> str:
        """The version of Python without its patch, as base images and `cog` name it."""
        return ".".join(self.manifest.python.split(".")[:2])

    @property
    def facts(self) -> dict[str, str]:
        """What a package says of where it came from."""
        version = {} if self.version is None else {"version": str(self.version)}
        return {"model": self.name, **version, "digest": self.digest}

    def running(self) -> Form:
        """The form that is to run. Raises PackagingError for a bundle that has files alone."""
        if self.form is None:
            raise PackagingError(f"{self.ref} has files alone and no form that can run; only huggingface takes those")
        return self.form

    def file(self, path: str) -> BundleFile:
        """The file at that path of the bundle."""
        return next(file for file in self.manifest.files if file.path == path)

    def example(self) -> Any | None:
        """The stored inputs, by name."""
        if self.manifest.example is None:
            return None
        return msgspec.json.decode(self.bundle.path(self.manifest.example.input).read_bytes())


def of_version(ref: str, *, form: str | None, allow_pickle: bool, url: str | None) -> Shipment:
    """A version of a server, by `name@alias` or `name:v3`; its files are fetched, or were before, and verified."""
    from tracker import settings
    from tracker.bundles import fetching
    from tracker.query import Api

    name, pointer = arguments.model_reference(ref)
    api = Api(url, attempts=1)
    try:
        model = api.model(name)
        version = model.version(pointer)
        bundle = fetching.fetch(version.ref, settings.load(url=api.url)).bundle
        return replace(
            _shipment(bundle, form, allow_pickle, version.ref),
            name=name, version=version.version, card=model.card(version.version),
        )  # fmt: skip
    finally:
        api.close()


def of_folder(folder: Path, *, form: str | None, allow_pickle: bool) -> Shipment:
    """A bundle that lies here, named as its folder is."""
    shipment = _shipment(open_folder(folder), form, allow_pickle, str(folder))
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name).lstrip("._-")[:128]
    return replace(shipment, name=name if is_model(name) else "model")


def is_folder(ref: str) -> bool:
    """Whether it names a folder, and no version: `./model`, a path, or a bundle that is here."""
    return ref.startswith((".", "/", "~")) or "/" in ref or "\\" in ref or (Path(ref) / manifests.FILE_NAME).is_file()


def _shipment(bundle: Bundle, kind: str | None, allow_pickle: bool, what: str) -> Shipment:
    manifest = _whole(bundle)
    form = _form(manifest, kind, allow_pickle, what)
    return Shipment("model", None, bundle, manifest, form, allow_pickle=allow_pickle)


def _whole(bundle: Bundle) -> Manifest:
    """The manifest in which files that lay elsewhere, and are here now, are files as the others."""
    fetched = []
    for reference in bundle.manifest.references:
        with bundle.path(reference.path).open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            fetched.append(BundleFile(reference.path, sha256, os.fstat(file.fileno()).st_size))
    return msgspec.structs.replace(bundle.manifest, files=(*bundle.manifest.files, *fetched), references=())


def _form(manifest: Manifest, kind: str | None, allow_pickle: bool, what: str) -> Form | None:
    """The form that was asked for, or the preferred one; a pickle only where it is allowed."""
    allowed = [form for form in manifest.forms if allow_pickle or form.kind != PICKLE]
    if kind is None and allowed:
        return allowed[0]
    if kind is None and not manifest.forms:
        return None
    try:
        form = manifest.form(kind)
    except ManifestError as error:
        raise PackagingError(f"{what}: {error}") from None
    if form not in allowed:
        raise PackagingError(
            f"the form {PICKLE!r} of {what} carries out whatever its file says where it is loaded; where you trust who "
            "made it, ship it with --allow-pickle"
        )
    return form


def moved(manifest: Manifest, places: Mapping[str, str], *, added: tuple[BundleFile, ...] = ()) -> Manifest:
    """The manifest of the same files at other places: those that `places` leaves out are gone, with their forms."""
    example = manifest.example
    if example is not None:
        is_whole = example.input in places and example.output in places
        example = (
            msgspec.structs.replace(example, input=places[example.input], output=places[example.output])
            if is_whole
            else None
        )
    return msgspec.structs.replace(
        manifest,
        files=tuple(
            msgspec.structs.replace(file, path=places[file.path]) for file in manifest.files if file.path in places
        )
        + added,
        forms=tuple(
            form if form.file is None else msgspec.structs.replace(form, file=places[form.file])
            for form in manifest.forms
            if form.file is None or form.file in places
        ),
        roles={role: tuple(places[path] for path in paths if path in places) for role, paths in manifest.roles.items()},
        example=example,
    )
