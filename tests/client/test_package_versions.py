"""`tracker package` of a version that a server has: fetched, verified, under its name and with its card."""

from __future__ import annotations

import pytest

import tracker
from tests.client.bundled import bundle
from tests.client.served import served
from tests.frames import START_MS
from tracker import cli
from tracker.records import ArtifactLogged, Logged, RunFinished


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    """A server with the model `product`, whose v1 is a bundle and in production, and v2 is loose files."""
    folder = tmp_path_factory.mktemp("stocked")
    made = bundle(folder / "made")
    with served(folder / "server") as server:
        paths = sorted(path for path in made.rglob("*") if path.is_file())
        files = tuple(server.upload(path.relative_to(made).as_posix(), path.read_bytes()) for path in paths)
        server.log(
            "trained",
            Logged(0, START_MS, {"val/acc": 0.9}),
            ArtifactLogged(START_MS, "bundle", "model", files),
            ArtifactLogged(START_MS, "loose", "model", files[:1]),
            RunFinished(START_MS + 1, "finished", 0),
        )
        tracker.register_model("product", "digits/bundle:latest", alias="production", url=server.url)
        tracker.register_model("product", "digits/loose:latest", url=server.url)
        yield server


@pytest.fixture
def server(stocked, monkeypatch):
    """The one that the environment points at."""
    monkeypatch.setenv("TRACKER_URL", stocked.url)
    return stocked


def packed(ref, out, *more):
    return cli.main(["package", ref, "--out", str(out), *more])


def test_a_version_is_packaged_under_its_name_and_number(server, tmp_path, capsys):
    assert packed("product@production", tmp_path / "out") == 0
    assert "product:v1 for docker" in capsys.readouterr().out
    assert "product:v1, served on port 8091" in (tmp_path / "out" / "Dockerfile").read_text()


def test_the_hub_gets_the_card_that_the_server_makes(server, tmp_path, monkeypatch):
    hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert packed("product:v1", tmp_path / "out", "--format", "huggingface") == 0
    card = hub.ModelCard.load(tmp_path / "out" / "README.md")
    (result,) = card.data.eval_results
    assert (result.metric_type, result.metric_value) == ("val/acc", 0.9)
    assert hub.metadata_load(tmp_path / "out" / "README.md")["model-index"]


@pytest.mark.parametrize(
    ("ref", "status", "reason"),
    [
        ("product:v2", 1, "tracker.yaml"),
        ("product:v9", 1, "v9"),
        ("product@staging", 1, "staging"),
        ("nothing", 1, "nothing"),
        ("a b:v1", 2, "a model's name"),
    ],
    ids=["loose files", "no such version", "no such alias", "no such model", "no name"],
)
def test_what_is_no_bundle_of_the_server_is_told(server, tmp_path, capsys, ref, status, reason):
    assert packed(ref, tmp_path / "out") == status
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_server_that_is_away_is_told(tmp_path, capsys):
    assert packed("product:v1", tmp_path / "out", "--url", "http://127.0.0.1:1") == 3
    assert "tracker: " in capsys.readouterr().err
