"""What the server never does: unpickle, unpack, evaluate, start a program, open an address that a client gives it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / "server" / "tracker_server").rglob("*.py"), *(ROOT / "migrations").rglob("*.py")])

MODULES = {
    "unpickles": {"pickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "copyreg"},
    "unpacks": {"tarfile", "zipfile", "zipimport", "bz2", "lzma"},
    "runs": {"subprocess", "pty", "code", "codeop", "runpy", "multiprocessing", "ctypes", "imp"},
    "connects": {"socket", "ssl", "http", "urllib", "requests", "httpx", "ftplib", "smtplib", "telnetlib", "urllib3",
                 "xmlrpc", "asyncio", "authlib"},
    "reads": {"xml", "yaml", "lxml"},
}  # fmt: skip
"""By what it is that a module could be used for."""

ALLOWED = {
    "search/export.py": {"zipfile"},  # it writes an archive; a test below holds it to that
    "cards/front.py": {"yaml"},  # it only writes; a test below holds it to that
    "gates/nodes.py": {"yaml"},  # it makes nodes of a text, and no objects; a test below holds it to that
    "http/bodies.py": {"ctypes"},  # memory of large bodies is given back to the system
    "artifacts/syncing.py": {"ctypes"},  # Python has no name for the call that syncs a file system
    "http/receiving.py": {"socket"},  # it reads the connection that a request came over
    "oidc/provider.py": {"authlib"},  # its functions that build an address; what is sent goes by the one way out
    "confined/process.py": {"subprocess"},  # it starts this Python with a module of ours; a test below holds it to that
    "serving.py": {"socket"},  # the one that it listens on
    "cli/serving.py": {"socket"},  # whether the port is free that the server is to listen on
}
DOORS = ("outgoing/",)
"""The one way out: it alone connects, and what it connects to it has resolved and checked itself."""

CALLS = {"eval", "exec", "compile", "__import__", "breakpoint"}
ATTRIBUTES = {
    "os": {"system", "popen", "spawnl", "spawnv", "execv", "execl", "posix_spawn", "fork"},
    "shutil": {"unpack_archive"},
    "np": {"load", "fromfile", "memmap"},
    "importlib": {"import_module"},
}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix().removeprefix("server/tracker_server/")


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _forbidden(name: str, tree: ast.AST) -> Iterator[str]:
    """What a module has that it may not have."""
    everything = set().union(*MODULES.values()) - ALLOWED.get(name, set())
    for imported in _imported(tree):
        root = imported.partition(".")[0]
        if root in everything and not imported.startswith("urllib.parse") and not name.startswith(DOORS):
            yield f"it imports {imported}"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Name) and function.id in CALLS:
            yield f"it calls {function.id} in line {node.lineno}"
        owner = function.value if isinstance(function, ast.Attribute) else None
        if isinstance(owner, ast.Name) and function.attr in ATTRIBUTES.get(owner.id, set()):
            yield f"it calls {owner.id}.{function.attr} in line {node.lineno}"
        if any(keyword.arg in ("shell", "allow_pickle") for keyword in node.keywords):
            yield f"it asks for a shell or a pickle in line {node.lineno}"


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_no_module_of_the_server_does_what_hostile_bytes_would_use(path: Path) -> None:
    assert list(_forbidden(_name(path), ast.parse(path.read_text()))) == []


@pytest.mark.parametrize(
    "code",
    ["import pickle", "from marshal import loads", "import os\nos.system('x')", "eval('1')", "import urllib.request",
     "from http import client", "np.load('x')", "run('x', shell=True)", "import tarfile as t", "import subprocess"],
)  # fmt: skip
def test_one_that_did_would_be_found(code: str) -> None:
    assert list(_forbidden("search/views.py", ast.parse(code)))


def test_an_archive_is_only_written() -> None:
    tree = ast.parse((ROOT / "server/tracker_server/search/export.py").read_text())
    opened = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("ZipFile", "open")
    ]
    assert opened
    for call in opened:
        assert isinstance(call.args[1], ast.Constant)
        assert call.args[1].value == "w"


def test_the_one_program_that_is_started_is_this_python_with_a_module_of_ours() -> None:
    tree = ast.parse((ROOT / "server/tracker_server/confined/process.py").read_text())
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "subprocess.Popen"
    ]
    assert [ast.unparse(call.args[0]) for call in calls] == ["[sys.executable, '-P', '-m', module]"]
    assert not {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & {
        "run",
        "call",
        "check_output",
    }
    pool = (ROOT / "server/tracker_server/confined/pool.py").read_text()
    assert re.findall(r'"(tracker_server[.a-z_]+)"', pool) == [
        "tracker_server.tabular.readers",
        "tracker_server.previews.readers",
    ]


def _of_yaml(name: str) -> dict[str, list[str]]:
    """What a module calls of YAML, with the values of the keywords."""
    tree = ast.parse((ROOT / "server/tracker_server" / name).read_text())
    return {
        node.func.attr: [ast.unparse(keyword.value) for keyword in node.keywords]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value) == "yaml"
    }


def test_yaml_is_made_nodes_of_and_never_objects() -> None:
    assert _of_yaml("gates/nodes.py") == {"parse": ["yaml.SafeLoader"], "compose": ["yaml.SafeLoader"]}


def test_a_manifest_is_read_by_a_safe_loader() -> None:
    """Of the client's modules that the server imports, it is the one that reads YAML."""
    text = (ROOT / "client" / "tracker" / "manifest.py").read_text(encoding="utf-8")
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    loaders = {ast.unparse(word.value) for call in calls for word in call.keywords if word.arg == "Loader"}
    assert loaders == {"_loader()"}
    assert 'return getattr(yaml, "CSafeLoader", yaml.SafeLoader)' in text


def test_a_card_only_writes_yaml() -> None:
    assert _of_yaml("cards/front.py").keys() == {"safe_dump"}


def test_no_row_says_where_to_fetch_something_but_a_webhook() -> None:
    """A server that keeps no address opens none: files are named by digests, and come in by uploads alone.

    Where a process that serves a model answers is kept to be told to people, whose browsers may ask it.
    """
    from tracker_server import tables  # noqa: F401 (it lists them)
    from tracker_server.db import Base

    words = ("url", "uri", "href", "address", "endpoint")
    columns = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if any(word in column.name.lower() for word in words)
    }
    told = {"consumers.address"}
    assert all(column.startswith("webhook") for column in columns - told), columns
