"""The card's text: facts in tables, and what people wrote, as Markdown.

What always holds: a name or value of the facts is text, whatever signs are in it; what people wrote is Markdown that
cannot hold a tag of HTML, nor swallow what comes after it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from tracker import manifest
from tracker_server.bundles.schema import Verification
from tracker_server.cards.schema import CardFields
from tracker_server.registry.schema import AuditEntry, Cost, ModelVersionDetail

MAX_ROWS: Final = 200
MAX_VALUE_CHARS: Final = 300

_SIGNS: Final = re.compile(r"([\\`*_\[\]|~#])")
_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")

ASKED: Final = {
    "intended_use": "what this model is for, by whom, and what it must not be used for.",
    "limitations": "where it is known to fail, and on what it was not tested.",
    "bias_and_risks": "whom it could treat unfairly, what could go wrong, and what is done about it.",
    "authors": "who made it, and whom to ask.",
    "citation": "how to cite it.",
    "license": "under which license it may be used.",
    "language": "which languages it works with.",
    "task": "what kind of model it is, such as image-classification.",
}
"""What a person should write in each field."""


def write(
    version: ModelVersionDetail,
    fields: CardFields,
    judged: AuditEntry | None,
    box: manifest.Manifest | None,
    proof: Verification | None,
) -> str:
    """Everything after the front matter."""
    parts = [
        f"# {literal(version.model)} v{version.version}",
        prose(version.description),
        _standing(version),
        _short_fields(fields),
        _written("Intended use", "intended_use", fields),
        _written("Limitations", "limitations", fields),
        _written("Bias and risks", "bias_and_risks", fields),
        *_training(version),
        *_evaluation(version, judged),
        _box(box, proof) if box is not None else "",
        "## Files\n\n"
        + _table(("file", "bytes", "sha256"), ((file.path, file.size_bytes, file.digest) for file in version.files)),
        _loading(version),
        _written("Authors", "authors", fields),
        _citation(fields),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def literal(value: object) -> str:
    """Text that reads as it is: no sign of it means anything to Markdown or HTML."""
    line = _CONTROLS.sub("", " ".join(str(value).split()))
    return _SIGNS.sub(r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def prose(text: str) -> str:
    """What a person wrote: their Markdown, without tags, and with a code block that they left open closed."""
    told = _TAG.sub("&lt;", _CONTROLS.sub("", text.replace("\r\n", "\n"))).strip()
    fence = ""
    for line in told.split("\n"):
        found = _FENCE.fullmatch(line)
        if found is None:
            continue
        if not fence:
            fence = found[1]
        elif found[1].startswith(fence) and not found[2].strip():
            fence = ""
    return f"{told}\n{fence}" if fence else told


def _standing(version: ModelVersionDetail) -> str:
    run = f" from the run {literal(version.run_name)}" if version.run_name is not None else ""
    by = f"Registered on {_day(version.created_ms)} by {literal(version.created_by)}{run}"
    aliases = f"; it holds {', '.join(literal(alias) for alias in version.aliases)}" if version.aliases else ""
    state = f" It is {version.state}: {literal(version.state_reason)}" if version.state != "active" else ""
    return f"{by}, as {literal(version.artifact)} in the project {literal(version.project)}{aliases}.{state}"


def _short_fields(fields: CardFields) -> str:
    told = (("Task", "task"), ("License", "license"), ("Language", "language"))
    return "\n".join(f"- {title}: {literal(getattr(fields, name)) or _wanted(name)}" for title, name in told)


def _written(title: str, field: str, fields: CardFields) -> str:
    return f"## {title}\n\n{prose(getattr(fields, field)) or _wanted(field)}"


def _citation(fields: CardFields) -> str:
    if not fields.citation:
        return _written("Citation", "citation", fields)
    return f"## Citation\n\n{_code(fields.citation, 'bibtex' if fields.citation.lstrip().startswith('@') else '')}"


def _wanted(field: str) -> str:
    return f"*To be written: {ASKED[field]}*"


def _training(version: ModelVersionDetail) -> Iterable[str]:
    yield "## Training"
    yield "### Data\n\n" + _table(
        ("data", "type", "project", "digest"),
        ((f"{data.name}:v{data.version}", data.kind, data.project, data.digest) for data in version.data),
        nothing="No data was recorded as read.",
    )
    config = ((key, json.dumps(value, ensure_ascii=False)) for key, value in version.config.items())
    yield "### Config\n\n" + _table(("key", "value"), config, nothing="The run had none.")
    code = version.code
    if code is not None:
        changed = f"yes, by what has the digest {code.patch_digest}" if code.patch_digest else _yes_or_no(code.is_dirty)
        rows = (
            ("commit", code.commit), ("branch", code.branch), ("remote", code.remote),
            ("changed since", changed),
            ("command", code.command), ("Python", code.python),
        )  # fmt: skip
        yield "### Code\n\n" + _table(("", "captured"), (row for row in rows if row[1]), nothing="None was captured.")
        if code.packages:
            yield "### Packages\n\n" + _table(("package", "version"), code.packages.items())
    if version.cost is not None:
        yield f"### Cost\n\n{_cost(version.cost)}"


def _yes_or_no(claim: bool | None) -> str | None:
    return None if claim is None else "yes" if claim else "no"


def _cost(cost: Cost) -> str:
    hours = f"{cost.duration_ms / 3_600_000:.2f} hours" if cost.duration_ms is not None else "an unknown time"
    if not cost.gpu_count or cost.gpu_ms is None:
        return f"The run took {hours}."
    return f"The run took {hours} on {cost.gpu_count} GPUs: {cost.gpu_ms / 3_600_000:.2f} GPU hours."


def _evaluation(version: ModelVersionDetail, judged: AuditEntry | None) -> Iterable[str]:
    yield "## Evaluation"
    rows = [(name, found.value, found.last, found.min, found.max) for name, found in sorted(version.metrics.items())]
    yield (
        "What the run had logged when the version was registered; its value is the one that rules compare.\n\n"
        + _table(("metric", "value", "last", "least", "greatest"), rows, nothing="The run had logged no metrics.")
    )
    if judged is not None:
        past = "; an admin moved it past what failed" if judged.is_override else ""
        moved = f"As they were when {literal(judged.alias)} was moved here on {_day(judged.time_ms)}{past}."
        yield (
            f"### Rules\n\n{moved}\n\n"
            + _table(("rule", "verdict", "found"), ((one.says, one.verdict, one.found) for one in judged.gates))
        )


def _box(box: manifest.Manifest, proof: Verification | None) -> str:
    """What goes in and comes out, the ways to run it, and the newest verification."""
    fields = [("in", field) for field in box.signature.inputs] if box.signature is not None else []
    fields += [("out", field) for field in box.signature.outputs] if box.signature is not None else []
    shown = ((way, field.name, field.dtype, _shape(field), field.description) for way, field in fields)
    forms = ((form.kind, _difference(form.max_difference), form.notes) for form in box.forms)
    told = "Nobody has verified it yet." if proof is None else _proof(proof)
    return "\n\n".join(
        (
            "## Inputs and outputs",
            _table(("", "name", "type", "shape", "what it is"), shown, nothing="No signature was recorded."),
            "### Forms",
            _table(("form", "largest difference", "notes"), forms, nothing="It has files alone."),
            told,
        )
    )


def _shape(field: manifest.Field) -> str:
    return " × ".join("any" if size is None else str(size) for size in field.shape) or "one value"


def _difference(amount: float | None) -> str:
    return f"{amount:.3g}" if amount is not None else "not measured"


def _proof(proof: Verification) -> str:
    what = "Its stored example was replayed" if proof.checked == "replay" else "Its files were checked"
    outcome = "it passed" if proof.outcome == "pass" else f"it failed: {literal(proof.message or 'files have changed')}"
    return f"{what} on {_day(proof.time_ms)} by {literal(proof.actor)}: {outcome}."


def _loading(version: ModelVersionDetail) -> str:
    ref = f"{version.model}:v{version.version}"
    if any(file.path == manifest.FILE_NAME for file in version.files):
        lines = f'import tracker\n\nmodel = tracker.load("{ref}")\nmodel.predict(...)  # the inputs by name'
        after = f"Each file above is verified by its digest first. `tracker serve {ref}` answers over HTTP."
    else:
        lines = f'import tracker\n\nfolder = tracker.use_model("{ref}")'
        after = "The folder has the files above, each verified by its digest."
    return f"## How to load it\n\n{_code(lines, 'python')}\n\n{after}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]], *, nothing: str = "There are none.") -> str:
    shown = list(rows)
    if not shown:
        return nothing
    lines = [_row(heads), _row(["---"] * len(heads)), *(_row([_cell(one) for one in row]) for row in shown[:MAX_ROWS])]
    more = f"\n\nand {len(shown) - MAX_ROWS} more" if len(shown) > MAX_ROWS else ""
    return "\n".join(lines) + more


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: object) -> str:
    if value is None:
        return "–"
    told = f"{value:.6g}" if isinstance(value, float) else str(value)
    return literal(told if len(told) <= MAX_VALUE_CHARS else f"{told[:MAX_VALUE_CHARS]}…")


def _code(text: str, language: str) -> str:
    """A block of code that nothing within it can end."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{_CONTROLS.sub('', text).strip()}\n{fence}"


def _day(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%d %B %Y").lstrip("0")
