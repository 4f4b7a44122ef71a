"""The front matter of a card: the metadata that model hubs read, in YAML.

The keys are those of the Hugging Face Hub's specification of model cards: `model-index` lists results, each with a
task, a dataset and metrics, and each of these with a type. All of it goes through a YAML writer, a line for each value,
so that no text breaks out.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from tracker_server.cards.schema import CardFields
from tracker_server.registry.schema import ModelVersionDetail

MAX_METRICS: Final = 50
LIBRARIES: Final = {
    "transformers": "transformers", "diffusers": "diffusers", "timm": "timm", "keras": "keras",
    "scikit-learn": "sklearn", "torch": "pytorch", "tensorflow": "tf-keras", "jax": "jax",
}  # fmt: skip
"""What hubs call a library, by its package; the first of these that is installed is the one."""

_LICENSE: Final = re.compile(r"[a-z0-9][a-z0-9.+-]*")
_UNKNOWN_TASK: Final = "other"


def write(version: ModelVersionDetail, fields: CardFields) -> str:
    """The front matter, with the lines around it."""
    said = {
        "language": [one.strip() for one in fields.language.split(",") if one.strip()],
        **_license(fields.license),
        "library_name": _library(version),
        "pipeline_tag": fields.task,
        "tags": version.tags,
        "datasets": sorted({data.name for data in version.data}),
        "metrics": sorted(_metrics(version)),
        "model-index": [{"name": f"{version.model} v{version.version}", "results": _results(version, fields)}],
    }
    kept = {key: value for key, value in said.items() if value}
    written = yaml.safe_dump(_on_one_line(kept), sort_keys=False, allow_unicode=True, width=100_000)
    return f"---\n{written}---\n\n"


def _on_one_line(value: Any) -> Any:
    """The same with every text on one line: readers look for the end of the front matter by its line alone."""
    if isinstance(value, dict):
        return {key: _on_one_line(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_on_one_line(one) for one in value]
    return " ".join(value.split()) if isinstance(value, str) else value


def _license(said: str) -> dict[str, str]:
    """A license that hubs know by a name, or another by its own."""
    name = said.strip().lower()
    return {"license": name} if not said or _LICENSE.fullmatch(name) else {"license": "other", "license_name": said}


def _library(version: ModelVersionDetail) -> str | None:
    packages = (version.code.packages if version.code is not None else None) or {}
    return next((library for package, library in LIBRARIES.items() if package in packages), None)


def _metrics(version: ModelVersionDetail) -> dict[str, float]:
    """The values that stand for the run, as they were at registration, where they are numbers."""
    found = {name: summary.value for name, summary in sorted(version.metrics.items()) if summary.value is not None}
    return dict(list(found.items())[:MAX_METRICS])


def _results(version: ModelVersionDetail, fields: CardFields) -> list[dict[str, Any]]:
    metrics = [{"type": name, "name": name, "value": value} for name, value in _metrics(version).items()]
    if not metrics:
        return []
    task = fields.task or _UNKNOWN_TASK
    return [{"task": {"type": task}, "dataset": _dataset(version), "metrics": metrics}]


def _dataset(version: ModelVersionDetail) -> dict[str, str]:
    """What the run read; of several, all their names: which of them it was measured on is not known."""
    if not version.data:
        return {"type": "unknown", "name": "not recorded"}
    names = ", ".join(f"{data.name}:v{data.version}" for data in version.data)
    found = {"type": ", ".join(data.name for data in version.data), "name": names}
    return {**found, "revision": version.data[0].digest} if len(version.data) == 1 else found
