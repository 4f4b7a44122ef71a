"""Text and HTML.

What always holds: both are kept as they are. HTML is shown in a sandboxed frame that reaches nothing.
"""

from __future__ import annotations

import os
import re
from typing import Any, Final, Literal

from tracker import kinds
from tracker.media.piece import Encoded, Keep, Media, is_text, read_file

MAX_TEXT_BYTES: Final = 16 * 1024 * 1024
_LANGUAGE = re.compile(r"[A-Za-z0-9+#._-]{0,40}")


class Text(Media):
    """Text: a `str`, or the path of a file as a `pathlib.Path`. `format` is "plain", "markdown" or "code".

    `language` is that of code, "python" say.
    """

    def __init__(
        self,
        data: str | os.PathLike[str],
        caption: str = "",
        *,
        format: Literal["plain", "markdown", "code"] | None = None,
        language: str = "",
    ) -> None:
        super().__init__(caption)
        chosen = format or ("code" if language else "plain")
        if chosen not in ("plain", "markdown", "code"):
            raise ValueError(f"the format of a text is plain, markdown or code, got {format!r}")
        if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
            raise ValueError(f"a language is a word such as 'python', got {language!r:.80}")
        if language and chosen != "code":
            raise ValueError(f"language={language!r} is of format='code', got format={format!r}")
        self._details = kinds.Text(format=chosen, language=language)
        self._data = _bytes_of(data, "a text")
        self.size_bytes = len(self._data)

    def encode(self, keep: Keep) -> Encoded:
        return Encoded("text", self._details, keep(self._data))


class Html(Media):
    """A page or a part of one: a `str`, or the path of a file as a `pathlib.Path`.

    It is shown in a sandboxed frame: its scripts run, and reach neither the dashboard nor the network.
    """

    def __init__(self, data: str | os.PathLike[str], caption: str = "") -> None:
        super().__init__(caption)
        self._data = _bytes_of(data, "a page of HTML")
        self.size_bytes = len(self._data)

    def encode(self, keep: Keep) -> Encoded:
        return Encoded("html", kinds.Html(), keep(self._data))


def _bytes_of(data: Any, what: str) -> bytes:
    """UTF-8. Raises TypeError and ValueError."""
    if isinstance(data, os.PathLike):
        found = read_file(data, what)
        try:
            found.decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"the file {os.fspath(data)} is no UTF-8 ({error}); decode it and give the text") from None
    elif isinstance(data, str):
        if not is_text(data):
            raise ValueError(f"{what} has half of a surrogate pair, which is no text: {data!r:.80}")
        found = data.encode()
    else:
        raise TypeError(f"{what} must be text, or a file as a pathlib.Path, got {type(data).__name__}: {data!r:.80}")
    if len(found) > MAX_TEXT_BYTES:
        raise ValueError(
            f"{what} has at most {MAX_TEXT_BYTES:,} bytes, got {len(found):,}; log it as an artifact instead"
        )
    return found
