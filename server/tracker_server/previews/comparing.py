"""A text in two versions, to be compared line by line where it is shown.

What always holds: both texts are whole or there is none, and no more is read than a preview shows: what is larger, or
no text, is refused with the reason. Nothing in them is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tracker_server.errors import Refused
from tracker_server.previews import notebooks, texts
from tracker_server.previews.recognising import HEAD_BYTES
from tracker_server.previews.source import Source, Unreadable


@dataclass(frozen=True)
class _Side:
    """A text with lines that end in a line feed. `form` is what differs between texts of equal lines."""

    text: str
    form: str
    is_notebook: bool = False


def texts_of(before: Path, after: Path, path: str) -> tuple[str, str, list[str]]:
    """The text of a file as it was and as it is, and what else is to be said of the two. Raises Refused."""
    are_notebooks = path.lower().endswith(".ipynb")
    old = _side(before, path, "as it was", as_notebook=are_notebooks)
    new = _side(after, path, "as it is now", as_notebook=are_notebooks)
    if old.is_notebook != new.is_notebook:  # one of them is none: both are shown as they are
        old = _side(before, path, "as it was", as_notebook=False)
        new = _side(after, path, "as it is now", as_notebook=False)
    notes = ["Only what was typed into the cells is compared: no outputs, no counts."] if new.is_notebook else []
    if are_notebooks and not new.is_notebook:
        notes.append("One of the two, or both, cannot be read as a notebook, so they are compared as they are.")
    if old.form != new.form:
        notes.append(f"The file was {old.form}, and is {new.form}.")
    return old.text, new.text, notes


def _side(file: Path, path: str, when: str, *, as_notebook: bool) -> _Side:
    with file.open("rb") as opened:
        source = Source(opened, file.stat().st_size)
        if texts.encoding_of(source.up_to(0, HEAD_BYTES), is_whole=source.size_bytes <= HEAD_BYTES) is None:
            raise _no_text(path, when)
        cells = _cells(source) if as_notebook else None
        if cells is not None:
            return _Side(_bounded(cells, path, when), "a notebook", is_notebook=True)
        return _plain(source.again(), path, when)


def _cells(source: Source) -> str | None:
    try:
        return notebooks.sources(source)
    except Unreadable:
        return None


def _plain(source: Source, path: str, when: str) -> _Side:
    if source.size_bytes > texts.MAX_TEXT_BYTES:
        raise _too_large(path, when, f"{source.size_bytes:,} bytes", f"{texts.MAX_TEXT_BYTES:,}")
    data = source.at(0, source.size_bytes)
    found = texts.encoding_of(data, is_whole=True)
    if found is None:
        raise _no_text(path, when)
    codec, name = found
    text = data.decode(codec, errors="replace").removeprefix("\ufeff")
    marked = " with a byte order mark" if codec == "utf-8-sig" else ""
    ends = ", with CR LF at the end of lines" if "\r\n" in text else ""
    return _Side(_bounded(text.replace("\r\n", "\n"), path, when), f"{name}{marked}{ends}")


def _bounded(text: str, path: str, when: str) -> str:
    lines = text.count("\n")
    if lines > texts.MAX_LINES:
        raise _too_large(path, when, f"{lines:,} lines", f"{texts.MAX_LINES:,}")
    if len(text) > texts.MAX_TEXT_BYTES:
        raise _too_large(path, when, f"{len(text):,} characters", f"{texts.MAX_TEXT_BYTES:,}")
    return text


def _too_large(path: str, when: str, size: str, most: str) -> Refused:
    message = f"{path[:200]!r} {when} has {size}; texts are compared up to {most}. Both versions can be downloaded"
    return Refused("too_large_to_compare", message, field="path")


def _no_text(path: str, when: str) -> Refused:
    message = f"{path[:200]!r} {when} is no text by its bytes, so it has no lines to compare"
    return Refused("no_text", message, field="path")
