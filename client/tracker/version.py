"""The version of the client, read from the installed package's metadata when it is first asked for."""

from __future__ import annotations

import functools


@functools.cache
def client_version() -> str:
    """The version of the installed distribution; "0+unknown" where the package is used without being installed."""
    from importlib.metadata import PackageNotFoundError, version  # 20 ms that importing tracker shall not cost

    try:
        return version("tracker-runs")
    except PackageNotFoundError:
        return "0+unknown"
