"""The lines that the client itself prints: one sentence each, on standard error, never an exception.

`warnings.warn` would raise in a program that turns warnings into errors, and logging may be configured away; a notice
does neither.
"""

from __future__ import annotations

import sys


def notice(message: str) -> None:
    """Print one line for the person at the terminal. A closed or broken stderr is no reason to stop training."""
    try:
        sys.stderr.write(f"tracker: {message}\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        return
