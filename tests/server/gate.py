"""A model with rules, asked through the API as its clients do, for tests."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import NOW_MS
from tests.server.logged import digest_of, log_artifact, log_run, manifest, writing
from tests.server.model_registry import Registry
from tracker_server import artifacts, runs
from tracker_server.artifacts.service import note_blob


@dataclass
class Gate:
    """The model `digits` of a server. `version` makes its next version, whose run has these values."""

    app: Flask
    client: FlaskClient
    made: int = field(default=0)

    @property
    def registry(self) -> Registry:
        return Registry(self.client)

    def version(
        self,
        values: dict[str, float] | None = None,
        *,
        config: dict[str, Any] | None = None,
        files: dict[str, bytes] | None = None,
    ) -> str:
        """The id of its run."""
        self.made += 1
        run_id = f"made{self.made}"
        with writing(self.app) as session:
            run = log_run(session, run_id, config=config, values=values)
            version_id = log_artifact(session, run, files or {"model.pt": run_id.encode()}).id
        answer = self.registry.register(version_id)
        assert answer.status_code == 201, answer.text
        return run_id

    def run(
        self,
        values: dict[str, float] | None,
        *,
        config: dict[str, Any],
        commit: str = "c0ffee",
        status: str = "finished",
        read: int | None = None,
    ) -> str:
        """The id of a run that ended so, of this code; `read` is an artifact version that it has used."""
        self.made += 1
        run_id = f"made{self.made}"
        with writing(self.app) as session:
            run = log_run(session, run_id, config=config, values=values)
            run.status, run.environment = status, {"git": {"commit": commit}}
            if read is not None:
                artifacts.use(session, run, read, time_ms=NOW_MS)
        return run_id

    def register_run(self, run_id: str) -> None:
        """Make what the run has logged the model's next version."""
        with writing(self.app) as session:
            version_id = log_artifact(session, runs.get(session, run_id), {"model.pt": run_id.encode()}).id
        assert self.registry.register(version_id).status_code == 201

    def seeds(self, values: list[float], *, metric: str = "acc", lr: float = 0.1, **fields: Any) -> list[str]:
        """Runs of one recipe with these values, each of another seed; the first is the model's next version."""
        made = [
            self.run({metric: value}, config={"lr": lr, "data": {"seed": seed}}, **fields)
            for seed, value in enumerate(values)
        ]
        self.register_run(made[0])
        return made

    def evaluate(
        self,
        run_id: str,
        text: str,
        *,
        name: str = "eval",
        data: str | None = None,
        metrics: tuple[str, ...] = ("acc",),
    ) -> None:
        """Have the run log results by example."""
        content = text.encode()
        blobs: artifacts.BlobStore = self.app.extensions["tracker.blobs"]
        blobs.put(digest_of(content), io.BytesIO(content).read)
        with writing(self.app) as session:
            note_blob(session, digest_of(content), len(content), now_ms=NOW_MS)
            details = {"metrics": list(metrics), **({"data": data} if data is not None else {})}
            record = manifest({"evaluation.csv": content}, name=name, kind="evaluation", metadata=details)
            run = runs.get(session, run_id)
            artifacts.log_version(session, run, record, actor_id=run.created_by, now_ms=NOW_MS)

    def hold(self, version: int, *, alias: str = "production") -> None:
        assert self.registry.move(version=version, replaces=None, alias=alias).status_code == 200

    def put(self, text: str, *, revision: int = 0) -> TestResponse:
        return self.client.put(f"{self.registry.address}/rules", json={"text": text, "revision": revision})

    def ask(
        self, rules: str | None = None, *, candidate: str = "latest", against: str = "production"
    ) -> dict[str, Any]:
        body = {"candidate": candidate, "against": against, "rules": rules}
        answer = self.client.post(f"{self.registry.address}/gate", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def result(self, rule: str, **options: Any) -> dict[str, Any]:
        """What comes of the one rule, which is written as an item of a list without its dash."""
        (result,) = self.ask(f"rules:\n- {rule}\n", **options)["rules"]
        return dict(result)
