"""Names that somebody may give a thing to do harm by it, or by accident, and what each may be the name of."""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal["project", "artifact", "alias", "path", "metric"]

_EVERYTHING: Final = "project artifact alias path metric"

HOSTILE_NAMES: Final[dict[str, tuple[str, str]]] = {
    "plain": ("weights-1.0", _EVERYTHING),
    "spaced": ("my weights", _EVERYTHING),
    "chinese": ("权重", _EVERYTHING),
    "emoji": ("\U0001f680", _EVERYTHING),
    "markup": ("<img src=x onerror=alert(1)>", _EVERYTHING),
    "quotes": ("\"'`${x}{{x}}%s%n", _EVERYTHING),
    "sql": ("'; DROP TABLE runs; --", _EVERYTHING),
    "shell": ("$(reboot)`reboot`|&;", _EVERYTHING),
    "option": ("--data=x", _EVERYTHING),
    "home": ("~", _EVERYTHING),
    "hidden": (".bashrc", _EVERYTHING),
    "encoded": ("%2e%2e", _EVERYTHING),
    "encoded slash": ("%2e%2e%2fetc%2fpasswd", _EVERYTHING),
    "twice encoded": ("%252e%252e%252f", _EVERYTHING),
    "wide dots": ("\uff0e\uff0e", _EVERYTHING),
    "device": ("NUL", _EVERYTHING),
    "device with ending": ("con.txt", _EVERYTHING),
    "ends in a dot": ("weights.", _EVERYTHING),
    "128": ("x" * 128, _EVERYTHING),
    "129": ("x" * 129, "path metric"),
    "500": ("x" * 500, "path metric"),
    "501": ("x" * 501, "path"),
    "1,000": ("x" * 1000, "path"),
    "1,001": ("x" * 1001, ""),
    "10,000": ("x" * 10_000, ""),
    "2,403 bytes": ("权" * 801, ""),
    "empty": ("", ""),
    "space": (" ", "path metric"),
    "dot": (".", "metric"),
    "dots": ("..", "metric"),
    "three dots": ("...", "path metric"),
    "parent": ("../x", "metric"),
    "parent within": ("a/../../x", "metric"),
    "parent at the end": ("a/..", "metric"),
    "here within": ("a/./b", "metric"),
    "absolute": ("/etc/passwd", "metric"),
    "network": ("//host/share", "metric"),
    "nothing within": ("a//b", "metric"),
    "folder": ("a/", "metric"),
    "below": ("a/b.txt", "path metric"),
    "backslash": ("..\\..\\x", "project metric"),
    "drive": ("C:x", "project metric"),
    "drive and folder": ("C:\\windows", "project metric"),
    "stream": ("file:stream", "project path metric"),
    "at": ("a@b", "project path metric"),
    "latest": ("latest", "project artifact path metric"),
    "version": ("v3", "project artifact path metric"),
    "NUL": ("a\0b", ""),
    "line": ("a\nb", "metric"),
    "escape": ("\x1b[2J", "metric"),
    "delete": ("a\x7fb", "metric"),
    "C1": ("a\x9bb", "metric"),
    "line separator": ("a\u2028b", "metric"),
    "backwards": ("photo_\u202egnp.exe", "metric"),
    "isolated": ("a\u2066b\u2069", "metric"),
    "invisible": ("a\u200bb", "path metric"),
    "half a pair": ("\ud800", ""),
}
"""By what is hostile in it: the name, and the kinds of things that may have it."""


def may_name(name: str, kind: Kind) -> bool:
    """What the table says."""
    return kind in next(kinds for text, kinds in HOSTILE_NAMES.values() if text == name).split()
