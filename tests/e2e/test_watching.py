"""What was watched of a model in training is on the server."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import tracker
from tests.processes import Server, environment, run_script
from tracker import kinds
from tracker_server.db import Database
from tracker_server.media.models import MediaItem

pytest.importorskip("torch")

TRAIN = """
import torch, tracker
torch.set_num_threads(1)
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with tracker.init("digits", capture_code=False) as run:
    tracker.watch(model, "all", log_freq=10)
    for step in range(21):
        optimizer.zero_grad()
        loss = model(torch.randn(16, 4)).square().mean()
        loss.backward()
        optimizer.step()
        tracker.log({"loss": loss.item()})
"""


def test_the_server_has_the_histograms_and_norms_of_a_watched_model(tmp_path: Path) -> None:
    with Server(tmp_path / "server") as server:
        done = run_script(TRAIN, environment(server.url, tmp_path / "client"), timeout_s=120)
        assert done.returncode == 0, done.stderr
        (run,) = tracker.Api(server.url).runs("digits")
        history = run.history(["gradients/norm", "parameters/norm"])
        assert history["step"] == [0, 10, 20]
        assert all(norm > 0 for norm in history["gradients/norm"] + history["parameters/norm"])
    database = Database(f"sqlite:///{tmp_path}/server/tracker.db")
    with database.reading() as session:
        kept = list(session.execute(sa.select(MediaItem.name, MediaItem.step, MediaItem.digest, MediaItem.details)))
    database.close()
    names = [
        f"{of}/{place}" for of in ("gradients", "parameters") for place in ("0.weight", "0.bias", "2.weight", "2.bias")
    ]
    assert sorted((name, step) for name, step, _, _ in kept) == sorted(
        (name, step) for name in names for step in (0, 10, 20)
    )
    assert {digest for _, _, digest, _ in kept} == {None}
    weights = [kinds.read("histogram", details) for name, _, _, details in kept if name.endswith("0.weight")]
    assert {sum(histogram.counts) for histogram in weights if isinstance(histogram, kinds.Histogram)} == {32.0}
