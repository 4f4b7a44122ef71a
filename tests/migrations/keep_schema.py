"""Keep what a version of tracker writes, as a file of SQL that later versions are tested on.

    git archive VERSION client server migrations | tar -x -C FOLDER
    python -m tests.migrations.keep_schema FOLDER

The server and the client of that folder log runs, and what is then in the database is written to `schemas/`, named
after its schema. What the machine says of itself is left out.
"""

from __future__ import annotations

import gzip
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from tests.migrations.kept import SCHEMAS, STEPS, WEIGHTS
from tests.processes import free_port, wait_until

_SERVE = "import sys; from tracker_server.cli import serve; sys.exit(serve(sys.argv[1:]))"

_TRAIN = f"""
import tracker

for name, final in (("calm", 0.25), ("keen", 0.5)):
    run = tracker.init("digits", name=name, config={{"lr": 0.1, "layers": [64, 10]}}, system_interval_s=0)
    for step in range(200):
        run.log({{"loss": 1.0 / (step + 1), "acc": final * step / 199}})
    print(f"{{name}} has learned")
    if name == "keen":
        for step in range(200, {STEPS}):
            run.log({{"epoch": step // 1000}})
        with open("model.bin", "wb") as file:
            file.write({WEIGHTS!r})
        run.log_artifact("model.bin", name="digits", type="model")
    run.finish()
"""

_OF_THIS_MACHINE = ("UPDATE runs SET environment = '{}'",)


def keep(code: Path) -> Path:
    """Log with the version that lies in `code`; the file that was written."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        environment = _environment(code, Path(folder))
        port = str(free_port())
        server = subprocess.Popen(
            [sys.executable, "-c", _SERVE, "--data", str(data), "--port", port], env=environment, cwd=folder
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until(lambda: _answers(address), f"the server of {code} answers")
            (Path(folder) / "train.py").write_text(_TRAIN)
            subprocess.run(
                [sys.executable, "train.py"], env={**environment, "TRACKER_URL": address}, cwd=folder, check=True
            )
        finally:
            server.terminate()
            server.wait(20)
        return _write(data / "tracker.db")


def _environment(code: Path, folder: Path) -> dict[str, str]:
    """Python finds the code of that version before any other; its migrations lie where its wheel has them."""
    migrations = code / "server" / "tracker_server" / "migrations"
    if not migrations.exists():
        migrations.symlink_to(code.resolve() / "migrations")
    paths = os.pathsep.join(str((code / part).resolve()) for part in ("client", "server"))
    return {
        "PATH": os.environ["PATH"], "HOME": str(folder), "USER": "ada", "LOGNAME": "ada", "PYTHONPATH": paths,
        "TRACKER_DIR": str(folder / "journals"),
    }  # fmt: skip


def _answers(address: str) -> bool:
    probe = f"import urllib.request; urllib.request.urlopen('{address}/healthz', timeout=1)"
    return subprocess.run([sys.executable, "-c", probe], capture_output=True, check=False).returncode == 0


def _write(database: Path) -> Path:
    with closing(sqlite3.connect(database)) as connection:
        (schema,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        for statement in _OF_THIS_MACHINE:
            connection.execute(statement)
        connection.commit()
        text = "\n".join(connection.iterdump()) + "\n"
    kept = SCHEMAS / f"{schema}.sql.gz"
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(gzip.compress(text.encode(), mtime=0))
    return kept


if __name__ == "__main__":
    print(keep(Path(sys.argv[1])))
