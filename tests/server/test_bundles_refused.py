"""Manifests that lie, or that are made to harm who reads them: refused whole, with nothing registered."""

from __future__ import annotations

import itertools
import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.processes import wait_until
from tests.server.bundled import described, onnx_files, stored
from tests.server.logged import digest_of, writing
from tests.server.model_registry import Registry, code_of
from tests.server.test_bundles import bundle, report, verify
from tracker import manifest
from tracker_server.bundles import registering
from tracker_server.registry import chain

HEAD = "format: 1\nkind: files\npython: '3.12'\n"
A_FILE = f"files:\n- path: a.bin\n  sha256: {digest_of(b'a')}\n  size_bytes: 1\n"
BOMB = (
    HEAD
    + "metadata:\n  a: &a [x, x, x, x]\n"
    + "".join(
        f"  {after}: &{after} [*{before}, *{before}, *{before}, *{before}]\n"
        for before, after in itertools.pairwise("abcdefgh")
    )
)

TEXTS = {
    "a bomb of aliases": (BOMB, "anchors"),
    "an alias to itself": (HEAD + "metadata: &a {b: *a}\n", "anchors"),
    "a tag of Python": (HEAD + "metadata: !!python/object/apply:os.system ['touch escaped']\n", "tags"),
    "a tag of its own": (HEAD + "metadata: !x 1\n", "tags"),
    "very deep": (HEAD + "metadata: " + "[" * 2000 + "]" * 2000 + "\n", "nested deeper"),
    "too much of it": (HEAD + "metadata: {a: [" + "1," * 200_000 + "]}\n", "more values"),
    "no YAML": (HEAD + "metadata: {\n", "not YAML"),
    "no mapping": ("- 1\n", "no mapping"),
    "empty": ("", "no mapping"),
    "another format": ("format: 99\nkind: files\npython: '3.12'\n", "reads 1"),
    "a format that is none": ("format: true\nkind: files\npython: '3.12'\n", "format: 1"),
    "a wrong type": (HEAD + "files: 3\n", "array"),
    "an unknown kind": (HEAD.replace("files", "exe"), "exe"),
    "half a character": (HEAD + 'metadata: {a: "\\ud800"}\n', "tracker.yaml"),
    "a number of many digits": (HEAD + f"metadata: {{a: 0x{'f' * 5000}}}\n", "64 bits"),
    "a name of many digits": (HEAD + f"metadata:\n  ? 0x{'f' * 5000}\n  : 1\n", "64 bits"),
    "a number without end": (HEAD + "metadata: {a: .inf}\n", "finite"),
    "a date": (HEAD + "metadata: {a: 2025-01-01}\n", "date"),
    "a lock with a command": (HEAD + "forms: [{kind: loader, entry: 'a:b', packages: ['x==1; rm']}]\n", "lock"),
    "a path outside": (HEAD + A_FILE.replace("a.bin", "../a.bin"), "outside"),
    "an absolute path": (HEAD + A_FILE.replace("a.bin", "/etc/passwd"), "outside"),
    "a path of Windows": (HEAD + A_FILE.replace("a.bin", "'C:\\evil'"), "outside"),
    "itself": (HEAD + A_FILE.replace("a.bin", "tracker.yaml"), "outside"),
    "a reference outside": (HEAD + A_FILE + "references: [{path: ../b, uri: 's3://x/b'}]\n", "outside"),
    "a role without its file": (HEAD + A_FILE + "roles: {weights: [b.bin]}\n", "not among the files"),
    "a file that is not there": (HEAD + A_FILE.replace("a.bin", "b.bin"), "not among the files"),
    "another digest": (HEAD + A_FILE.replace(digest_of(b"a"), digest_of(b"b")), "is not the file"),
    "another size": (HEAD + A_FILE.replace("size_bytes: 1", "size_bytes: 2"), "is not the file"),
    "a file that it does not name": (HEAD, "does not name 'a.bin'"),
    "the same file twice": (HEAD + A_FILE + A_FILE.removeprefix("files:\n"), "twice"),
}


def refused(app: Flask, client: FlaskClient, text: bytes) -> TestResponse:
    """What registering one file beside this manifest is answered, of which nothing may be left."""
    answer = Registry(client).register(stored(app, {"a.bin": b"a", manifest.FILE_NAME: text}))
    assert client.get("/api/v1/models").json == {"models": []}
    assert client.get("/api/v1/audit").json["entries"] == []
    return answer


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is read is no matter of the database
@pytest.mark.parametrize(("text", "says"), TEXTS.values(), ids=TEXTS)
def test_a_manifest_that_lies_or_harms_is_refused(app: Flask, client: FlaskClient, text: str, says: str) -> None:
    answer = refused(app, client, text.encode())
    assert code_of(answer) == (422, "bad_bundle")
    assert says in answer.json["error"]["message"]


@pytest.mark.parametrize("text", [b"\xff\xfe\x00", b"\x00" * 100, b"a: \xc3\x28"], ids=["UTF-16", "zeros", "not UTF-8"])
def test_bytes_that_are_no_text_are_refused(app: Flask, client: FlaskClient, text: bytes) -> None:
    assert code_of(refused(app, client, text)) == (422, "bad_bundle")


def test_a_manifest_over_its_limit_is_refused_before_it_is_read(app: Flask, client: FlaskClient) -> None:
    text = HEAD.encode() + b"#" * manifest.MAX_BYTES
    source = stored(app, {"a.bin": b"a", manifest.FILE_NAME: text})
    app.extensions["tracker.blobs"].remove(digest_of(text))  # reading it would fail
    answer = Registry(client).register(source)
    assert code_of(answer) == (422, "bad_bundle")
    assert "at most 1048576" in answer.json["error"]["message"]


def test_a_manifest_below_a_folder_is_a_file_like_others(app: Flask, client: FlaskClient) -> None:
    registry = Registry(client)
    assert registry.register(stored(app, {"inner/tracker.yaml": b"{"})).status_code == 201
    assert bundle(registry)["manifest"] is None


def test_what_a_reference_points_at_is_kept_and_not_opened(app: Flask, client: FlaskClient) -> None:
    uri = "http://127.0.0.1:1/nothing-answers-here"
    lies_elsewhere = (manifest.Reference("vocab.txt", uri, 10, '"etag"'),)
    files = {"a.bin": b"a"}
    files[manifest.FILE_NAME] = described(files, kind="files", references=lies_elsewhere)
    registry = Registry(client)
    assert registry.register(stored(app, files)).status_code == 201
    assert bundle(registry)["manifest"]["references"][0]["uri"] == uri
    assert verify(registry, {"outcome": "fail", "checked": "files", "problems": [
        {"path": "vocab.txt", "message": "its ETag is another"}]}).status_code == 201  # fmt: skip
    assert "vocab.txt: its ETag is another" in bundle(registry)["state"]["barred_by"]


def test_a_manifest_is_read_before_the_database_is_written_to(app: Flask) -> None:
    """So that a run that logs meanwhile does not wait for it: another writer holds the database all the time."""
    source = stored(app, onnx_files(metadata={"made": "just now"}))
    own = app.test_client()
    own.environ_base["HTTP_X_TRACKER_CLIENT"] = "test"
    before, answers = registering.said_in.cache_info().misses, []
    thread = threading.Thread(target=lambda: answers.append(Registry(own).register(source)))
    with writing(app) as session:
        chain.hold(session)
        thread.start()
        wait_until(lambda: registering.said_in.cache_info().misses > before, "the manifest is read")
        assert answers == []
    thread.join()
    assert [answer.status_code for answer in answers] == [201]
    assert registering.said_in.cache_info().misses == before + 1


def test_two_registrations_at_once_make_one_version_with_one_manifest(app: Flask, client: FlaskClient) -> None:
    source = stored(app, onnx_files())
    start, statuses = threading.Barrier(4), []

    def register() -> None:
        own = app.test_client()
        own.environ_base["HTTP_X_TRACKER_CLIENT"] = "test"
        start.wait()
        statuses.append(Registry(own).register(source).status_code)

    threads = [threading.Thread(target=register) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 200, 200, 201]
    assert client.get("/api/v1/models/digits/bundles").json["bundles"][0]["version"] == 1


def test_processes_that_say_so_at_once_are_each_kept_once(app: Flask, client: FlaskClient) -> None:
    registry = Registry(client)
    registry.register(stored(app, onnx_files()))
    start, statuses = threading.Barrier(6), []

    def say(number: int) -> None:
        own = app.test_client()
        own.environ_base["HTTP_X_TRACKER_CLIENT"] = "test"
        start.wait()
        statuses.append(report(Registry(own), f"c{number % 2}").status_code)

    threads = [threading.Thread(target=say, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 6
    assert len(client.get(f"{registry.address}/consumers").json["consumers"]) == 2
