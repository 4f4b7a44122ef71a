"""`tracker serve`: from its arguments to a model that answers.

What always holds: the port is looked at before anything is fetched, and everything is fetched before anything is
started; whatever keeps it from serving is one sentence and a status.
"""

from __future__ import annotations

import argparse
import importlib.util
import ipaddress
import math
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tracker.cli import asking
from tracker.errors import RefusedError, TrackerError, TransportError
from tracker.notices import notice

if TYPE_CHECKING:
    from tracker.serving.process import Plan
    from tracker.serving.source import Source

PORT: Final = 8091
TOKEN: Final = "TRACKER_SERVE_TOKEN"  # noqa: S105 (the name of a variable)
LIBRARIES: Final = ("flask", "gunicorn", "numpy", "prometheus_client")
MIB: Final = 1024 * 1024
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_FORMS: Final = ("onnx", "torch_export", "torch", "python", "loader", "pickle")


def serve(arguments: list[str]) -> int:
    """Run `tracker serve`."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    missing = [library for library in LIBRARIES if importlib.util.find_spec(library) is None]
    if missing:
        what = f"`tracker serve` needs {missing[0]!r}, which is not installed"
        return asking.complaint(f'{what}: pip install "tracker-runs[serve]"', asking.NOT_DONE)
    try:
        _serve(parsed)
    except ValueError as error:
        return asking.complaint(error, asking.USED_WRONGLY)
    except TransportError as error:
        return asking.complaint(f"{error}; {parsed.model} is not on this machine yet", asking.UNREACHABLE)
    except RefusedError as error:
        way_out = "; `tracker login` keeps one that it takes" if error.code == "unauthorized" else ""
        return asking.complaint(f"{error}{way_out}", asking.NOT_DONE)
    except (TrackerError, OSError) as error:
        return asking.complaint(error, asking.NOT_DONE)
    return asking.DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tracker serve",
        description="Answer requests with a version of a model, and with the next one once the alias points there.",
        epilog=f"{TOKEN} in the environment, or --token-file, has every request bring that token.\n\n{asking.STATUSES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("model", metavar="NAME@ALIAS|NAME:vN|FOLDER", help="the version, or a folder with a tracker.yaml")
    add("--port", type=int, default=PORT, help="port to listen on; 0 takes a free one (default: %(default)s)")
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--workers", type=int, default=1, metavar="N", help="processes, each with the model (default: %(default)s)")
    add("--threads", type=int, default=16, metavar="N", help="requests that each answers at once (default: 16)")
    add("--model-threads", type=int, metavar="N", help="threads of onnxruntime in each (default: the cores, shared)")
    add("--form", choices=_FORMS, help="the form to run (default: the first that can run here, ONNX before others)")
    add("--allow-pickle", action="store_true", help="run a pickle, which does whatever its maker wished")
    add("--max-batch", type=int, default=32, metavar="N", help="examples that are run together (default: %(default)s)")
    add("--max-wait-ms", type=float, default=2.0, metavar="MS",
        help="how long to wait for requests that are being read (default: %(default)s)")  # fmt: skip
    add("--max-body-mib", type=int, default=16, metavar="N", help="refuse larger requests (default: %(default)s)")
    add("--cors", action="append", default=[], metavar="ORIGIN",
        help="let pages of this origin ask, besides the tracking server's; may be given several times")  # fmt: skip
    add("--token-file", type=Path, metavar="FILE", help="the token that requests have to bring")
    add("--address", metavar="URL", help="where others reach it, where that is not the host and the port")
    add("--watch-every", type=float, default=2.0, metavar="S",
        help="how often to ask where the alias points (default: %(default)s)")  # fmt: skip
    add("--no-watch", action="store_true", help="stay with the version that it is now")
    add("--as", dest="known_as", metavar="NAME:vN", help="what answers call a folder (default: its own name)")
    add("--url", help="the tracking server (default: TRACKER_URL, the settings file, this machine)")
    return parser


def _serve(parsed: argparse.Namespace) -> None:
    _check(parsed)
    from tracker.serving import process, source  # Flask, gunicorn and numpy are not needed to print the help

    token = _token(parsed.token_file)
    served = source.named(parsed.model, url=parsed.url, known_as=parsed.known_as)
    listener = process.listen(parsed.host, parsed.port)
    try:
        first = served.first()
        if parsed.no_watch:
            served.follows = False
        if token is None and not _is_loopback(parsed.host):
            notice(f"whoever reaches {parsed.host} may ask; {TOKEN} or --token-file has requests bring a token")
        port = int(listener.getsockname()[1])
        process.serve_forever(listener, served, first, _plan(parsed, served, port, token))
    finally:
        listener.close()


def _check(parsed: argparse.Namespace) -> None:
    """Raises ValueError for the first number or origin that cannot be meant."""
    least = {"workers": 1, "threads": 1, "model_threads": 1, "max_batch": 1, "max_wait_ms": 0, "max_body_mib": 1,
             "watch_every": 0.1}  # fmt: skip
    for name, bound in least.items():
        value = getattr(parsed, name)
        if value is not None and not value >= bound:
            raise ValueError(f"--{name.replace('_', '-')} must be {bound} or more, got {value}")
        if value is not None and not math.isfinite(value):
            raise ValueError(f"--{name.replace('_', '-')} must be a number that ends, got {value}")
    if not 0 <= parsed.port < 65536:
        raise ValueError(f"--port must be between 0 and 65535, got {parsed.port}")
    for origin in parsed.cors:
        if origin != "*" and _origin(origin) != origin:
            raise ValueError(
                f"--cors must be an origin such as https://app.example.org, without a path, got {origin!r}"
            )
    if parsed.address is not None and _origin(parsed.address) != parsed.address:
        raise ValueError(f"--address must look like https://models.example.org, without a path, got {parsed.address!r}")


def _plan(parsed: argparse.Namespace, served: Source, port: int, token: str | None) -> Plan:
    from tracker.serving.answering import Doors
    from tracker.serving.holding import Options
    from tracker.serving.process import Plan

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    address = parsed.address or _address(parsed.host, port)
    return Plan(
        address=address,
        workers=parsed.workers,
        threads=parsed.threads,
        doors=Doors(
            origins=frozenset(parsed.cors) | _origins_of(served.url),
            hosts=_hosts(parsed.host, address) if token is None else None,
            token=token,
            max_body_bytes=parsed.max_body_mib * MIB,
        ),
        options=Options(
            form=parsed.form,
            allow_pickle=parsed.allow_pickle,
            max_batch=parsed.max_batch,
            max_wait_s=parsed.max_wait_ms / 1000,
            look_every_s=parsed.watch_every,
            model_threads=parsed.model_threads or max(1, cores // parsed.workers),
        ),
    )


def _token(file: Path | None) -> str | None:
    """The token of the file, or of the environment; None where requests need none."""
    token = os.environ.get(TOKEN) or None
    where = TOKEN
    if file is not None:
        token, where = file.read_text(encoding="utf-8").strip(), str(file)
    if token is not None and (not token.isascii() or not token.isprintable() or " " in token or not token):
        raise ValueError(f"the token in {where} must be printable ASCII without spaces, and not empty")
    return token


def _address(host: str, port: int) -> str:
    """Where others reach it: the addresses that stand for every one are no name."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 (compared, not bound to)
        host = socket.gethostname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _hosts(host: str, address: str) -> frozenset[str] | None:
    """What a server on this machine alone is called; any other may be called by any name."""
    if not _is_loopback(host):
        return None
    own = urlsplit(address).hostname or host
    return frozenset({*_LOOPBACK, f"[{own}]" if ":" in own else own.lower()})


def _origins_of(url: str | None) -> frozenset[str]:
    """The origin of the tracking server's page, by each of the names that this machine calls itself."""
    origin = _origin(url) if url is not None else None
    if origin is None:
        return frozenset()
    parts = urlsplit(origin)
    if parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        return frozenset({origin})
    port = "" if parts.port is None else f":{parts.port}"
    return frozenset({origin, *(f"{parts.scheme}://{name}{port}" for name in _LOOPBACK)})


def _origin(url: str) -> str | None:
    """The origin as browsers say it: scheme, host and a port that is not the scheme's own."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    is_usual = port in (None, {"http": 80, "https": 443}[parts.scheme])
    return f"{parts.scheme}://{host}" if is_usual else f"{parts.scheme}://{host}:{port}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
