"""Text: what it is encoded in, which language it is, and no more of it than a page shows."""

from __future__ import annotations

import codecs
import re
from pathlib import PurePosixPath
from typing import Final

from tracker_server.previews.schema import PreviewText

MAX_TEXT_BYTES: Final = 1024 * 1024
MAX_LINES: Final = 20_000

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")

_LANGUAGES: Final = {
    "bash": ("sh", "bash", "zsh"),
    "c": ("c", "h"),
    "cpp": ("cc", "cpp", "cxx", "cu", "cuh", "hpp"),
    "css": ("css",),
    "diff": ("diff", "patch"),
    "dockerfile": ("dockerfile",),
    "go": ("go",),
    "ini": ("ini", "cfg", "toml", "conf", "properties"),
    "java": ("java",),
    "javascript": ("js", "mjs", "cjs", "jsx"),
    "json": ("json", "jsonl", "ndjson", "geojson", "webmanifest"),
    "julia": ("jl",),
    "latex": ("tex", "bib"),
    "lua": ("lua",),
    "makefile": ("makefile", "mk"),
    "markdown": ("md", "markdown"),
    "python": ("py", "pyi", "pyw"),
    "r": ("r",),
    "rust": ("rs",),
    "sql": ("sql",),
    "typescript": ("ts", "tsx"),
    "xml": ("xml", "html", "htm", "xhtml", "svg", "urdf"),
    "yaml": ("yaml", "yml", "dvc", "lock"),
}
_BY_SUFFIX: Final = {suffix: language for language, suffixes in _LANGUAGES.items() for suffix in suffixes}


def language_of(path: str) -> str:
    """The language that a file's name says, by the names that highlighters use; "" where it says none."""
    name = PurePosixPath(path).name.lower()
    return _BY_SUFFIX.get(name.rpartition(".")[2], "")


def encoding_of(head: bytes, *, is_whole: bool) -> tuple[str, str] | None:
    """Python's name and the usual name of what a text is encoded in, by its beginning; None where it is no text."""
    for mark, codec, name in _MARKS:
        if head.startswith(mark):
            return codec, name
    if b"\0" in head:
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=is_whole)
    except UnicodeDecodeError:
        strange = len(_CONTROL.findall(head))
        return ("cp1252", "Windows-1252") if strange * 100 <= len(head) else None
    return "utf-8", "UTF-8"


def read(head: bytes, path: str, *, is_whole: bool) -> PreviewText | None:
    """The beginning of a text, of what the file begins with; None where that is no text."""
    found = encoding_of(head, is_whole=is_whole)
    if found is None:
        return None
    codec, name = found
    text = codecs.getincrementaldecoder(codec)(errors="replace").decode(head, final=is_whole).removeprefix("\ufeff")
    end = _end_of_lines(text, MAX_LINES)
    is_cut = not is_whole or end < len(text)
    return PreviewText(text=text[:end], language=language_of(path), encoding=name, is_cut=is_cut)


def _end_of_lines(text: str, count: int) -> int:
    """Where so many lines end."""
    end = 0
    for _ in range(count):
        end = text.find("\n", end) + 1
        if end == 0:
            return len(text)
    return end
