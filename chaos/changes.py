"""One request for every route that changes something, each on a project of its own.

What always holds: `CASES` and `APART` together name every such route of the app; a test sees to it. A case makes what
its request needs over the API, directly, and gives the request; the same case with another word gives the same request
about another project, and so has the same effect.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chaos.stored import ask
from tests.frames import START_MS, Journal
from tracker.records import (
    ArtifactCopied,
    ArtifactFile,
    ArtifactLogged,
    CorrectionCopied,
    LeaderboardCopied,
    Logged,
    Record,
    RunFinished,
    ViewCopied,
    encode,
    frame,
)
from tracker_server.app import APIS

WEBHOOK = {"name": "bot", "url": "https://hooks.invalid/", "events": ["alias.removed"]}


@dataclass(frozen=True)
class Change:
    """A request that changes something; its path is below /api/v1.

    One that `shows_secret` is carried out once too, but sent again it is refused, since its answer is not kept.
    """

    method: str
    path: str
    json: dict[str, Any] | None = None
    data: bytes | None = None
    params: dict[str, str] = field(default_factory=dict)
    shows_secret: bool = False


@dataclass(frozen=True)
class Stage:
    """A project of its own on the server at `url`, whose names all have `word` in them."""

    url: str
    word: str

    @property
    def project(self) -> str:
        return f"project-{self.word}"

    @property
    def run(self) -> str:
        return f"run-{self.word}"

    def do(self, method: str, path: str, **options: Any) -> Any:
        """A request that has to succeed; what it is answered, {} for nothing."""
        answer = ask(self.url, method, path, **options)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}

    def make_project(self) -> None:
        self.do("POST", "/projects", json={"name": self.project})

    def journal(self) -> Journal:
        return Journal(run_id=self.run, project=self.project).started()

    def make_run(self, *more: Record) -> str:
        """A run that is running and has logged one point of `loss`."""
        journal = self.journal().add(Logged(0, START_MS, {"loss": 1.0}), *more)
        self.do("POST", f"/runs/{self.run}/journal", params={"writer": "w0"}, data=journal.body())
        return self.run

    def make_artifacts(self, count: int) -> list[int]:
        """A run with so many versions of an artifact; their ids."""
        records = []
        for number in range(count):
            data = f"weights {number} of {self.word}".encode()
            digest = hashlib.sha256(data).hexdigest()
            self.do("PUT", f"/blobs/{digest}", data=data)
            records.append(ArtifactLogged(START_MS, "model", "model", (ArtifactFile("model.pt", digest, len(data)),)))
        run = self.make_run(*records)
        return sorted(one["id"] for one in self.do("GET", f"/runs/{run}/artifacts")["artifacts"])

    def make_model(self, promoted: int = 0) -> tuple[str, list[int]]:
        """A name for a model and two artifact versions; the first `promoted` of them are in production, in turn."""
        model, versions = f"model-{self.word}", self.make_artifacts(2)
        for number in range(promoted):
            body = {"artifact_version_id": versions[number], "replaces": number or None, "reason": "it is better"}
            self.do("POST", f"/models/{model}/aliases/production", json=body)
        return model, versions

    def make_bundle(self) -> str:
        """A model whose first version is a bundle; its name."""
        files = {"tracker.yaml": b"format: 1\nkind: files\npython: '3.12'\n"}
        digests = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
        for path, data in files.items():
            self.do("PUT", f"/blobs/{digests[path]}", data=data)
        listed = tuple(ArtifactFile(path, digests[path], len(data)) for path, data in files.items())
        run, model = self.make_run(ArtifactLogged(START_MS, "box", "model", listed)), f"model-{self.word}"
        (made,) = self.do("GET", f"/runs/{run}/artifacts")["artifacts"]
        self.do("POST", f"/models/{model}/versions", json={"artifact_version_id": made["id"]})
        return model

    def propose(self) -> str:
        """A proposal that waits; its path."""
        model, versions = self.make_model()
        body = {"artifact_version_id": versions[0], "reason": "it is better"}
        number = self.do("POST", f"/models/{model}/proposals", json=body)["number"]
        return f"/models/{model}/proposals/{number}"

    def make_superseded(self) -> str:
        """A run whose second process went on from step 0, so that step 1 of the first is superseded."""
        run = self.make_run(Logged(1, START_MS + 1, {"loss": 0.5}))
        again = Journal(run_id=run, project=self.project, writer="w1")
        again.started(START_MS + 5000, is_resumed=True, resume_from_step=0).add(
            Logged(1, START_MS + 6000, {"loss": 2.0})
        )
        self.do("POST", f"/runs/{run}/journal", params={"writer": "w1"}, data=again.body())
        return run

    def rename_metric(self) -> int:
        """A run whose metric is shown under another name; the correction that says so."""
        self.make_run()
        made = self.do("POST", f"/projects/{self.project}/corrections", json=_rename())
        return int(made["entry"]["id"])

    def make_webhook(self) -> str:
        """A webhook that is told of nothing that tests do; its path."""
        self.make_project()
        made = self.do("POST", f"/projects/{self.project}/webhooks", json=WEBHOOK)
        return f"/projects/{self.project}/webhooks/{made['webhook']['id']}"

    def send_test(self) -> str:
        """A delivery to where nobody is; its path."""
        webhook = self.make_webhook()
        return f"{webhook}/deliveries/{self.do('POST', f'{webhook}/test')['id']}"

    def make_person(self, kind: str = "service") -> str:
        """Somebody new; the name."""
        self.do("POST", "/people", json={"name": f"person-{self.word}", "kind": kind})
        return f"person-{self.word}"

    def keep_view(self) -> dict[str, Any]:
        self.make_project()
        view: dict[str, Any] = self.do("POST", f"/projects/{self.project}/views", json=_view())
        return view

    def keep_leaderboard(self) -> str:
        """A leaderboard; its path."""
        self.make_project()
        made = self.do("POST", f"/projects/{self.project}/leaderboards", json=_board())
        return f"/projects/{self.project}/leaderboards/{made['id']}"


def _rename() -> dict[str, Any]:
    return {"action": "rename", "metric": "loss", "shown_as": "train/loss", "reason": "it has another name now"}


def _view() -> dict[str, Any]:
    return {"name": "mine", "parameters": {"filter": "loss < 1"}}


def _create_project(stage: Stage) -> Change:
    return Change("POST", "/projects", {"name": stage.project})


def _choose_goal(stage: Stage) -> Change:
    stage.make_run()
    return Change("PUT", f"/projects/{stage.project}/goals", {"metric": "loss", "goal": "min"})


def _change_run(stage: Stage) -> Change:
    return Change("PATCH", f"/runs/{stage.make_run()}", {"tags": ["one", "two"], "is_archived": True, "reason": "old"})


def _restore_run(stage: Stage) -> Change:
    run = stage.make_run()
    stage.do("DELETE", f"/runs/{run}")
    return Change("POST", f"/runs/{run}/restore")


def _stop_run(stage: Stage) -> Change:
    return Change("POST", f"/runs/{stage.make_run()}/stop", {"reason": "it diverged"})


def _change_runs(stage: Stage) -> Change:
    run = stage.make_run()
    return Change("POST", f"/projects/{stage.project}/runs/change", {"action": "delete", "runs": [run]})


def _restore_segment(stage: Stage) -> Change:
    run = stage.make_superseded()
    (superseded,) = stage.do("GET", f"/runs/{run}/segments")["segments"]
    return Change("POST", f"/runs/{run}/segments/{superseded['number']}/restore")


def _make_correction(stage: Stage) -> Change:
    stage.make_run()
    return Change("POST", f"/projects/{stage.project}/corrections", _rename())


def _undo_correction(stage: Stage) -> Change:
    entry = stage.rename_metric()
    return Change("POST", f"/projects/{stage.project}/corrections/{entry}/undo", {"reason": "it was right"})


def _change_project(stage: Stage) -> Change:
    stage.make_project()
    return Change("PATCH", f"/projects/{stage.project}", {"is_archived": True, "reason": "done"})


def _delete_run(stage: Stage) -> Change:
    return Change("DELETE", f"/runs/{stage.make_run()}", params={"reason": "a typo"})


def _put_blob(stage: Stage) -> Change:
    data = f"bytes of {stage.word}".encode()
    return Change("PUT", f"/blobs/{hashlib.sha256(data).hexdigest()}", data=data)


def _put_blobs(stage: Stage) -> Change:
    blobs = [f"small bytes {number} of {stage.word}".encode() for number in range(3)]
    body = b"".join(hashlib.sha256(data).digest() + struct.pack("<I", len(data)) + data for data in blobs)
    return Change("POST", "/blobs/bulk", data=body)


def _register_version(stage: Stage) -> Change:
    model, versions = stage.make_model()
    return Change("POST", f"/models/{model}/versions", {"artifact_version_id": versions[0]})


def _change_rules(stage: Stage) -> Change:
    model, _ = stage.make_model(1)
    return Change("PUT", f"/models/{model}/rules", {"text": "rules:\n- tags: [reviewed]\n", "revision": 0})


def _move_alias(stage: Stage) -> Change:
    model, versions = stage.make_model(1)
    body = {"artifact_version_id": versions[1], "replaces": 1, "reason": "it is better"}
    return Change("POST", f"/models/{model}/aliases/production", body)


def _roll_back(stage: Stage) -> Change:
    model, _ = stage.make_model(2)
    return Change("POST", f"/models/{model}/aliases/production/rollback", {"replaces": 2, "reason": "it forgets"})


def _remove_alias(stage: Stage) -> Change:
    model, _ = stage.make_model(1)
    return Change("DELETE", f"/models/{model}/aliases/production", params={"replaces": "1", "reason": "not any more"})


def _registered(stage: Stage) -> str:
    model, versions = stage.make_model()
    stage.do("POST", f"/models/{model}/versions", json={"artifact_version_id": versions[0]})
    return model


def _change_model(stage: Stage) -> Change:
    return Change("PATCH", f"/models/{_registered(stage)}", {"description": "for digits", "tags": ["small"]})


def _archive_model(stage: Stage) -> Change:
    return Change("PUT", f"/models/{_registered(stage)}/archived", {"is_archived": True, "reason": "nobody uses it"})


def _change_version(stage: Stage) -> Change:
    return Change("PATCH", f"/models/{_registered(stage)}/versions/1", {"tags": ["good"]})


def _change_card(stage: Stage) -> Change:
    return Change("PATCH", f"/models/{_registered(stage)}/versions/1/card", {"limitations": "Digits alone."})


def _set_state(stage: Stage) -> Change:
    body = {"state": "deprecated", "reason": "it forgets"}
    return Change("PUT", f"/models/{_registered(stage)}/versions/1/state", body)


def _delete_version(stage: Stage) -> Change:
    return Change("DELETE", f"/models/{_registered(stage)}/versions/1", params={"reason": "a typo"})


def _record_verification(stage: Stage) -> Change:
    body = {"outcome": "pass", "checked": "replay", "load_ms": 12.5}
    return Change("POST", f"/models/{stage.make_bundle()}/versions/1/verifications", body)


def _report_consumer(stage: Stage) -> Change:
    body = {"version": 1, "ref": "v1", "kind": "serve", "host": "gpu1", "address": "http://gpu1:8000"}
    return Change("PUT", f"/models/{_registered(stage)}/consumers/gpu1-{stage.word}", body)


def _propose(stage: Stage) -> Change:
    model, versions = stage.make_model()
    body = {"artifact_version_id": versions[0], "reason": "it is better"}
    return Change("POST", f"/models/{model}/proposals", body)


def _comment(stage: Stage) -> Change:
    return Change("POST", f"{stage.propose()}/comments", {"text": "is it, with every seed?"})


def _approve(stage: Stage) -> Change:
    return Change("POST", f"{stage.propose()}/approval", {"replaces": None, "text": "it is"})


def _reject(stage: Stage) -> Change:
    return Change("POST", f"{stage.propose()}/rejection", {"text": "it is not"})


def _withdraw(stage: Stage) -> Change:
    return Change("POST", f"{stage.propose()}/withdrawal", {"text": "a better one comes"})


def _purge(stage: Stage) -> Change:
    run = stage.make_run()
    stage.do("DELETE", f"/runs/{run}")
    return Change("POST", f"/projects/{stage.project}/trash/purge", {"runs": [run], "reason": "it was a test"})


def _create_view(stage: Stage) -> Change:
    stage.make_project()
    return Change("POST", f"/projects/{stage.project}/views", _view())


def _change_view(stage: Stage) -> Change:
    view = stage.keep_view()
    return Change("PATCH", f"/views/{view['id']}", {"revision": view["revision"], "name": "ours", "is_shared": True})


def _delete_view(stage: Stage) -> Change:
    return Change("DELETE", f"/views/{stage.keep_view()['id']}")


def _board() -> dict[str, Any]:
    return {"name": "best", "definition": {"task": "digits", "metric": "loss", "goal": "min"}}


def _create_leaderboard(stage: Stage) -> Change:
    stage.make_project()
    return Change("POST", f"/projects/{stage.project}/leaderboards", _board())


def _change_leaderboard(stage: Stage) -> Change:
    return Change("PATCH", stage.keep_leaderboard(), {"revision": 1, "name": "ours"})


def _delete_leaderboard(stage: Stage) -> Change:
    return Change("DELETE", stage.keep_leaderboard())


def _log(stage: Stage) -> Change:
    journal = stage.journal().add(Logged(0, START_MS, {"loss": 1.0}), RunFinished(START_MS + 1, "finished"))
    return Change("POST", f"/runs/{stage.run}/journal", data=journal.body(), params={"writer": "w0"})


def _copy_project(stage: Stage) -> Change:
    stage.make_artifacts(1)
    digest = hashlib.sha256(f"weights 0 of {stage.word}".encode()).hexdigest()
    files = (ArtifactFile("copied.pt", digest, len(f"weights 0 of {stage.word}")),)
    records = [
        ArtifactCopied("model", "model", 7, START_MS, stage.run, files, {}, ("best",), ()),
        ViewCopied(f"view-{stage.word}", "theirs", True, {"filter": "loss < 1"}, START_MS),
        LeaderboardCopied("best", _board()["definition"], START_MS),
        CorrectionCopied(1, START_MS, "ada", "metric.renamed", None, "loss", "size", "clearer", None, {}, True),
    ]
    body = b"".join(frame(number, encode(record)) for number, record in enumerate(records))
    return Change("POST", f"/projects/{stage.project}/journal", data=body)


def _change_webhook(stage: Stage) -> Change:
    return Change("PATCH", stage.make_webhook(), {"name": "pager", "is_active": False})


def _delete_webhook(stage: Stage) -> Change:
    return Change("DELETE", stage.make_webhook())


def _test_webhook(stage: Stage) -> Change:
    return Change("POST", f"{stage.make_webhook()}/test")


def _redeliver(stage: Stage) -> Change:
    return Change("POST", f"{stage.send_test()}/redeliver")


def _create_webhook(stage: Stage) -> Change:
    stage.make_project()
    return Change("POST", f"/projects/{stage.project}/webhooks", WEBHOOK, shows_secret=True)


def _new_secret_of_webhook(stage: Stage) -> Change:
    return Change("POST", f"{stage.make_webhook()}/secret", shows_secret=True)


def _create_key(stage: Stage) -> Change:
    return Change("POST", "/keys", {"name": f"key-{stage.word}"}, shows_secret=True)


def _revoke_key(stage: Stage) -> Change:
    made = stage.do("POST", "/keys", json={"name": f"key-{stage.word}"})
    return Change("DELETE", f"/keys/{made['key']['id']}")


def _create_person(stage: Stage) -> Change:
    return Change("POST", "/people", {"name": f"person-{stage.word}"}, shows_secret=True)


def _change_person(stage: Stage) -> Change:
    return Change("PATCH", f"/people/{stage.make_person('person')}", {"resets_password": True}, shows_secret=True)


def _give_role(stage: Stage) -> Change:
    stage.make_project()
    return Change("PUT", f"/projects/{stage.project}/members/{stage.make_person()}", {"role": "editor"})


def _take_role(stage: Stage) -> Change:
    given = _give_role(stage)
    stage.do(given.method, given.path, json=given.json)
    return Change("DELETE", given.path)


def _open_project(stage: Stage) -> Change:
    stage.make_project()
    return Change("PUT", f"/projects/{stage.project}/everyone", {"role": "viewer"})


def _create_link(stage: Stage) -> Change:
    stage.make_project()
    return Change("POST", f"/projects/{stage.project}/links", {"days": 7}, shows_secret=True)


def _revoke_link(stage: Stage) -> Change:
    created = _create_link(stage)
    made = stage.do(created.method, created.path, json=created.json)
    return Change("DELETE", f"{created.path}/{made['link']['id']}")


def _invite(_: Stage) -> Change:
    return Change("POST", "/invitations", {"note": "eve"}, shows_secret=True)


def _revoke_invitation(stage: Stage) -> Change:
    made = stage.do("POST", "/invitations", json={"note": "eve"})
    return Change("DELETE", f"/invitations/{made['invitation']['id']}")


def _sign_out(_: Stage) -> Change:
    return Change("DELETE", "/session")


def _alias_artifact(stage: Stage) -> Change:
    first, _ = stage.make_artifacts(2)
    return Change("PUT", f"/artifact-versions/{first}/aliases/best")


def _unalias_artifact(stage: Stage) -> Change:
    first, _ = stage.make_artifacts(2)
    stage.do("PUT", f"/artifact-versions/{first}/aliases/best")
    return Change("DELETE", f"/artifact-versions/{first}/aliases/best")


def _delete_versions(stage: Stage) -> Change:
    first, _ = stage.make_artifacts(2)
    return Change("POST", f"/projects/{stage.project}/versions/delete", {"versions": [first], "reason": "it is old"})


def _restore_versions(stage: Stage) -> Change:
    deletion = _delete_versions(stage)
    stage.do(deletion.method, deletion.path, json=deletion.json)
    return Change("POST", f"/projects/{stage.project}/versions/restore", deletion.json)


def _choose_policy(stage: Stage) -> Change:
    stage.make_artifacts(3)
    return Change("PUT", f"/projects/{stage.project}/artifacts/model/policy", {"keep_last": 1})


CASES: dict[str, Callable[[Stage], Change]] = {
    "POST /projects": _create_project,
    "PUT /projects/<project>/goals": _choose_goal,
    "PATCH /runs/<run_id>": _change_run,
    "POST /runs/<run_id>/restore": _restore_run,
    "POST /runs/<run_id>/stop": _stop_run,
    "POST /projects/<project>/runs/change": _change_runs,
    "POST /runs/<run_id>/segments/<int:number>/restore": _restore_segment,
    "POST /projects/<project>/corrections": _make_correction,
    "POST /projects/<project>/corrections/<int:entry_id>/undo": _undo_correction,
    "PATCH /projects/<project>": _change_project,
    "DELETE /runs/<run_id>": _delete_run,
    "PUT /blobs/<digest>": _put_blob,
    "POST /blobs/bulk": _put_blobs,
    "POST /models/<name>/versions": _register_version,
    "PUT /models/<name>/rules": _change_rules,
    "PATCH /models/<name>": _change_model,
    "PUT /models/<name>/archived": _archive_model,
    "PATCH /models/<name>/versions/<int:version>": _change_version,
    "PATCH /models/<name>/versions/<int:version>/card": _change_card,
    "PUT /models/<name>/versions/<int:version>/state": _set_state,
    "DELETE /models/<name>/versions/<int:version>": _delete_version,
    "POST /models/<name>/versions/<int:number>/verifications": _record_verification,
    "PUT /models/<name>/consumers/<consumer_id>": _report_consumer,
    "POST /models/<name>/aliases/<alias>": _move_alias,
    "POST /models/<name>/aliases/<alias>/rollback": _roll_back,
    "DELETE /models/<name>/aliases/<alias>": _remove_alias,
    "POST /models/<name>/proposals": _propose,
    "POST /models/<name>/proposals/<int:number>/comments": _comment,
    "POST /models/<name>/proposals/<int:number>/approval": _approve,
    "POST /models/<name>/proposals/<int:number>/rejection": _reject,
    "POST /models/<name>/proposals/<int:number>/withdrawal": _withdraw,
    "POST /projects/<project>/trash/purge": _purge,
    "PUT /artifact-versions/<int:version_id>/aliases/<alias>": _alias_artifact,
    "DELETE /artifact-versions/<int:version_id>/aliases/<alias>": _unalias_artifact,
    "POST /projects/<project>/versions/delete": _delete_versions,
    "POST /projects/<project>/versions/restore": _restore_versions,
    "PUT /projects/<project>/artifacts/<artifact>/policy": _choose_policy,
    "POST /projects/<project>/views": _create_view,
    "PATCH /views/<view_id>": _change_view,
    "DELETE /views/<view_id>": _delete_view,
    "POST /projects/<project>/leaderboards": _create_leaderboard,
    "PATCH /projects/<project>/leaderboards/<int:board_id>": _change_leaderboard,
    "DELETE /projects/<project>/leaderboards/<int:board_id>": _delete_leaderboard,
    "POST /runs/<run_id>/journal": _log,
    "POST /projects/<project>/journal": _copy_project,
    "PATCH /projects/<project>/webhooks/<int:webhook>": _change_webhook,
    "DELETE /projects/<project>/webhooks/<int:webhook>": _delete_webhook,
    "POST /projects/<project>/webhooks/<int:webhook>/test": _test_webhook,
    "POST /projects/<project>/webhooks/<int:webhook>/deliveries/<delivery>/redeliver": _redeliver,
    "POST /projects/<project>/webhooks": _create_webhook,
    "POST /projects/<project>/webhooks/<int:webhook>/secret": _new_secret_of_webhook,
    "POST /keys": _create_key,
    "DELETE /keys/<int:key_id>": _revoke_key,
    "POST /people": _create_person,
    "PATCH /people/<person>": _change_person,
    "PUT /projects/<project>/members/<person>": _give_role,
    "DELETE /projects/<project>/members/<person>": _take_role,
    "PUT /projects/<project>/everyone": _open_project,
    "POST /projects/<project>/links": _create_link,
    "DELETE /projects/<project>/links/<int:link>": _revoke_link,
    "POST /invitations": _invite,
    "DELETE /invitations/<int:invitation>": _revoke_invitation,
    "DELETE /session": _sign_out,
}
"""By method and path, as the app declares them."""

APART: dict[str, str] = {
    "PUT /me/password": "whoever acts on a server that asks nobody to sign in has no password; it is set, not added to",
}
"""Changing routes that are not tried here, and why that harms nobody."""


def changing_routes() -> list[str]:
    """Every route of the app that changes something, by method and path."""
    return [f"{route.method} {route.path}" for api in APIS for route in api.routes if route.changes]
