"""What a served model answers: predictions, errors that name the field, its page, its document, its figures."""

from __future__ import annotations

import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import jsonschema
import numpy as np
import onnx
import pytest
import requests
from onnx import TensorProto, helper
from schemathesis.specs.openapi.definitions import OPENAPI_31
from werkzeug.serving import make_server

from tests.processes import wait_until
from tests.serving import scaling_bundle, write_bundle
from tracker import settings
from tracker.bundles.making import make
from tracker.errors import RefusedError, TrackerError, TransportError
from tracker.manifest import Example, Field, Form, Signature
from tracker.serving import pages
from tracker.serving.answering import Answering, Doors
from tracker.serving.counts import Counts
from tracker.serving.holding import Holder, Options, load, note_end
from tracker.serving.source import Folder, Registered, Version

LAUNCHED = "http://tracker.example"
DOORS = Doors(origins=frozenset({LAUNCHED}))


@contextmanager
def answering(bundle, folder, *, doors=DOORS, is_ready=True, **options):
    """The address of a server in this process, which has loaded the bundle."""
    source, counts = Folder(bundle), Counts()
    holder = Holder(source, source.first(), Options(**options), counts, folder=folder)
    app = pages.make(holder, counts, address="http://models.example", needs_token=doors.token is not None)
    server = make_server("127.0.0.1", 0, Answering(app, holder, counts, doors), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    if is_ready:
        holder.start()
        wait_until(lambda: holder.held is not None, "the bundle is loaded")
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        holder.stop()


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """Of a model that gives `y`, twice `x`."""
    folder = tmp_path_factory.mktemp("serving")
    with answering(scaling_bundle(folder / "scaling"), folder) as url:
        yield url


def ask(url, inputs, **more):
    return requests.post(f"{url}/predictions", json={"input": inputs, **more}, timeout=30)


def error_of(answer):
    return answer.json()["error"]


def test_inputs_become_outputs(url):
    answer = ask(url, {"x": [[1, 2, 3], [4, 5, 6.5]]})
    assert answer.status_code == 200
    assert answer.json() == {"output": {"y": [[2, 4, 6], [8, 10, 13]]}, "model": "scaling", "version": None}


def test_an_id_is_given_back(url):
    assert ask(url, {"x": [[1, 2, 3]]}, id="request 7").json()["id"] == "request 7"


def test_numbers_that_json_has_no_word_for_have_names(url):
    answer = ask(url, {"x": [["NaN", "Infinity", "-Infinity"]]})
    assert answer.json()["output"] == {"y": [["NaN", "Infinity", "-Infinity"]]}


@pytest.mark.parametrize(
    ("inputs", "field", "said"),
    [
        ({}, "x", "is missing"),
        ({"x": [[1, 2, 3]], "z": 1}, "z", "no input 'z'"),
        ({"x": [[1, 2]]}, "x", r"float32 \[batch, 3\]"),
        ({"x": [[1, "two", 3]]}, "x", r"x\[0\]\[1\]"),
        ({"x": None}, "x", "x"),
        ({"x": {"a": 1}}, "x", "x"),
    ],
    ids=["missing", "unknown", "shape", "type", "null", "object"],
)
def test_an_input_that_is_wrong_is_named(url, inputs, field, said):
    answer = ask(url, inputs)
    assert (answer.status_code, error_of(answer)["code"], error_of(answer)["field"]) == (422, "bad_input", field)
    assert re.search(said, error_of(answer)["message"])


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b'{"input": ', {}, 400, "bad_json"),
        (b'{"input": {"x": NaN}}', {}, 400, "bad_json"),
        (b'{"input": {"x": "\xff"}}', {}, 400, "bad_json"),
        (b'{"input": {"x": ' + 100_000 * b"[", {}, 400, "bad_json"),
        (b"", {}, 400, "bad_json"),
        (b"[]", {}, 422, "bad_request"),
        (b'{"inputs": {}}', {}, 422, "bad_request"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "bad_type"),
        (b"{}", {"Content-Encoding": "gzip"}, 415, "bad_encoding"),
    ],
    ids=["truncated", "bare NaN", "no UTF-8", "deep", "empty", "no object", "no input", "text", "compressed"],
)
def test_a_body_that_is_none_is_refused(url, body, headers, status, code):
    given = {"Content-Type": "application/json"} | headers
    answer = requests.post(f"{url}/predictions", data=body, headers=given, timeout=30)
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)
    assert error_of(answer)["request_id"] == answer.headers["X-Request-Id"]


def test_a_body_that_is_too_large_is_not_read(tmp_path):
    with answering(scaling_bundle(tmp_path / "scaling"), tmp_path, doors=Doors(max_body_bytes=50)) as url:
        assert ask(url, {"x": [[1, 2, 3]]}).status_code == 200
        answer = ask(url, {"x": [[1, 2, 3]] * 50})
        assert (answer.status_code, error_of(answer)["code"]) == (413, "too_large")


def test_a_model_that_raises_fails_its_own_request_alone(tmp_path):
    with answering(picking_bundle(tmp_path / "picking"), tmp_path) as url, ThreadPoolExecutor(12) as pool:
        asked = [0, 1, 99, 2] * 6
        answers = list(pool.map(lambda index: ask(url, {"index": [index]}), asked))
        assert [answer.status_code for answer in answers] == [500 if index == 99 else 200 for index in asked]
        assert [one.json()["output"]["value"] for one in answers if one.ok] == [[10 * i] for i in asked if i != 99]
        failed = error_of(answers[2])
        assert (failed["code"], failed["request_id"]) == ("model_failed", answers[2].headers["X-Request-Id"])


def picking_bundle(folder):
    """A model that gives the entry of a table, and fails beyond its end."""
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "index"], ["value"])], "picking",
        [helper.make_tensor_value_info("index", TensorProto.INT64, ["n"])],
        [helper.make_tensor_value_info("value", TensorProto.INT64, ["n"])],
        [onnx.numpy_helper.from_array(np.asarray([0, 10, 20], np.int64), "table")],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    fields = (Field("index", "int64", ("n",)),), (Field("value", "int64", ("n",)),)
    forms = (Form(kind="onnx", file="model.onnx"),)
    files = {"model.onnx": made.SerializeToString()}
    return write_bundle(folder, files, forms=forms, signature=Signature(*fields, is_batched=True))


def test_before_a_version_is_loaded_it_says_so(tmp_path):
    with answering(scaling_bundle(tmp_path / "scaling"), tmp_path, is_ready=False) as url:
        health = requests.get(f"{url}/health-check", timeout=30)
        assert (health.status_code, health.json()["status"]) == (503, "STARTING")
        answer = ask(url, {"x": [[1, 2, 3]]})
        assert (answer.status_code, error_of(answer)["code"]) == (503, "not_ready")
        assert requests.get(f"{url}/", timeout=30).status_code == 200
        check_document(requests.get(f"{url}/openapi.json", timeout=30).json())


def test_health_says_what_is_held(url):
    health = requests.get(f"{url}/health-check", timeout=30)
    assert health.status_code == 200
    assert health.json().items() >= {"status": "READY", "model": "scaling", "form": "onnx"}.items()


def test_the_page_says_what_is_served_and_runs_nothing(tmp_path):
    described = Field("x", "float32", ("n", 3), "<script>alert(1)</script>")
    signature = Signature((described,), (Field("y", "float32", ("n", 3)),), is_batched=True)
    with answering(scaling_bundle(tmp_path / "scaling", signature=signature), tmp_path) as url:
        page = requests.get(f"{url}/", headers={"Accept": "text/html,*/*;q=0.8"}, timeout=30)
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "<script" not in page.text
        assert "curl http://models.example/predictions" in page.text
        assert "n × 3" in page.text
        said = requests.get(f"{url}/", headers={"Accept": "application/json"}, timeout=30).json()
        assert said["status"] == "READY"


def check_document(document):
    jsonschema.Draft202012Validator(OPENAPI_31).validate(document)


def test_the_document_is_openapi_and_allows_what_is_answered(url):
    document = requests.get(f"{url}/openapi.json", timeout=30).json()
    check_document(document)
    operation = document["paths"]["/predictions"]["post"]
    body = operation["requestBody"]["content"]["application/json"]
    asked = jsonschema.Draft202012Validator(body["schema"])
    asked.validate(body["example"])
    assert not asked.is_valid({"input": {"x": [[1, 2]]}})
    assert not asked.is_valid({"input": {}})
    answer = requests.post(f"{url}/predictions", json=body["example"], timeout=30)
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.Draft202012Validator(schema).validate(answer.json())


def figures(url):
    text = requests.get(f"{url}/metrics", timeout=30).text
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}


def test_requests_and_calls_are_counted(tmp_path):
    with answering(scaling_bundle(tmp_path / "scaling"), tmp_path) as url:
        for inputs in ({"x": [[1, 2, 3]] * 4}, {"x": 1}):
            ask(url, inputs)
        requests.get(f"{url}/a/path/of/a/client", timeout=30)
        found = figures(url)
    assert found['tracker_serve_requests_total{route="/predictions",status="200"}'] == 1
    assert found['tracker_serve_requests_total{route="/predictions",status="422"}'] == 1
    assert found['tracker_serve_requests_total{route="(none)",status="404"}'] == 1
    assert found["tracker_serve_request_seconds_count"] == 2
    assert found["tracker_serve_batch_rows_sum"] == 4


def test_the_tracking_server_s_page_may_ask_and_others_may_not(url):
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    allowed = requests.options(f"{url}/predictions", headers={"Origin": LAUNCHED} | wanted, timeout=30)
    assert (allowed.status_code, allowed.headers["Access-Control-Allow-Origin"]) == (204, LAUNCHED)
    assert "Content-Type" in allowed.headers["Access-Control-Allow-Headers"]
    refused = requests.options(f"{url}/predictions", headers={"Origin": "http://evil.example"} | wanted, timeout=30)
    assert (refused.status_code, refused.headers.get("Access-Control-Allow-Origin")) == (403, None)
    answer = requests.post(
        f"{url}/predictions", json={"input": {"x": [[1, 2, 3]]}}, headers={"Origin": LAUNCHED}, timeout=30
    )
    assert answer.headers["Access-Control-Allow-Origin"] == LAUNCHED
    assert "X-Model-Version" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("host", ["127.0.0.1:8091", "LocalHost", "[::1]:8091"])
def test_it_answers_by_its_own_names(local, host):
    assert requests.get(f"{local}/health-check", headers={"Host": host}, timeout=30).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8091", "127.0.0.1.evil.example:8091", ""])
def test_a_name_that_was_made_to_mean_this_machine_gets_no_answer(local, host):
    answer = requests.post(f"{local}/predictions", json={"input": {}}, headers={"Host": host}, timeout=30)
    assert (answer.status_code, error_of(answer)["code"]) == (403, "bad_host")


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """Of a server that knows what it is called."""
    folder = tmp_path_factory.mktemp("local")
    doors = Doors(hosts=frozenset({"127.0.0.1", "localhost", "[::1]"}))
    with answering(scaling_bundle(folder / "scaling"), folder, doors=doors) as url:
        yield url


def test_with_a_token_only_the_health_is_open(tmp_path):
    with answering(scaling_bundle(tmp_path / "scaling"), tmp_path, doors=Doors(token="s3cret")) as url:
        closed = {path: requests.get(url + path, timeout=30).status_code for path in ("/", "/metrics", "/openapi.json")}
        assert set(closed.values()) == {401}
        assert requests.get(f"{url}/health-check", timeout=30).status_code == 200
        wrong = requests.post(f"{url}/predictions", json={}, headers={"Authorization": "Bearer x"}, timeout=30)
        assert (wrong.status_code, wrong.headers["WWW-Authenticate"]) == (401, "Bearer")
        right = requests.post(
            f"{url}/predictions", json={"input": {"x": [[1, 2, 3]]}}, headers={"Authorization": "Bearer s3cret"},
            timeout=30,
        )  # fmt: skip
        assert right.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/predictions", 405),
        ("POST", "/health-check", 405),
        ("GET", "/else", 404),
        ("GET", "/predictions/", 404),
    ],
)
def test_other_addresses_are_answered_in_json(url, method, path, status):
    answer = requests.request(method, url + path, timeout=30)
    assert answer.status_code == status
    assert error_of(answer)["message"]


def test_a_version_that_cannot_answer_its_example_is_not_held(tmp_path, capsys):
    example = Example("example/output.json", "example/output.json")
    bundle = scaling_bundle(tmp_path / "scaling", example=example)
    source = Folder(bundle)
    reasons = []
    holder = Holder(source, source.first(), Options(), Counts(), folder=tmp_path, on_failure=reasons.append)
    holder.start()
    holder.join(30)
    assert holder.held is None
    assert "cannot answer its own example" in reasons[0]


class Counting:
    """A class of Python that fails in ways of its own."""

    def load(self, files):
        pass

    def predict(self, text):
        if text == "leave":
            raise SystemExit(3)
        return {"length": len(text)}


def test_a_class_of_python_is_served_and_cannot_end_the_server(tmp_path):
    make(Counting(), tmp_path / "counting", example={"text": "four"})
    with answering(tmp_path / "counting", tmp_path) as url:
        assert requests.get(f"{url}/health-check", timeout=30).json()["form"] == "python"
        left = ask(url, {"text": "leave"})
        assert (left.status_code, error_of(left)["code"]) == (500, "model_failed")
        assert ask(url, {"text": "hello"}).json()["output"] == {"length": 5}


class Reusing:
    """A class of Python that writes each answer where the one before lies."""

    def load(self, files):
        import numpy

        self.answer = numpy.zeros((1, 3), "float32")

    def predict(self, x):
        self.answer[:] = 2 * x
        return {"y": self.answer}


@pytest.mark.parametrize("max_batch", [1, 8])
def test_an_answer_stays_what_it_is_while_the_next_one_is_made(tmp_path, max_batch):
    make(Reusing(), tmp_path / "reusing", example={"x": np.ones((1, 3), np.float32)})
    held = load(Folder(tmp_path / "reusing").first(), Options(max_batch=max_batch), Counts())
    answers = []
    for number in (1, 2):
        held.engine.expect()
        answers.append(held.engine.run({"x": np.full((1, 3), number, np.float32)})["y"])
    assert [answer.tolist() for answer in answers] == [[[2, 2, 2]], [[4, 4, 4]]]


class Odd:
    """A class of Python whose answers are texts of another kind, or texts that are none."""

    def load(self, files):
        pass

    def predict(self, text):
        class Text(str):
            pass

        return {"said": "\ud800" if text == "half" else Text(text)}


def test_texts_of_any_kind_are_answered_and_those_that_are_none_fail_alone(tmp_path):
    make(Odd(), tmp_path / "odd", example={"text": "four"})
    with answering(tmp_path / "odd", tmp_path) as url:
        assert ask(url, {"text": "whole"}).json()["output"] == {"said": "whole"}
        failed = ask(url, {"text": "half"})
        assert (failed.status_code, error_of(failed)["code"]) == (500, "model_failed")
        assert figures(url)["tracker_serve_errors_total"] == 1


def test_whatever_goes_wrong_is_answered_and_counted(tmp_path, monkeypatch):
    def broken(*_):
        raise MemoryError

    with answering(scaling_bundle(tmp_path / "scaling"), tmp_path) as url:
        monkeypatch.setattr("tracker.serving.answering.read_inputs", broken)
        failed = ask(url, {"x": [[1, 2, 3]]})
        assert (failed.status_code, error_of(failed)["code"]) == (500, "failed")
        assert figures(url)["tracker_serve_errors_total"] == 1


@contextmanager
def holding(bundle, folder):
    """What holds the bundle, or tries to, in one of the processes that share the folder."""
    source = Folder(bundle)
    holder = Holder(source, source.first(), Options(), Counts(), folder=folder)
    holder.start()
    try:
        yield holder
    finally:
        holder.stop()


def test_a_worker_that_could_not_load_tries_again(tmp_path, monkeypatch):
    monkeypatch.setattr("tracker.serving.holding.AGAIN_S", 0.05)
    bundle = scaling_bundle(tmp_path / "scaling")
    with holding(bundle, tmp_path) as other:
        wait_until(lambda: other.state == "READY", "another worker has loaded it")
    content = (bundle / "model.onnx").read_bytes()
    (bundle / "model.onnx").write_bytes(b"something else")
    with holding(bundle, tmp_path) as holder:
        assert holder.state == "UNAVAILABLE"
        (bundle / "model.onnx").write_bytes(content)
        wait_until(lambda: holder.state == "READY", "it has loaded it too")


def test_a_version_that_cannot_be_noted_is_served(tmp_path):
    (tmp_path / "good.json").mkdir()
    with holding(scaling_bundle(tmp_path / "scaling"), tmp_path) as holder:
        wait_until(lambda: holder.state == "READY", "it is open")


class Moving(Folder):
    """A model whose versions are all the same folder; `meant` is the one that is meant now."""

    meant = 1

    def __init__(self, bundle):
        super().__init__(bundle, "scaling", 1)
        self.follows = True

    def number(self):
        return self.meant

    def fetch(self, number):
        return super().fetch(number)._replace(number=number)


def test_a_version_that_ended_a_process_is_not_loaded_in_place_of_one_that_answers(tmp_path, capsys):
    source = Moving(scaling_bundle(tmp_path / "scaling"))
    holder = Holder(source, source.first(), Options(look_every_s=0.02), Counts(), folder=tmp_path)
    holder.start()
    wait_until(lambda: holder.state == "READY", "it holds the first version")
    (tmp_path / "loading-4711-2").touch()
    assert note_end(tmp_path, 4711) is None
    source.meant = 2
    wait_until(lambda: "was killed" in holder.reason, "it says why it does not load the second")
    assert holder.held.version == 1
    assert "scaling:v2 is not loaded: a process that loaded it was killed" in capsys.readouterr().err
    os.utime(tmp_path / "killed-2", (0, 0))
    wait_until(lambda: holder.held.version == 2, "it is tried again after a while")
    holder.stop()
    holder.join(30)
    assert not list(tmp_path.glob("loading-*"))


def test_a_version_that_is_being_loaded_leaves_a_mark(tmp_path, monkeypatch):
    seen = []

    def loading(*given):
        seen.extend(file.name for file in tmp_path.glob("loading-*"))
        return load(*given)

    monkeypatch.setattr("tracker.serving.holding.load", loading)
    with holding(scaling_bundle(tmp_path / "scaling"), tmp_path) as holder:
        wait_until(lambda: holder.state == "READY", "it is loaded")
    assert seen == [f"loading-{os.getpid()}-None"]


IN_A_FORK = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


def registered(monkeypatch, fetched):
    monkeypatch.setattr(Registered, "_fetched", fetched)
    return Registered("digits@production", settings.load(url="http://127.0.0.1:1"))


@IN_A_FORK
def test_the_first_version_is_fetched_by_a_process_of_its_own(monkeypatch, tmp_path):
    first = registered(monkeypatch, lambda self, ref: Version(ref, os.getpid(), tmp_path)).first()
    assert (first.model, first.folder) == ("digits@production", tmp_path)
    assert first.number != os.getpid()


@IN_A_FORK
@pytest.mark.parametrize(
    "error",
    [ValueError("bad"), TransportError("away"), RefusedError("no", code="unauthorized"), TrackerError("why")],
    ids=lambda error: type(error).__name__,
)
def test_what_keeps_it_from_being_fetched_is_raised(monkeypatch, error):
    def failing(self, ref):
        raise error

    with pytest.raises(type(error), match=str(error)) as raised:
        registered(monkeypatch, failing).first()
    assert type(raised.value) is type(error)
    assert getattr(raised.value, "code", None) == getattr(error, "code", None)


@IN_A_FORK
def test_a_process_that_ends_while_it_fetches_is_said_to(monkeypatch):
    with pytest.raises(TrackerError, match="ended before it was there"):
        registered(monkeypatch, lambda self, ref: os._exit(3)).first()


@pytest.mark.parametrize("rows", [1, 1000])
def test_an_example_is_kept_for_the_page_where_it_is_short(tmp_path, rows):
    make(Counting(), tmp_path / "counting", example={"text": "four" * rows})
    held = load(Folder(tmp_path / "counting").first(), Options(), Counts())
    assert (held.example is not None) is (rows == 1)
