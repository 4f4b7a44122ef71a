"""`tracker.Artifact`: files, folders, references and new files become one version; what cannot is said at once."""

from __future__ import annotations

import hashlib
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import tracker
from tests.client.places import bucket
from tracker import uploading
from tracker.errors import TrackerError, TransportError
from tracker.inputs import pointers
from tracker.progress import Progress
from tracker.records import ArtifactLogged, ArtifactUsed
from tracker.staging import stage_file
from tracker.transport import RESUMED_FROM_BYTES


@pytest.fixture
def pages():
    """Files on the web, by path; the address of the first part of them."""
    content = {"/rows.csv": b"1,2,3"}

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

        def do_HEAD(self) -> None:
            data = content.get(self.path)
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Length", str(len(data or b"")))
            self.send_header("ETag", f'"{hashlib.md5(data or b"").hexdigest()}"')
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(content.get(self.path, b""))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield content, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_files_folders_and_new_files_are_one_version(server, start, tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "1.png").write_bytes(b"one")
    (tmp_path / "rows.csv").write_text("1,2")
    made = tracker.Artifact("digits", metadata={"rows": 1}, aliases=["clean"])
    made.add_dir(tmp_path / "images", "pictures")
    made.add_file(tmp_path / "rows.csv")
    with made.new_file("notes/about.md") as file:
        file.write("größer")
    run = start()
    logged = run.log_artifact(made, aliases=["best"])
    run.finish()
    record = server.records(ArtifactLogged)[0]
    assert (record.name, record.kind, record.aliases, record.metadata) == (
        "digits", "dataset", ("clean", "best"), {"rows": 1},
    )  # fmt: skip
    assert {file.path: server.blobs[file.digest] for file in record.files} == {
        "pictures/1.png": b"one", "rows.csv": b"1,2", "notes/about.md": "größer".encode(),
    }  # fmt: skip
    assert logged.files == record.files


def test_a_reference_is_recorded_as_its_place_says_and_nothing_of_it_is_sent(server, start, tmp_path, pages):
    content, address = pages
    (tmp_path / "here.bin").write_bytes(b"local")
    made = tracker.Artifact("digits")
    made.add_reference(f"{address}/rows.csv", "train.csv")
    made.add_reference(tmp_path / "here.bin")
    run = start()
    run.log_artifact(made)
    run.finish()
    here, web = server.records(ArtifactLogged)[0].files
    assert (here.path, here.digest, here.size_bytes) == ("here.bin", hashlib.sha256(b"local").hexdigest(), 5)
    assert here.reference == (tmp_path / "here.bin").as_uri()
    assert (web.path, web.reference, web.digest, web.size_bytes) == ("train.csv", f"{address}/rows.csv", "", 5)
    assert web.etag == f'"{hashlib.md5(content["/rows.csv"]).hexdigest()}"'
    assert server.blobs == {}


def test_a_reference_that_cannot_be_reached_is_an_error_at_once(tmp_path, pages):
    made = tracker.Artifact("digits")
    with pytest.raises(FileNotFoundError, match="there is no file at"):
        made.add_reference(f"{pages[1]}/missing")
    with pytest.raises(FileNotFoundError):
        made.add_reference(tmp_path / "missing")
    with pytest.raises(TransportError, match="cannot be reached"):
        made.add_reference("http://127.0.0.1:1/x")
    made.add_reference("http://127.0.0.1:1/x", check=False)
    with pytest.raises(ValueError, match="password"):
        made.add_reference("https://me:secret@example.invalid/x")


@pytest.mark.parametrize(
    ("do", "error", "says"),
    [
        (lambda made, _: made.add_file("missing"), FileNotFoundError, "no file at missing"),
        (lambda made, folder: made.add_file(folder), FileNotFoundError, "add_dir adds a folder"),
        (lambda made, _: made.add_dir("missing"), FileNotFoundError, "no folder at missing"),
        (lambda made, folder: made.add_file(folder / "a", "../a"), ValueError, "cannot hold the file"),
        (lambda made, folder: (made.add_file(folder / "a"), made.add_file(folder / "b", "a")), ValueError, "already"),
        (lambda made, _: made.new_file("x", "r").__enter__(), ValueError, "mode 'w'"),
    ],
    ids=["no file", "a folder", "no folder", "outside", "twice", "mode"],
)
def test_what_cannot_be_added_is_said_at_once(tmp_path, do, error, says):
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    with pytest.raises(error, match=says):
        do(tracker.Artifact("digits"), tmp_path)


@pytest.mark.parametrize(
    "wrong", [{"name": "a/b"}, {"name": "x", "type": ""}, {"name": "x", "aliases": ["v1"]}], ids=str
)
def test_an_artifact_has_a_name_a_type_and_aliases_that_can_be_ones(wrong):
    with pytest.raises(ValueError, match=r"must have|is taken"):
        tracker.Artifact(**wrong)


def test_an_empty_artifact_is_an_error(start):
    with pytest.raises(ValueError, match="is empty"):
        start(mode="offline").log_artifact(tracker.Artifact("digits"))


def test_a_file_that_is_written_all_the_time_is_an_error_and_one_that_comes_to_rest_is_copied_whole(tmp_path):
    path = tmp_path / "growing.bin"
    path.write_bytes(b"x" * 4_000_000)
    is_over = threading.Event()

    def write() -> None:
        with path.open("r+b") as file:
            while not is_over.is_set():
                file.seek(0)
                file.write(b"y" * 100)
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(TrackerError, match="was written while it was copied"):
            _stage_often(path, tmp_path / "blobs")
    finally:
        is_over.set()
        writer.join()
    staged = stage_file(path, "x", tmp_path / "blobs")
    assert staged.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (tmp_path / "blobs" / staged.digest).read_bytes() == path.read_bytes()


def _stage_often(path, blobs):
    for _ in range(50):  # the writer may not get a turn at first
        stage_file(path, "x", blobs)


def test_a_large_file_goes_on_where_it_broke_off(server, start, tmp_path):
    data = bytes(range(256)) * (RESUMED_FROM_BYTES // 256 + 10)
    digest = hashlib.sha256(data).hexdigest()
    server.arrived[digest] = data[:5_000_000]
    (tmp_path / "large").write_bytes(data)
    run = start()
    run.log_artifact(tmp_path / "large")
    run.finish()
    assert (server.blobs[digest] == data, server.offsets) == (True, [5_000_000])


def test_what_had_come_as_something_else_is_sent_anew(server, start, tmp_path):
    data = bytes(range(256)) * (RESUMED_FROM_BYTES // 256)
    digest = hashlib.sha256(data).hexdigest()
    server.arrived[digest] = b"something else" * 1000
    (tmp_path / "large").write_bytes(data)
    run = start()
    run.log_artifact(tmp_path / "large")
    run.finish()
    assert (server.blobs[digest] == data, server.offsets) == (True, [14_000, 0])


@pytest.mark.parametrize("lacks", [None, "/blobs/bulk"], ids=["a server of now", "an earlier server"])
def test_small_files_go_many_to_a_request_and_each_once(server, start, tmp_path, lacks):
    server.lacks = lacks
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number}.txt").write_text(f"{number % 150}")
    (folder / "large.bin").write_bytes(bytes(uploading.SMALL_BYTES + 1))
    run = start()
    run.log_artifact(folder)
    run.finish()
    assert len(server.records(ArtifactLogged)[0].files) == 301
    assert (len(server.blobs), len(server.offsets)) == (151, 1 if lacks is None else 151)


def _published(server, files, metadata=None):
    server.artifacts[("digits", "mnist:v3")] = {
        "id": 11, "project": "digits", "name": "mnist", "kind": "dataset", "version": 3, "metadata": metadata or {},
        "files": files,
    }  # fmt: skip


def test_what_is_used_is_a_path_that_knows_its_version(server, start, tracker_dir):
    digest = hashlib.sha256(b"rows").hexdigest()
    server.blobs[digest] = b"rows"
    _published(server, [{"path": "rows.csv", "digest": digest, "size_bytes": 4}], {"rows": 1})
    run = start("digits")
    used = run.use_artifact("mnist:v3")
    run.finish()
    assert (used / "rows.csv").read_bytes() == b"rows"
    assert (used.artifact, used.version, used.type, dict(used.metadata)) == ("mnist", 3, "dataset", {"rows": 1})
    assert [file.path for file in used.files] == ["rows.csv"]
    assert (type(used.path), used.path) == (type(tracker_dir), used)
    assert [record.version_id for record in server.records(ArtifactUsed)] == [11]


def test_references_are_fetched_and_verified(server, tmp_path, pages):
    content, address = pages
    (tmp_path / "here.bin").write_bytes(b"local")
    etag = f'"{hashlib.md5(content["/rows.csv"]).hexdigest()}"'
    _published(server, [
        {"path": "here.bin", "digest": hashlib.sha256(b"local").hexdigest(), "size_bytes": 5,
         "reference": (tmp_path / "here.bin").as_uri(), "etag": ""},
        {"path": "a/rows.csv", "digest": "", "size_bytes": 5, "reference": f"{address}/rows.csv", "etag": etag},
        {"path": "unknown", "digest": "", "size_bytes": 0, "reference": "http://127.0.0.1:1/x", "etag": ""},
    ])  # fmt: skip
    used = tracker.use_artifact("mnist:v3", project="digits")
    assert sorted(str(path.relative_to(used)) for path in used.rglob("*") if path.is_file()) == [
        "a/rows.csv", "here.bin",
    ]  # fmt: skip
    content["/rows.csv"] = b"other"
    assert (tracker.use_artifact("mnist:v3", project="digits") / "a" / "rows.csv").read_bytes() == b"1,2,3"
    (used / "a" / "rows.csv").write_bytes(b"damaged here")
    for blob in (tmp_path / "state").rglob("at-*"):
        blob.unlink()
    with pytest.raises(TrackerError, match="when it was adopted"):
        tracker.use_artifact("mnist:v3", project="digits")


def test_an_object_of_a_store_is_known_by_its_etag(server, start, tracker_dir, monkeypatch):
    with bucket() as objects:
        for name, value in objects.environment.items():
            monkeypatch.setenv(name, value)
        made = tracker.Artifact("mnist", "dataset")
        with pytest.raises(FileNotFoundError, match=r"s3://models/none\.csv"):
            made.add_reference("s3://models/none.csv")
        made.add_reference(objects.put("a/rows.csv", b"1,2,3"), "train.csv")
        run = start("digits")
        run.log_artifact(made)
        run.finish()
        ((file,),) = [record.files for record in server.records(ArtifactLogged)]
        assert (file.path, file.size_bytes, file.digest, file.reference) == (
            "train.csv",
            5,
            "",
            "s3://models/a/rows.csv",
        )
        _published(server, [{name: getattr(file, name) for name in file.__struct_fields__}])
        assert (tracker.use_artifact("mnist:v3", project="digits") / "train.csv").read_bytes() == b"1,2,3"
        shutil.rmtree(tracker_dir / "artifacts")
        objects.put("a/rows.csv", b"1,2,4")
        with pytest.raises(TrackerError, match=r"has the ETag .* when it was adopted"):
            tracker.use_artifact("mnist:v3", project="digits")


def test_a_download_goes_on_where_an_earlier_one_broke_off(server, tracker_dir):
    data = bytes(range(256)) * 8192
    digest = hashlib.sha256(data).hexdigest()
    server.blobs[digest] = data
    _published(server, [{"path": "a", "digest": digest, "size_bytes": len(data)}])
    tracker.use_artifact("mnist:v3", project="digits")
    blobs = next(path for path in tracker_dir.rglob("blobs") if (path / digest).exists())
    (blobs / digest).unlink()
    for folder in (blobs.parent / "versions").iterdir():
        (folder / "a").unlink()
    for left, asked in ((data[:1_000_000], [1_000_000]), (b"other bytes", [11, 0])):
        server.asked_from.clear()
        (blobs / f".{digest}.part").write_bytes(left)
        assert (tracker.use_artifact("mnist:v3", project="digits") / "a").read_bytes() == data
        assert server.asked_from == asked
        (blobs / digest).unlink()
        next((blobs.parent / "versions").glob("*/a")).unlink()


def test_progress_is_shown_on_a_terminal_alone():
    class Terminal:
        def __init__(self, is_one: bool) -> None:
            self.is_one, self.written = is_one, ""

        def isatty(self) -> bool:
            return self.is_one

        def write(self, text: str) -> None:
            self.written += text

        def flush(self) -> None:
            return

    for is_one in (True, False):
        stream, times = Terminal(is_one), iter([0.0, 1.0])
        with Progress("sending", size_bytes=4_000_000, count=2, stream=stream, clock=times.__next__) as told:
            told.add(2_000_000, 1)
        if is_one:
            assert "sending: 1 of 2 files, 2 of 4 MB, 2 MB/s, 50%, 1 s left" in stream.written
            assert stream.written.endswith("\r\x1b[K")
        else:
            assert stream.written == ""


def test_the_pointers_of_dvc_are_read(tmp_path):
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "data" / "raw.dvc").write_text(
        "outs:\n- md5: 22a1.dir\n  size: 120\n  nfiles: 3\n  hash: md5\n  path: raw\n"
    )
    (tmp_path / "dvc.lock").write_text(
        "schema: '2.0'\nstages:\n  train:\n    cmd: python train.py\n    deps:\n    - path: data/rows.csv\n"
        "      md5: 99aa\n      size: 7\n    - path: data/raw\n      md5: other\n    outs:\n    - path: s3://b/m.pt\n"
        "      etag: e1\n"
    )
    (tmp_path / "broken.dvc").write_text("outs: [&a *a")
    (tmp_path / "tag.dvc").write_text("!!python/object/apply:os.system ['true']")
    assert pointers(tmp_path / "src") == {"files": [
        {"path": "data/raw", "hash": "22a1.dir", "algorithm": "md5", "size_bytes": 120, "source": "data/raw.dvc"},
        {"path": "data/rows.csv", "hash": "99aa", "algorithm": "md5", "size_bytes": 7, "source": "dvc.lock"},
        {"path": "s3://b/m.pt", "hash": "e1", "algorithm": "etag", "size_bytes": None, "source": "dvc.lock"},
    ]}  # fmt: skip
    assert pointers(tmp_path.parent) is None
