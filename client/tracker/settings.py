"""Where the server is, who we are and where journals lie: read once for each run, never at import.

An argument wins over the environment, the environment over the settings file, the file over the default. The settings
file is TOML with the keys `url`, `api_key` and `max_journal_bytes`, in the user's configuration directory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

DEFAULT_URL: Final = "http://127.0.0.1:8090"
MODES: Final = ("online", "offline", "disabled")
MAX_JOURNAL_BYTES: Final = 10_000_000_000


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a run needs to know of its surroundings. `directory` holds `journals/`, `models/` and `artifacts/`.

    `max_journal_bytes` is how much all journals together may hold that no server has stored yet.
    """

    url: str
    api_key: str | None
    directory: Path
    mode: str
    max_journal_bytes: int = MAX_JOURNAL_BYTES

    @property
    def journals(self) -> Path:
        """The folder that has one folder for each run that still has something unsent."""
        return self.directory / "journals"

    @property
    def models(self) -> Path:
        """The folder of downloaded model files."""
        return self.directory / "models"

    @property
    def artifacts(self) -> Path:
        """The folder of downloaded artifact files."""
        return self.directory / "artifacts"


def load(*, url: str | None = None, mode: str | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force now. Raises ValueError for a URL or a mode that cannot be meant, naming where it stands."""
    stored = _stored(settings_file(environ))
    return Settings(
        url=_checked_url(url or environ.get("TRACKER_URL") or stored.get("url") or DEFAULT_URL),
        api_key=environ.get("TRACKER_API_KEY") or stored.get("api_key"),
        directory=_directory(environ),
        mode=_checked_mode(mode or environ.get("TRACKER_MODE") or "online"),
        max_journal_bytes=_checked_bytes(
            environ.get("TRACKER_MAX_JOURNAL_BYTES") or stored.get("max_journal_bytes") or MAX_JOURNAL_BYTES
        ),
    )


def settings_file(environ: Mapping[str, str]) -> Path:
    """Where the settings file is, whether there is one or not."""
    if environ.get("TRACKER_SETTINGS"):
        return Path(environ["TRACKER_SETTINGS"])
    import platformdirs  # it is not needed to import tracker, and costs milliseconds

    return Path(platformdirs.user_config_dir("tracker")) / "settings.toml"


def _stored(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return {}
    import tomllib  # most have no such file, and importing tracker shall not cost what reading it does

    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"the settings file {path} is not valid TOML: {error}") from error
    return {key: str(value) for key, value in values.items() if isinstance(value, str | int)}


def _directory(environ: Mapping[str, str]) -> Path:
    if environ.get("TRACKER_DIR"):
        return Path(environ["TRACKER_DIR"]).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_state_dir("tracker"))


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"the server's address must look like {DEFAULT_URL}, got {url!r}")
    return url.rstrip("/")


def _checked_mode(mode: str) -> str:
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
    return mode


def _checked_bytes(value: str | int) -> int:
    """A number of bytes; one that is written with an exponent is a number too."""
    try:
        number = int(float(value))
    except (ValueError, OverflowError):
        number = 0
    if number <= 0:
        raise ValueError(f"TRACKER_MAX_JOURNAL_BYTES must be a number of bytes, such as 10e9, got {value!r}")
    return number
