"""`tracker.register_model` makes what a run has logged a model's next version, on a real server."""

from __future__ import annotations

import pytest

import tracker
from tests.client.served import served
from tests.processes import free_port


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    with served(tmp_path_factory.mktemp("server")) as made:
        yield made


@pytest.fixture
def api(models, monkeypatch):
    monkeypatch.setenv("TRACKER_URL", models.url)
    made = tracker.Api()
    yield made
    made.close()


@pytest.fixture
def weights(tmp_path):
    """A file of that name and content."""

    def write(content, name="model.pt"):
        path = tmp_path / name
        path.write_text(content)
        return path

    return write


def test_what_was_logged_becomes_a_version(api, start, weights):
    run = start()
    logged = tracker.log_artifact(weights("one"), name="checkpoint", type="model")
    version = tracker.register_model("logged", logged, description="the first")
    assert (version.ref, version.run, version.artifact) == ("logged:v1", run.id, "checkpoint:v1")
    assert version.url == f"{api.url}/models/logged/1"
    assert api.model("logged").versions[0].description == "the first"


def test_files_and_folders_are_logged_first(api, start, weights, tmp_path):
    start()
    (tmp_path / "tokens").mkdir()
    weights("a b c", "tokens/words.txt")
    version = tracker.register_model("files", [weights("one"), tmp_path / "tokens"])
    folder = tracker.use_model(version.ref)
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*")) == ["model.pt", "tokens/words.txt"]
    (artifact,) = [made for made in api.run(version.run).artifacts() if made.direction == "output"]
    assert (artifact.ref, artifact.kind) == ("files:v1", "model")


def test_two_files_of_one_path_are_refused(api, start, weights, tmp_path):
    start()
    (tmp_path / "other").mkdir()
    with pytest.raises(ValueError, match=r"'model.pt' is in the artifact already, from .*; give another name"):
        tracker.register_model("files", [weights("one"), weights("two", "other/model.pt")])


@pytest.mark.parametrize("ref", ["steps:v1", "steps:latest", "steps@best"])
def test_a_reference_names_what_was_just_logged(api, start, weights, ref):
    start()
    tracker.log_artifact(weights(f"of {ref}"), name="steps", aliases=["best"])
    version = tracker.register_model("referred", ref)
    (made,) = api.run(tracker.run.id).artifacts()
    assert version.artifact == ("steps:v1" if ref == "steps:v1" else made.ref)


def test_without_a_run_a_reference_needs_its_project(api, start, weights):
    start("elsewhere")
    tracker.log_artifact(weights("one"), name="checkpoint")
    tracker.finish()
    with pytest.raises(ValueError, match="says of no project"):
        tracker.register_model("afterwards", "checkpoint:v1")
    assert tracker.register_model("afterwards", "checkpoint:v1", project="elsewhere").version == 1
    assert tracker.register_model("afterwards", "elsewhere/checkpoint:latest").version == 1


def test_what_a_run_of_the_server_made_is_registered(api, start, weights):
    run = start()
    tracker.log_artifact(weights("one"), name="checkpoint")
    run.finish()
    assert tracker.register_model("read-back", api.run(run.id).artifacts()[0]).version == 1


def test_equal_files_are_one_version(api, start, weights):
    start()
    first = tracker.register_model("equal", weights("one"))
    assert tracker.register_model("equal", weights("one")).ref == first.ref
    assert tracker.register_model("equal", weights("two")).version == 2


def test_an_alias_points_at_the_new_version(api, start, weights):
    start()
    tracker.register_model("aliased", weights("one"), alias="candidate")
    version = tracker.register_model("aliased", weights("two"), alias="candidate")
    assert version.aliases == ["candidate"]
    assert api.model("aliased").aliases == {"candidate": 2}


def test_a_file_without_a_run_is_an_error(api, weights):
    with pytest.raises(tracker.NoActiveRunError, match=r"register_model\(\) of files"):
        tracker.register_model("digits", weights("one"))


@pytest.mark.parametrize(
    ("name", "source", "what"),
    [
        ("no/name", "model:v1", "a model's name has 1 to 128 letters"),
        ("", "model:v1", "a model's name must not be empty"),
        ("digits", "model.onnx", "there is no file or folder at 'model.onnx'"),
        ("digits", [], "needs at least one file"),
        ("digits", 7, "source must be a reference"),
    ],
)
def test_a_wrong_argument_is_named(api, start, name, source, what):
    start()
    with pytest.raises((ValueError, TypeError, FileNotFoundError), match=what):
        tracker.register_model(name, source)


def test_an_alias_that_is_a_version_is_refused_before_anything_is_logged(api, start, weights):
    run = start()
    with pytest.raises(ValueError, match="always point where they say"):
        tracker.register_model("digits", weights("one"), alias="v3")
    run.finish()
    assert api.run(run.id).artifacts() == []


def test_a_reference_to_nothing_is_the_servers_word(api, start):
    start()
    with pytest.raises(LookupError, match="has no artifact 'nothing'"):
        tracker.register_model("digits", "nothing:v1")


@pytest.mark.parametrize(("mode", "what"), [("offline", "sent by `tracker sync`"), ("disabled", "was not kept")])
def test_a_run_that_is_not_online_cannot_register(api, start, weights, mode, what):
    start(mode=mode)
    with pytest.raises(tracker.TrackerError, match=what):
        tracker.register_model("digits", weights("one"))


def test_a_server_that_is_away_is_an_error_and_the_files_are_kept(start, weights, monkeypatch, journals):
    monkeypatch.setenv("TRACKER_URL", f"http://127.0.0.1:{free_port()}")
    start(finish_timeout_s=0)
    with pytest.raises(tracker.TransportError, match="cannot be reached"):
        tracker.register_model("digits", weights("one"), timeout_s=0)
    assert len(journals()) == 1


def test_a_refused_run_is_the_servers_word(tmp_path, start, weights, monkeypatch):
    with served(tmp_path / "guarded", needs_key=True) as guarded:
        monkeypatch.setenv("TRACKER_URL", guarded.url)
        start(finish_timeout_s=0)
        with pytest.raises(tracker.RefusedError, match="needs to know who asks"):
            tracker.register_model("digits", weights("one"))


def test_a_server_without_the_route_is_older(server, start, weights):
    start()
    server.lacks = "/versions"
    with pytest.raises(tracker.RefusedError, match="older than this client"):
        tracker.Api().register_model("digits", 1)


def test_promoting_names_the_version_that_was_seen(api, start, weights):
    start()
    version = tracker.register_model("promoted", weights("one"))
    moved = tracker.promote(version, "champion", reason="it is the first")
    assert (moved.version, moved.replaced) == (1, None)
    second = tracker.register_model("promoted", weights("two"))
    assert tracker.promote(second.ref, "champion", reason="it is better").replaced == 1


def test_promoting_needs_a_reason(api, start, weights):
    start()
    version = tracker.register_model("reasons", weights("one"))
    with pytest.raises(ValueError, match="reason must not be empty"):
        tracker.promote(version, reason=" ")
