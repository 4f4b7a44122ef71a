"""A project of several people, and a model of it that they promote, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.server.logged import log_artifact, log_run, writing
from tests.server.people import Somebody, person

MODEL = "/models/digits"
PRODUCTION = f"{MODEL}/aliases/production"


@dataclass
class Team:
    """Ada administers the server, bob and dan promote in the project `digits`, cyd changes what there is in it."""

    app: Flask
    ada: Somebody
    bob: Somebody = field(init=False)
    cyd: Somebody = field(init=False)
    dan: Somebody = field(init=False)
    made: int = 0

    def __post_init__(self) -> None:
        self.bob, self.cyd, self.dan = (person(self.app, self.ada, name) for name in ("bob", "cyd", "dan"))
        self.ada.done("POST", "/projects", {"name": "digits"})
        self.give("bob", "promoter")
        self.give("cyd", "editor")
        self.give("dan", "promoter")

    def give(self, name: str, role: str) -> None:
        self.ada.done("PUT", f"/projects/digits/members/{name}", {"role": role})

    def artifact(self, values: dict[str, float] | None = None) -> int:
        """An artifact version of a run that has logged these values."""
        self.made += 1
        with writing(self.app) as session:
            run = log_run(session, f"run{self.made}", values=values)
            return log_artifact(session, run, {"model.pt": f"weights {self.made}".encode()}).id

    def version(self, values: dict[str, float] | None = None) -> int:
        made = self.ada.done("POST", f"{MODEL}/versions", {"artifact_version_id": self.artifact(values)})
        return int(made["version"])

    def rules(self, text: str) -> None:
        revision = self.ada.get(f"{MODEL}/rules").json["revision"]
        self.ada.done("PUT", f"{MODEL}/rules", {"text": text, "revision": revision})

    def propose(self, who: Somebody, version: int, **fields: Any) -> int:
        """The number of the proposal."""
        body = {"version": version, "reason": "it is better", **fields}
        return int(who.done("POST", f"{MODEL}/proposals", body)["number"])

    def approve(self, who: Somebody, number: int, *, replaces: int | None, **fields: Any) -> TestResponse:
        return who.ask("POST", f"{MODEL}/proposals/{number}/approval", {"replaces": replaces, **fields})

    def decide(self, who: Somebody, number: int, what: str, text: str = "it forgets sevens") -> TestResponse:
        return who.ask("POST", f"{MODEL}/proposals/{number}/{what}", {"text": text})

    def promote(self, version: int) -> None:
        """Have it in production, as ada proposes and bob approves."""
        number = self.propose(self.ada, version)
        answer = self.approve(self.bob, number, replaces=self.holder())
        assert answer.status_code == 200, answer.text

    def holder(self, alias: str = "production") -> int | None:
        held = {one["alias"]: one["version"] for one in self.ada.get(MODEL).json["aliases"]}
        return held.get(alias)

    def read(self, number: int, who: Somebody | None = None) -> dict[str, Any]:
        return dict((who or self.ada).get(f"{MODEL}/proposals/{number}").json)

    def trail(self) -> list[str]:
        """The actions upon the model, oldest first."""
        return [entry["action"] for entry in reversed(self.ada.get(MODEL).json["history"])]
