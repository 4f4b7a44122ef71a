"""Files that lie elsewhere: told apart from what they become, and fetched only when they are what was adopted."""

from __future__ import annotations

import hashlib
import os
import time
from types import SimpleNamespace

import pytest

from tests.client.places import bucket, web
from tests.processes import free_port
from tracker import references
from tracker.errors import TrackerError, TransportError
from tracker.manifest import Reference


@pytest.fixture
def pages():
    with web() as made:
        yield made


@pytest.fixture(scope="module")
def storage():
    with bucket() as made:
        yield made


@pytest.fixture
def objects(storage, monkeypatch):
    for name, value in storage.environment.items():
        monkeypatch.setenv(name, value)
    return storage


@pytest.fixture(params=["path", "http", "http-without-etags", "s3", "gs"])
def place(request, tmp_path):
    """Puts content at one place, of every kind; its address."""
    if request.param == "path":

        def put(content):
            (tmp_path / "a model.pt").write_bytes(content)
            return (tmp_path / "a model.pt").as_uri()

        return put
    if request.param == "s3":
        storage = request.getfixturevalue("objects")
        return lambda content: storage.put(f"{tmp_path.name}/a model.pt", content)
    pages = request.getfixturevalue("pages")
    if request.param == "gs":
        request.getfixturevalue("monkeypatch").setenv("STORAGE_EMULATOR_HOST", pages.url)

        def keep(content):
            pages.files["models/a model.pt"] = content
            return "gs://models/a model.pt"

        return keep
    pages.has_etags = request.param == "http"

    def publish(content):
        pages.files["a.pt"] = content
        return f"{pages.url}/a.pt"

    return publish


def test_what_has_not_changed_is_fetched(place, tmp_path):
    uri = place(b"weights")
    reference = references.adopt("weights/a.pt", uri)
    assert (reference.size_bytes, references.changed(reference)) == (7, None)
    stored = references.fetch(reference, tmp_path / "bundle" / "a.pt")
    assert stored == (hashlib.sha256(b"weights").hexdigest(), 7)
    assert (tmp_path / "bundle" / "a.pt").read_bytes() == b"weights"


@pytest.mark.parametrize("content", [b"wei9hts", b"weights and more"], ids=["equal size", "longer"])
def test_what_has_changed_is_told_and_not_fetched(place, tmp_path, content):
    uri = place(b"weights")
    reference = references.adopt("weights/a.pt", uri)
    place(content)
    assert "when it was adopted" in references.changed(reference)
    with pytest.raises(references.ChangedError, match="when it was adopted"):
        references.fetch(reference, tmp_path / "bundle" / "a.pt")
    assert list((tmp_path / "bundle").iterdir()) == []


def test_a_file_of_this_machine_and_one_without_an_etag_are_known_by_their_sha256(place):
    reference = references.adopt("weights/a.pt", place(b"weights"))
    assert (reference.sha256 is None) == (reference.etag is not None)


def test_equal_bytes_with_another_etag_are_no_change(pages):
    pages.files["a.pt"] = b"weights"
    sha256 = hashlib.sha256(b"weights").hexdigest()
    copied = Reference("a.pt", f"{pages.url}/a.pt", 7, '"of another copy"', sha256)
    assert references.changed(copied) is None
    pages.files["a.pt"] = b"wei9hts"
    assert "has sha256" in references.changed(copied)


def test_a_file_that_is_gone_is_a_change_and_a_server_that_is_away_none(pages, tmp_path):
    pages.files["a.pt"] = b"weights"
    reference = references.adopt("a.pt", f"{pages.url}/a.pt")
    pages.is_broken = True
    with pytest.raises(TransportError, match="answers 503"):
        references.changed(reference)
    pages.is_broken = False
    del pages.files["a.pt"]
    assert references.changed(reference) == f"{pages.url}/a.pt is gone"
    with pytest.raises(FileNotFoundError, match="answers 404"):
        references.fetch(reference, tmp_path / "a.pt")


def test_a_file_of_which_nothing_is_known_is_not_fetched(pages, tmp_path):
    own = tmp_path / "credentials"
    own.write_bytes(b"secret")
    pages.files["a.pt"] = b"weights"
    for reference in (
        Reference("c.ini", own.as_uri()), Reference("c.ini", own.as_uri(), 6, '"etag"'),
        Reference("a.pt", f"{pages.url}/a.pt", 7),
    ):  # fmt: skip
        with pytest.raises(references.ChangedError, match="was adopted without"):
            references.fetch(reference, tmp_path / "bundle" / reference.path)
        assert "was adopted without" in references.changed(reference)
    assert not (tmp_path / "bundle").exists()


def test_a_place_that_has_no_etags_any_more_is_no_verdict(pages, tmp_path):
    pages.files["a.pt"] = b"weights"
    reference = references.adopt("a.pt", f"{pages.url}/a.pt")
    pages.has_etags = False
    with pytest.raises(TransportError, match="has no ETag any more"):
        references.changed(reference)
    with pytest.raises(TransportError, match="has no ETag any more"):
        references.fetch(reference, tmp_path / "bundle" / "a.pt")
    pages.files["a.pt"] = b"weights and more"
    assert "16 bytes" in references.changed(reference)


def test_what_is_not_whole_yet_lies_elsewhere(tmp_path):
    (tmp_path / "a.pt").write_bytes(b"weights")
    reference = Reference("b.pt", (tmp_path / "a.pt").as_uri(), 7, None, "0" * 64)
    target = tmp_path / "bundle" / "b.pt"
    with pytest.raises(FileNotFoundError, match="no such folder"):
        references.fetch(reference, target, scratch=tmp_path / "no such folder")
    with pytest.raises(references.ChangedError, match="has sha256"):
        references.fetch(reference, target, scratch=tmp_path)
    assert list(target.parent.iterdir()) == []


def test_an_object_that_is_not_there_is_named(objects):
    with pytest.raises(FileNotFoundError, match=r"s3://models/none\.pt"):
        references.look("s3://models/none.pt")


def test_nobody_at_an_address_is_no_verdict(monkeypatch, objects):
    nobody = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(TransportError, match="cannot be reached"):
        references.look(f"{nobody}/a.pt")
    monkeypatch.setenv("AWS_ENDPOINT_URL", nobody)
    with pytest.raises(TransportError, match=r"s3://models/a\.pt cannot be read"):
        references.look("s3://models/a.pt")


def test_redirects_are_followed_and_head_is_not_needed(pages):
    pages.files["a.pt"] = b"weights"
    pages.answers_head = False
    found = references.look(f"{pages.url}/moved/a.pt")
    assert (found.size_bytes, found.etag is not None, found.sha256) == (7, True, None)


def test_reading_ends_in_time(pages):
    pages.files["a.pt"] = b"weights"
    with pytest.raises(TransportError, match="was not read in time"):
        references.look(f"{pages.url}/a.pt", is_read=True, until=time.monotonic() - 1)


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("ftp://host/a.pt", "is neither a path here nor one of file://"),
        ("s3://bucket", "names no file"),
        ("https://host/folder/", "names no file"),
        ("file://elsewhere/a.pt", "names no file of this machine"),
    ],
)
def test_an_address_that_names_no_file_is_refused(place, what):
    with pytest.raises(ValueError, match=what):
        references.uri_of(place)


def test_what_never_ends_is_not_read_to_its_end(pages, tmp_path, monkeypatch):
    pages.files["a.pt"] = bytes(4 * 1024 * 1024)
    pages.says_size = False
    monkeypatch.setattr(references, "UNSAID_BYTES", 1024 * 1024)
    of_no_size = Reference("a.pt", f"{pages.url}/a.pt", None, None, "0" * 64)
    with pytest.raises(TransportError, match="goes on after 2097152 bytes, and does not say how many it has"):
        references.fetch(of_no_size, tmp_path / "bundle" / "a.pt")
    assert list((tmp_path / "bundle").iterdir()) == []


def test_what_has_no_room_here_is_not_begun(pages, tmp_path, monkeypatch):
    pages.files["a.pt"] = b"weights"
    reference = references.adopt("a.pt", f"{pages.url}/a.pt")
    monkeypatch.setattr(references.shutil, "disk_usage", lambda _: SimpleNamespace(free=3))
    with pytest.raises(TransportError, match="has 7 bytes, and 3 are free in"):
        references.fetch(reference, tmp_path / "bundle" / "a.pt")


def test_a_device_is_no_file():
    with pytest.raises(FileNotFoundError, match="no file at /dev/zero"):
        references.look("file:///dev/zero")


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://ada:pass@host/a.pt", True),
        ("https://ghp_abc@host/a.pt", True),
        ("https://host/a.pt?X-Amz-Signature=ab", True),
        ("https://host/a.pt?X-Amz-Security-Token=ab", True),
        ("https://host/a.pt?private_token=ab", True),
        ("https://host/a.pt?apikey=ab", True),
        ("https://host/a.pt?tokenizer=bpe&author=ada", False),
        ("https://host/a.pt?v=3", False),
    ],
)
def test_an_address_that_opens_something_is_known(uri, expected):
    assert references.is_secret(uri) is expected


def test_a_fork_of_who_has_read_object_storage_is_refused_rather_than_left_to_hang(monkeypatch):
    monkeypatch.setattr(references, "_reader", os.getppid())
    with pytest.raises(TrackerError, match=r"s3://models/a\.pt cannot be read in a forked process"):
        references.look("s3://models/a.pt")
