"""What somebody gets who installs the wheel."""

from __future__ import annotations

import configparser
import email
import json
import re
import subprocess
import sys
import tarfile
import tomllib
import urllib.request
import zipfile
from pathlib import Path

from tests.house.dockerfile import Container, copy_context

SERVER_PACKAGES = {"flask", "sqlalchemy", "numpy", "alembic", "gunicorn", "plotly", "torch"}


def names_in(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_wheel_holds_the_dashboard_and_the_migrations(wheel: Path) -> None:
    names = names_in(wheel)
    assert "tracker_server/static/index.html" in names
    assert any(re.fullmatch(r"tracker_server/static/assets/.+\.js", name) for name in names)
    assert "tracker_server/migrations/env.py" in names
    assert any(re.fullmatch(r"tracker_server/migrations/versions/\w+\.py", name) for name in names)
    assert {"tracker/py.typed", "tracker_server/py.typed"} <= set(names)


def test_wheel_holds_nothing_else(wheel: Path) -> None:
    assert {name.split("/")[0] for name in names_in(wheel)} == {
        "tracker",
        "tracker_server",
        "tracker_runs-0.1.0.dist-info",
    }
    assert wheel.name.endswith("-py3-none-any.whl")


def test_every_package_of_the_tree_is_in_the_metadata(checkout: Path) -> None:
    metadata = configparser.ConfigParser()
    metadata.read(checkout / "setup.cfg")
    declared = set(metadata["options"]["packages"].split())
    found = set()
    for package, folder in (line.split(" = ") for line in metadata["options"]["package_dir"].strip().splitlines()):
        for module in (checkout / folder).rglob("*.py"):
            inner = module.parent.relative_to(checkout / folder).parts
            found.add(".".join([package, *inner]))
    assert declared == found


def test_client_alone_needs_none_of_the_server_s_packages(wheel: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    resolve = ["install", "--dry-run", "--ignore-installed", "--quiet", "--report", str(report), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *resolve], check=True, stdout=subprocess.DEVNULL)
    needed = {item["metadata"]["name"].lower() for item in json.loads(report.read_text())["install"]}
    assert "tracker-runs" in needed
    assert not needed & SERVER_PACKAGES


def test_metadata_names_license_and_extras(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(path))
    assert metadata["License-Expression"] == "Apache-2.0"
    assert {"server", "postgres", "torch"} <= set(metadata.get_all("Provides-Extra", []))


def test_installed_wheel_serves_the_dashboard_without_node(image: Container, image_url: str) -> None:
    assert not list(image.root.rglob("node_modules"))
    with urllib.request.urlopen(f"{image_url}/", timeout=10) as page:
        html = page.read().decode()
    (script,) = re.findall(r'<script type="module"[^>]* src="([^"]+)"', html)
    with urllib.request.urlopen(f"{image_url}{script}", timeout=10) as answer:
        assert answer.headers.get_content_type() in ("text/javascript", "application/javascript")
        assert answer.read()


def test_installed_client_is_light(image: Container) -> None:
    heavy = "import sys, tracker; print(*sorted({'flask', 'sqlalchemy', 'numpy', 'torch'} & set(sys.modules)))"
    loaded = subprocess.run(
        image.command(["python", "-c", heavy]), env=image.environment, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.split() == []


def test_source_distribution_holds_the_dashboard_s_sources(checkout: Path, tmp_path: Path) -> None:
    copy_context(checkout, tmp_path / "source")
    build = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(tmp_path / "dist")]
    subprocess.run(build, cwd=tmp_path / "source", check=True, capture_output=True)
    (archive,) = (tmp_path / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as content:
        names = {name.partition("/")[2] for name in content.getnames()}
    assert {"web/package-lock.json", "web/npm.py", "web/src/main.tsx", "migrations/env.py", "LICENSE"} <= names
    assert not any("node_modules" in name or "/static/" in name for name in names)


def test_build_requirements_are_named_alike(checkout: Path) -> None:
    """`make` installs them itself, so that the editable install needs no isolated copy of Node."""
    required = tomllib.loads((checkout / "pyproject.toml").read_text())["build-system"]["requires"]
    makefile = (checkout / "Makefile").read_text()
    assert all(f'"{requirement}"' in makefile for requirement in required)
