"""The cells of a Jupyter notebook, as data. Nothing in it is run, and its HTML is handed on as text."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from tracker_server.errors import Refused
from tracker_server.http.bodies import check_structure
from tracker_server.previews.schema import NotebookCell, NotebookOutput, PreviewNotebook
from tracker_server.previews.source import Source, Unreadable

MAX_NOTEBOOK_BYTES: Final = 8 * 1024 * 1024
MAX_CELLS: Final = 300
MAX_OUTPUTS: Final = 50
MAX_OUTPUT_TEXT: Final = 20_000
MAX_FRAME_TEXT: Final = 1_000_000

_IMAGES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")
_FRAMED: Final = ("text/html", "image/svg+xml")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]*")

_Lines = str | list[str]


class _Output(msgspec.Struct, frozen=True):
    output_type: str
    text: _Lines = ""
    data: dict[str, Any] = {}
    ename: str = ""
    evalue: str = ""
    traceback: list[str] = []


class _Cell(msgspec.Struct, frozen=True):
    cell_type: str
    source: _Lines = ""
    outputs: list[_Output] = []
    execution_count: int | None = None


class _Language(msgspec.Struct, frozen=True):
    name: str = ""


class _Metadata(msgspec.Struct, frozen=True):
    language_info: _Language = _Language()


class _Notebook(msgspec.Struct, frozen=True):
    nbformat: int
    cells: list[_Cell]
    metadata: _Metadata = _Metadata()


def read(source: Source) -> PreviewNotebook:
    """The cells. Raises Unreadable."""
    found = _decoded(source)
    return PreviewNotebook(
        language=found.metadata.language_info.name[:50],
        cells=[_cell(cell) for cell in found.cells[:MAX_CELLS]],
        cell_count=len(found.cells),
    )


def sources(source: Source) -> str:
    """What was typed into the cells, each below a line that begins with `# %%`. Raises Unreadable."""
    cells = [(cell.cell_type, _joined(cell.source)) for cell in _decoded(source).cells]
    return "\n".join(f"# %%{'' if kind == 'code' else f' [{kind[:20]}]'}\n{text}\n" for kind, text in cells)


def _decoded(source: Source) -> _Notebook:
    if source.size_bytes > MAX_NOTEBOOK_BYTES:
        raise Unreadable(
            f"a notebook of {source.size_bytes:,} bytes is not laid out, the most is {MAX_NOTEBOOK_BYTES:,}"
        )
    data = source.at(0, source.size_bytes)
    try:
        check_structure(data)
        return msgspec.json.decode(data, type=_Notebook)
    except Refused as error:
        raise Unreadable("it has more parts, or deeper ones, than are read of a notebook") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"it is not a notebook of nbformat 4: {error}") from error


def _cell(cell: _Cell) -> NotebookCell:
    kind = cell.cell_type if cell.cell_type in ("code", "markdown") else "raw"
    count = cell.execution_count
    return NotebookCell(
        kind=kind,  # type: ignore[arg-type]  # one of the three
        text=_joined(cell.source),
        count=count if count is not None and 0 <= count < 2**53 else None,
        outputs=[_output(output) for output in cell.outputs[:MAX_OUTPUTS]],
    )


def _joined(lines: Any) -> str:
    if isinstance(lines, list):
        return "".join(line for line in lines if isinstance(line, str))
    return lines if isinstance(lines, str) else ""


def _output(output: _Output) -> NotebookOutput:
    if output.output_type == "error":
        text = "\n".join(output.traceback) or f"{output.ename}: {output.evalue}"
        return NotebookOutput(kind="error", media_type="text/plain", text=_cut(text, MAX_OUTPUT_TEXT))
    if output.output_type == "stream":
        return NotebookOutput(kind="text", media_type="text/plain", text=_cut(_joined(output.text), MAX_OUTPUT_TEXT))
    return _richest(output.data)


def _richest(data: dict[str, Any]) -> NotebookOutput:
    """Of the forms that an output has the one that shows most."""
    for media_type in _IMAGES:
        text = _joined(data.get(media_type))
        if text and _BASE64.fullmatch(text):
            return NotebookOutput(kind="image", media_type=media_type, text="".join(text.split()))
    for media_type in _FRAMED:
        text = _joined(data.get(media_type))
        if text and len(text) <= MAX_FRAME_TEXT:
            return NotebookOutput(kind="html", media_type=media_type, text=text)
    if "text/plain" in data:
        text = _cut(_joined(data["text/plain"]), MAX_OUTPUT_TEXT)
        return NotebookOutput(kind="text", media_type="text/plain", text=text)
    return NotebookOutput(kind="other", media_type=", ".join(data)[:200], text="")


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}\n… {len(text) - length:,} characters more"
