"""What the API says of what is in a file."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

PreviewKind = Literal[
    "text", "code", "json", "yaml", "markdown", "table", "image", "audio", "video", "pdf", "notebook", "tensors",
    "onnx", "archive", "binary", "too_large", "reference",
]  # fmt: skip


class PreviewQuery(msgspec.Struct, frozen=True):
    """`path` is that of a file of the version."""

    path: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class TextChangesQuery(PreviewQuery, frozen=True):
    """`since` is the id of the version to compare with, which has a file of the same path."""

    since: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


Place = Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class FileFrameQuery(PreviewQuery, frozen=True):
    """Of a notebook, `cell` and `output` say which of its outputs: counted from 0, as its preview lists them."""

    cell: Place | None = None
    output: Place = 0


class PreviewText(msgspec.Struct, frozen=True, kw_only=True):
    """The beginning of a text. `language` is a highlighter's name for it, "" where it has none."""

    text: str
    language: str
    encoding: str
    is_cut: bool


class PreviewImage(msgspec.Struct, frozen=True, kw_only=True):
    """What an image says of itself; null where it does not say it in its beginning."""

    format: str
    width: int | None
    height: int | None
    mode: str | None


class Tensor(msgspec.Struct, frozen=True, kw_only=True):
    """`size_bytes` is null for a type of numbers that is not known here."""

    name: str
    dtype: str
    shape: list[int]
    size_bytes: int | None


class PreviewTensors(msgspec.Struct, frozen=True, kw_only=True):
    """`tensors` are the first of `tensor_count`; the totals are over all of them."""

    format: Literal["safetensors", "npy", "npz", "gguf"]
    tensors: list[Tensor]
    tensor_count: int
    number_count: int
    size_bytes: int
    metadata: dict[str, str]


class ArchiveEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes are what the archive says, which nobody has checked. `link` is where a link leads."""

    path: str
    kind: Literal["file", "folder", "link", "other"]
    size_bytes: int
    packed_bytes: int | None
    link: str


class PreviewArchive(msgspec.Struct, frozen=True, kw_only=True):
    """`is_cut` says that more follow than were read. Nothing is unpacked."""

    format: Literal["zip", "tar", "tar.gz"]
    entries: list[ArchiveEntry]
    size_bytes: int
    is_cut: bool


class OnnxValue(msgspec.Struct, frozen=True, kw_only=True):
    """An input or output of a graph. A dimension is a number, a name, or null where it is open."""

    name: str
    type: str
    shape: list[int | str | None] | None


class OnnxOperator(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    count: int


class OnnxOpset(msgspec.Struct, frozen=True, kw_only=True):
    domain: str
    version: int


class PreviewOnnx(msgspec.Struct, frozen=True, kw_only=True):
    """The outline of a graph. `number_count` is that of its weights; `weights_elsewhere` lie in files of their own."""

    ir_version: int
    producer: str
    graph: str
    opsets: list[OnnxOpset]
    inputs: list[OnnxValue]
    outputs: list[OnnxValue]
    operators: list[OnnxOperator]
    node_count: int
    weight_count: int
    number_count: int
    weights_elsewhere: int
    metadata: dict[str, str]


class NotebookOutput(msgspec.Struct, frozen=True, kw_only=True):
    """`text` is base64 for an image. HTML is another's page: it belongs into a frame that can do nothing."""

    kind: Literal["text", "error", "html", "image", "other"]
    media_type: str
    text: str


class NotebookCell(msgspec.Struct, frozen=True, kw_only=True):
    """`count` is the number in its brackets; null for one that was not run."""

    kind: Literal["code", "markdown", "raw"]
    text: str
    count: int | None
    outputs: list[NotebookOutput]


class PreviewNotebook(msgspec.Struct, frozen=True, kw_only=True):
    """`cells` are the first of `cell_count`."""

    language: str
    cells: list[NotebookCell]
    cell_count: int


class PreviewReference(msgspec.Struct, frozen=True, kw_only=True):
    """Where the bytes lie, as it was said when the version was made. The server has never opened it."""

    reference: str
    digest: str
    etag: str


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a file; the part that its kind names is there, the others are null.

    `note` is a sentence for whoever looks at it: why there is no more to see, or what to beware of. `content_type` is
    what a browser is told of the bytes, null where they can only be saved. `frame_url` is a page for a sandboxed frame
    and nothing else. `head_hex` are the first bytes of one that is nothing else.
    """

    kind: PreviewKind
    path: str
    size_bytes: int
    note: str = ""
    content_type: str | None = None
    content_url: str | None = None
    frame_url: str | None = None
    text: PreviewText | None = None
    image: PreviewImage | None = None
    tensors: PreviewTensors | None = None
    archive: PreviewArchive | None = None
    onnx: PreviewOnnx | None = None
    notebook: PreviewNotebook | None = None
    reference: PreviewReference | None = None
    head_hex: str = ""


class TextChanges(msgspec.Struct, frozen=True, kw_only=True):
    """A text as it was in the version `since`, and as it is now: both whole, with lines that end in a line feed.

    Of a notebook they are the sources of its cells. `notes` say what differs besides lines, and what is not compared.
    """

    path: str
    since: int
    before: str
    after: str
    notes: list[str]
