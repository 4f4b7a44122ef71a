"""`tracker.yaml`: what a bundle says of itself. One schema of the file, for who writes it, who loads it and the server.

What always holds: a manifest that was read is whole: each file that it names has a sha256 and a size, lies inside the
bundle, and stands there once; roles, forms and examples name files that are there. Reading takes time in proportion to
the text, which is bounded; nothing in it stands for anything else, and nothing is ever carried out. Equal models make
equal manifests: no time and no machine stands in it.

This is one of the modules of the client that the server imports.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec

from tracker.naming import MAX_PATH, is_path, is_path_on_windows

FILE_NAME: Final = "tracker.yaml"
FORMAT: Final = 1
MAX_BYTES: Final = 1024 * 1024
MAX_FILES: Final = 5000
CODE: Final = "code"
"""The folder of a bundle from which `entry` points are imported, and the role of the files in it."""

_MAX_DEPTH: Final = 30
_MAX_EVENTS: Final = 100_000
"""Of YAML: so many take about a second, and as many files as there may be take half of it."""

Kind = Literal["torch", "sklearn", "pickle", "onnx", "python", "files"]
FormKind = Literal["onnx", "torch_export", "torch", "pickle", "python", "loader"]
DType = Literal[
    "float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
    "uint64", "bool", "string", "json",
]  # fmt: skip
"""Of numpy, and `string`; `json` is any value that JSON has."""

RUNS_CODE: Final = frozenset[FormKind]({"torch_export", "torch", "pickle", "python", "loader"})
"""Forms that carry out code of the bundle, or may: a pickle does whatever it says, and a program of `torch.export` may
name any function of torch."""

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Path = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_PATH)]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
Size = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Entry = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_.]{0,300}:[A-Za-z_][A-Za-z0-9_.]{0,200}$(?!\n)")]
"""`package.module:name`."""


class ManifestError(ValueError):
    """What is wrong with a manifest, or with the files beside it, in words that name the place."""


class BundleFile(msgspec.Struct, frozen=True):
    """A file of the bundle, `tracker.yaml` itself aside."""

    path: Path
    sha256: Sha256
    size_bytes: Size


class Reference(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file that lies elsewhere, and is at `path` of the bundle once it was fetched.

    `etag` and `size_bytes` are what its place said of it when it was adopted; `sha256` is there where it was read.
    """

    path: Path
    uri: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
    size_bytes: Size | None = None
    etag: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    sha256: Sha256 | None = None


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """An input or an output. In `shape` a number is a size, a name one that is free but equal wherever the name
    stands, null one that is free; without a shape it is one value."""

    name: Name
    dtype: DType
    shape: tuple[Annotated[int, msgspec.Meta(ge=0)] | Name | None, ...] = ()
    description: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class Signature(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a model takes and gives. Where it `is_batched`, the first axis of every field counts examples, which do not
    depend on one another: requests may then be run together."""

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    is_batched: bool = False


class Form(msgspec.Struct, frozen=True, omit_defaults=True):
    """One way to run the model.

    | kind | `file` | `entry`, below `code/` | `arguments` |
    | --- | --- | --- | --- |
    | onnx | the `.onnx` file | | |
    | torch_export | the `.pt2` file | | |
    | torch | the safetensors of the state dict | the class | of its `__init__` |
    | pickle | the pickle | | |
    | python | | a class with `load(files)` and `predict(**inputs)` | of its `__init__` |
    | loader | | a function of the files, by role, that gives the model | |

    `packages` are the lock: each distribution that it needs, `name==version`. `max_difference` is the largest absolute
    difference of its outputs from those of the model that was logged, on the example; `notes` say what else is known.
    """

    kind: FormKind
    packages: tuple[Annotated[str, msgspec.Meta(max_length=500)], ...] = ()
    file: Path | None = None
    entry: Entry | None = None
    arguments: dict[str, Any] = {}
    max_difference: float | None = None
    notes: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class Example(msgspec.Struct, frozen=True, omit_defaults=True):
    """Inputs, and the outputs that the model gave to them: JSON, as `POST /predictions` takes and gives them.

    An output that is replayed is equal where it differs by at most `absolute + relative * |stored|` (numpy.allclose).
    """

    input: Path
    output: Path
    absolute: Annotated[float, msgspec.Meta(ge=0)] = 1e-5
    relative: Annotated[float, msgspec.Meta(ge=0)] = 1e-4


class Manifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole of it. `forms` are in the order in which they are preferred; `roles` say what each file is for, and a
    role without files is one that the bundle lacks."""

    format: int
    kind: Kind
    python: Annotated[str, msgspec.Meta(pattern=r"^3\.[0-9]{1,3}(\.[0-9]{1,3})?$(?!\n)")]
    forms: tuple[Form, ...] = ()
    signature: Signature | None = None
    example: Example | None = None
    roles: dict[Name, tuple[Path, ...]] = {}
    files: tuple[BundleFile, ...] = ()
    references: tuple[Reference, ...] = ()
    metadata: dict[str, Any] = {}

    @property
    def missing_roles(self) -> list[str]:
        """The roles that it says it has, and has no file for."""
        return [role for role, paths in self.roles.items() if not paths]

    def form(self, kind: str | None = None) -> Form:
        """The form of that kind, or the preferred one. Raises ManifestError where there is none."""
        for form in self.forms:
            if kind in (None, form.kind):
                return form
        has = ", ".join(form.kind for form in self.forms) or "none: it has files alone"
        raise ManifestError(f"the bundle has no form {kind!r}; it has {has}" if kind else f"the bundle has {has}")


class Stored(NamedTuple):
    """What a file really is."""

    sha256: str
    size_bytes: int


def read(data: bytes) -> Manifest:
    """The manifest that the bytes of a `tracker.yaml` say. Raises ManifestError."""
    if len(data) > MAX_BYTES:
        raise ManifestError(f"{FILE_NAME} has {len(data)} bytes; at most {MAX_BYTES} are read")
    content = plain(data)
    if not isinstance(content, dict):
        raise ManifestError(f"{FILE_NAME} is no mapping of names to values")
    _check_plain(content, FILE_NAME)
    version = content.get("format")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ManifestError(f"{FILE_NAME} has to say `format: {FORMAT}`, got {version!r:.80}")
    if version > FORMAT:
        raise ManifestError(f"{FILE_NAME} is of format {version}; this version of tracker reads {FORMAT}: upgrade it")
    try:
        manifest = msgspec.convert(content, Manifest)
    except msgspec.ValidationError as error:
        raise ManifestError(f"{FILE_NAME}: {error}") from None
    _check(manifest)
    return manifest


def write(manifest: Manifest) -> bytes:
    """The bytes of its `tracker.yaml`. Raises ManifestError for one that could not be read again."""
    import yaml  # the import of tracker shall not cost it

    _check(manifest)
    content = msgspec.to_builtins(manifest)
    _check_plain(content, FILE_NAME)
    text = yaml.safe_dump(content, sort_keys=False, width=10_000)  # its escapes keep what readers take for a line's end
    data = text.encode()
    if len(data) > MAX_BYTES:
        raise ManifestError(f"{FILE_NAME} would have {len(data)} bytes; at most {MAX_BYTES} are read")
    return data


def check_files(manifest: Manifest, stored: Mapping[str, Stored]) -> None:
    """Raises ManifestError unless the files that are there (by path, `tracker.yaml` aside) are those that it says."""
    for file in manifest.files:
        found = stored.get(file.path)
        if found is None:
            raise ManifestError(f"{FILE_NAME} names {file.path!r}, which is not among the files")
        if found.sha256 != file.sha256 or found.size_bytes != file.size_bytes:
            raise ManifestError(
                f"{file.path!r} is not the file that {FILE_NAME} names: it has sha256 {found.sha256} and "
                f"{found.size_bytes} bytes, not {file.sha256} and {file.size_bytes}"
            )
    more = sorted(set(stored) - {file.path for file in manifest.files} - {FILE_NAME})
    if more:
        raise ManifestError(f"{FILE_NAME} does not name {more[0]!r}, which is among the files ({len(more)} such)")


def plain(data: bytes) -> Any:
    """The values of a YAML text, by the rules of a manifest. Raises ManifestError.

    Events are gone through first: building recurses, and follows aliases.
    """
    import yaml

    try:
        text = data.decode()
        depth = 0
        events: Iterator[Any] = yaml.parse(text, Loader=_loader())
        for count, event in enumerate(events):
            if count > _MAX_EVENTS:
                raise ManifestError(f"{_line(event)}: there are more values than are read; say less in `metadata`")
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
                raise ManifestError(f"{_line(event)}: anchors (&) and aliases (*) are not read")
            if getattr(event, "tag", None) is not None:
                raise ManifestError(f"{_line(event)}: tags such as {event.tag!r:.80} are not read")
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH:
                raise ManifestError(f"{_line(event)}: nothing is nested deeper than {_MAX_DEPTH}")
        return yaml.load(text, Loader=_loader())  # noqa: S506 (it is a safe one)
    except UnicodeDecodeError as error:
        raise ManifestError(f"{FILE_NAME} is not UTF-8: {error.reason} at byte {error.start}") from None
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, ManifestError):
            raise
        raise ManifestError(f"{FILE_NAME} is not YAML: {' '.join(str(error).split())[:300]}") from None


def _loader() -> Any:
    """The safe one, which makes nothing but plain values; in C where that is there."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _check_plain(value: Any, place: str) -> None:
    """Raises ManifestError unless it is what JSON has, so that whoever reads it can keep it and tell it."""
    match value:
        case dict():
            for name, inner in value.items():
                if not isinstance(name, str):
                    _check_plain(name, place)  # a number without bound could not even be named
                    raise ManifestError(f"{place} has the name {name!r:.80}, which is no text; quote it")
                _check_plain(name, place)
                _check_plain(inner, f"{place}: {name[:80]}" if place == FILE_NAME else f"{place}.{name[:80]}")
        case list() | tuple():
            for number, inner in enumerate(value):
                _check_plain(inner, f"{place}[{number}]")
        case str():
            if any("\ud800" <= character <= "\udfff" for character in value):
                raise ManifestError(f"{place} has half of a pair of characters: {value!r:.80}")
        case float():
            if not math.isfinite(value):
                raise ManifestError(f"{place} is {value}, where a finite number is needed")
        case int():
            if not -(2**63) <= value < 2**63:
                raise ManifestError(f"{place} is a whole number of more than 64 bits")
        case None:
            pass
        case _:
            raise ManifestError(f"{place} is a {type(value).__name__}, which is no value of JSON; quote it")


def _line(event: Any) -> str:
    return f"{FILE_NAME}, line {event.start_mark.line + 1}"


def _check(manifest: Manifest) -> None:
    """What types do not say."""
    paths = [file.path for file in manifest.files] + [reference.path for reference in manifest.references]
    if len(paths) > MAX_FILES:
        raise ManifestError(f"a bundle has at most {MAX_FILES} files, got {len(paths)}")
    for path in paths:
        if not is_path(path) or not is_path_on_windows(path) or path == FILE_NAME:
            raise ManifestError(f"the file {path!r:.200} would lie outside the bundle, or cannot lie in it")
    twice = _twice(path.casefold() for path in paths)
    if twice is not None:
        raise ManifestError(f"the file {twice!r:.200} stands in the bundle twice")
    known = set(paths)
    for place, path in _named(manifest):
        if path not in known:
            raise ManifestError(f"{place} names {path!r:.200}, which is not among the files")
    for form in manifest.forms:
        _check_form(form)
    for requirement in (each for form in manifest.forms for each in form.packages):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.!+_-]+", requirement):
            raise ManifestError(f"the lock has {requirement!r:.200}; each of its lines is name==version")
    for fields in (manifest.signature.inputs, manifest.signature.outputs) if manifest.signature else ():
        name = _twice(field.name for field in fields)
        if name is not None:
            raise ManifestError(f"the signature has {name!r:.200} twice")


def _check_form(form: Form) -> None:
    needs_file = form.kind in ("onnx", "torch_export", "torch", "pickle")
    needs_entry = form.kind in ("torch", "python", "loader")
    if needs_file != (form.file is not None):
        raise ManifestError(f"the form {form.kind!r} has {'to name a' if needs_file else 'no'} file")
    if needs_entry != (form.entry is not None):
        raise ManifestError(f"the form {form.kind!r} has {'to name an' if needs_entry else 'no'} entry point")


def _named(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Every place that names a file, and the file."""
    for role, paths in manifest.roles.items():
        for path in paths:
            yield f"the role {role!r}", path
    for form in manifest.forms:
        if form.file is not None:
            yield f"the form {form.kind!r}", form.file
    if manifest.example is not None:
        yield "the example", manifest.example.input
        yield "the example", manifest.example.output


def _twice(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
