"""`tracker models`, `register`, `promote`, `propose`, `rollback` and `rules`: the registry of models, from a shell.

What always holds: a move names the version that was seen holding the alias a moment before, so that who was faster is
told; a refusal is shown in the server's words.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker import arguments as checked
from tracker.cli import asking
from tracker.cli.gate import bad_rules
from tracker.cli.output import local_time, plain, print_facts, print_json, print_table, size

if TYPE_CHECKING:
    from tracker.query import Api, ModelVersion, Move, StoredModel, StoredRun


def models(arguments: list[str]) -> int:
    """Run `tracker models`."""
    parser = asking.parser(
        "models", "List the registered models, or the versions of one.",
        'With --json: {"models": […]}, or the model with its "versions", with the fields of the HTTP API.',
    )  # fmt: skip
    parser.add_argument("name", nargs="?", metavar="NAME", help="the model whose versions to list")
    parser.add_argument("--project", metavar="PROJECT", help="only the models of this project")
    parsed = parser.parse_args(arguments)
    if parsed.name is None:
        return asking.asked(parsed.url, lambda api: _list(api.models(parsed.project), parsed.json))
    return asking.asked(parsed.url, lambda api: _show(api.model(parsed.name), parsed.json))


def register(arguments: list[str]) -> int:
    """Run `tracker register`."""
    parser = asking.parser(
        "register", "Make an artifact of a run, or files, the next version of a registered model.",
        "With --json: the version, with the fields of the HTTP API.\n"
        "With --file: tracker register words --project digits --file weights=s3://bucket/a.pt --file words=vocab.txt\n"
        "--loader words.model:load --by reference",
    )  # fmt: skip
    parser.add_argument("name", metavar="NAME", help="the model, which is made where it is new")
    parser.add_argument(
        "source", nargs="*", metavar="ARTIFACT|PATH",
        help="an artifact (model:v3, model:latest, project/model@best), or files and folders, which become an artifact "
        "of the run that --run names",
    )  # fmt: skip
    parser.add_argument("--run", metavar="ID", help="the run that made the files, or in whose project the artifact is")
    parser.add_argument("--project", metavar="PROJECT", help="the project that the artifact is in, or the files go to")
    adopted = parser.add_argument_group("files that lie somewhere already, in place of an artifact")
    adopted.add_argument(
        "--file", action="append", default=[], metavar="ROLE=PLACE",
        help="what it is for and where it lies: a path, file://, http://, https://, s3:// or gs://; several times",
    )  # fmt: skip
    adopted.add_argument("--loader", metavar="MODULE:FUNCTION", help="what makes the model of {role: path}")
    adopted.add_argument("--by", choices=("copy", "reference"), default="copy", help="keep the files, or name them")
    adopted.add_argument(
        "--code", action="append", default=[], metavar="PATH", help="the loader's code, where not found"
    )
    adopted.add_argument(
        "--role", action="append", default=[], metavar="ROLE", help="one that it is to have: a promise"
    )
    adopted.add_argument(
        "--example", type=Path, metavar="FILE", help="inputs by name, JSON, to be run now and replayed"
    )
    parser.add_argument("--description", default="", metavar="TEXT", help="what is to be said of this version")
    parser.add_argument("--tag", action="append", default=[], metavar="TAG", help="may be given several times")
    parser.add_argument("--alias", metavar="ALIAS", help="an alias that is to point at it")
    parsed = parser.parse_intermixed_args(arguments)  # the source may stand after options
    return asking.asked(parsed.url, lambda api: _register(api, parsed))


def promote(arguments: list[str]) -> int:
    """Run `tracker promote`."""
    parser = asking.parser(
        "promote", "Have an alias point at a version, in place of the one that it points at now.",
        'With --json: {"model", "alias", "version", "replaced"}.',
    )  # fmt: skip
    parser.add_argument("version", metavar="NAME:vN", help="the version")
    parser.add_argument("alias", metavar="ALIAS", help="the alias, such as production")
    _add_reason(parser)
    parser.add_argument("--override", action="store_true", help="although a rule does not pass: for admins")
    parsed = parser.parse_args(arguments)

    def act(api: Api) -> int:
        name, pointer = checked.model_reference(parsed.version)
        moved = api.model(name).promote(pointer, parsed.alias, reason=parsed.reason, override=parsed.override)
        return _print_move(moved, parsed.json)

    return asking.asked(parsed.url, act)


def rollback(arguments: list[str]) -> int:
    """Run `tracker rollback`."""
    parser = asking.parser(
        "rollback", "Have an alias point again at a version that it has pointed at before.",
        'With --json: {"model", "alias", "version", "replaced"}.',
    )  # fmt: skip
    parser.add_argument("name", metavar="NAME", help="the model")
    parser.add_argument("alias", metavar="ALIAS", help="the alias, such as production")
    _add_reason(parser)
    parser.add_argument("--to", metavar="vN", help="the version (default: the one before the holder)")
    parsed = parser.parse_args(arguments)

    def act(api: Api) -> int:
        return _print_move(
            api.model(parsed.name).roll_back(parsed.alias, reason=parsed.reason, to=parsed.to), parsed.json
        )

    return asking.asked(parsed.url, act)


def propose(arguments: list[str]) -> int:
    """Run `tracker propose`."""
    parser = asking.parser(
        "propose", "Ask others to approve that an alias points at a version.",
        "With --json: the proposal, with the fields of the HTTP API.",
    )  # fmt: skip
    parser.add_argument("version", metavar="NAME:vN", help="the version")
    parser.add_argument("--alias", default="production", metavar="ALIAS", help="default: production")
    _add_reason(parser)
    parsed = parser.parse_args(arguments)
    return asking.asked(parsed.url, lambda api: _propose(api, parsed))


def rules(arguments: list[str]) -> int:
    """Run `tracker rules`."""
    parser = asking.parser(
        "rules", "Print the rules of a model as YAML, or check or keep those in a file.",
        'With --json: {"model", "revision", "text", "protected", "rules"}, with --check {"problems", …}.\n'
        "A file that is not understood has status 2, and each mistake its line.",
    )  # fmt: skip
    parser.add_argument("name", metavar="NAME", help="the model")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--set", type=Path, metavar="FILE", help="keep the rules in this file")
    one.add_argument("--check", type=Path, metavar="FILE", help="say how the server understands this file")
    parsed = parser.parse_args(arguments)
    return asking.asked(parsed.url, lambda api: _rules(api.model(parsed.name), parsed))


def _add_reason(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why; it stays in the history")


def _list(found: list[StoredModel], is_json: bool) -> int:
    if is_json:
        print_json({"models": [model.as_dict() for model in found]})
        return asking.DONE
    rows = [
        [model.name, model.project, str(model.version_count), _number(model.latest_version), _aliases(model)]
        for model in found
    ]
    print_table(["NAME", "PROJECT", "VERSIONS", "NEWEST", "ALIASES"], rows, right=[2])
    return asking.DONE


def _show(model: StoredModel, is_json: bool) -> int:
    versions = model.versions
    if is_json:
        print_json(model.as_dict() | {"versions": [version.as_dict() for version in versions]})
        return asking.DONE
    facts = [("project", model.project), ("page", model.url), ("aliases", _aliases(model))]
    facts += [("tags", ", ".join(model.tags)), ("description", model.description)]
    print(plain(model.name))
    print_facts([(name, value) for name, value in facts if value], indent="  ")
    print()
    rows = [
        [
            f"v{version.version}", ", ".join(version.aliases), version.state, version.run or "", version.artifact,
            size(version.size_bytes), local_time(version.created), version.created_by,
        ]
        for version in versions
    ]  # fmt: skip
    print_table(["VERSION", "ALIASES", "STATE", "RUN", "ARTIFACT", "SIZE", "REGISTERED", "BY"], rows)
    return asking.DONE


def _aliases(model: StoredModel) -> str:
    return ", ".join(f"{alias} v{version}" for alias, version in model.aliases.items())


def _number(version: int | None) -> str:
    return "" if version is None else f"v{version}"


def _register(api: Api, parsed: argparse.Namespace) -> int:
    try:
        version = _registered(api, parsed)
    except FileNotFoundError as error:
        return asking.complaint(error, asking.USED_WRONGLY)
    except OSError as error:
        return asking.complaint(f"{error.filename}: {error.strerror}", asking.NOT_DONE)
    if parsed.json:
        print_json(version.as_dict())
    else:
        print(version.ref)
        print(version.url)
    return asking.DONE


def _registered(api: Api, parsed: argparse.Namespace) -> ModelVersion:
    from tracker import registry

    said = {"description": parsed.description, "tags": parsed.tag, "alias": parsed.alias}
    stored = api.run(parsed.run) if parsed.run is not None else None
    source: list[str] = parsed.source
    if parsed.file:
        return _adopted(api, parsed, stored, said)
    _check_source(parsed)
    if len(source) == 1 and registry.is_reference(source[0]):
        project = parsed.project or (stored.project if stored is not None else None)
        return registry.register_model(parsed.name, source[0], project=project, url=api.url, **said)
    if stored is None:
        raise ValueError(
            f"{source[0]!r} is no artifact such as model:v3; files become one of a run: name it with --run"
        )
    checked.model(parsed.name)  # before anything is logged to the run
    with registry.joined(api, stored) as run:
        return registry.register_model(parsed.name, source, run=run, **said)


def _check_source(parsed: argparse.Namespace) -> None:
    if not parsed.source:
        raise ValueError("say what is to be registered: an artifact, paths, or files with --file ROLE=PLACE")
    given = [name for name in ("loader", "code", "role", "example") if getattr(parsed, name)]
    if given or parsed.by != "copy":
        raise ValueError(f"--{given[0] if given else 'by'} belongs to files that are named with --file ROLE=PLACE")


def _adopted(api: Api, parsed: argparse.Namespace, stored: StoredRun | None, said: dict[str, Any]) -> ModelVersion:
    from tracker import registry

    if parsed.source:
        raise ValueError(f"either an artifact or --file: got {parsed.source[0]!r} too")
    if stored is None and parsed.project is None:
        raise ValueError("say whose they are: --project PROJECT, or --run ID")
    said |= {
        "loader": parsed.loader, "by": parsed.by, "code": parsed.code, "roles": parsed.role,
        "example": _example(parsed.example), "url": api.url,
    }  # fmt: skip
    files = _by_role(parsed.file)
    if stored is None:
        return registry.adopt(parsed.name, files, project=parsed.project, **said)
    checked.model(parsed.name)  # before anything is logged to the run
    with registry.joined(api, stored) as run:
        return registry.adopt(parsed.name, files, run=run, project=parsed.project, **said)


def _by_role(given: list[str]) -> dict[str, list[str]]:
    files: dict[str, list[str]] = {}
    for text in given:
        role, equals, place = text.partition("=")
        if not role or not equals or not place:
            raise ValueError(f"--file must look like weights=s3://bucket/a.pt, got {text!r}")
        files.setdefault(role, []).append(place)
    return files


def _example(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f'{path} must have inputs by name, such as {{"x": [[1.0, 2.0]]}}')
    return content


def _propose(api: Api, parsed: argparse.Namespace) -> int:
    name, pointer = checked.model_reference(parsed.version)
    proposal = api.model(name).propose(pointer, parsed.alias, reason=parsed.reason)
    if parsed.json:
        print_json(proposal.as_dict())
        return asking.DONE
    ref = f"{name}:v{proposal.version}"
    if proposal.needed:
        need = f"{proposal.approvals} of {proposal.needed} approvals"
    else:
        need = f"nobody has to approve it: `tracker promote {ref} {proposal.alias} --reason …` carries it out"
    print(plain(f"proposal {proposal.number}: {ref} for {proposal.alias}, {proposal.state}; {need}"))
    print(proposal.url)
    return asking.DONE


def _print_move(move: Move, is_json: bool) -> int:
    if is_json:
        print_json({"model": move.model, "alias": move.alias, "version": move.version, "replaced": move.replaced})
    else:
        before = "nothing" if move.replaced is None else f"v{move.replaced}"
        print(plain(f"{move.alias} of {move.model}: {before} → v{move.version}"))
    return asking.DONE


def _rules(model: StoredModel, parsed: argparse.Namespace) -> int:
    from tracker.query import BadRulesError

    path = parsed.set or parsed.check
    try:
        text = path.read_text(encoding="utf-8") if path is not None else None
    except OSError as error:
        return asking.complaint(f"{error.filename}: {error.strerror}", asking.USED_WRONGLY)
    except UnicodeDecodeError as error:
        return asking.complaint(f"{path} is no text in UTF-8: {error}", asking.USED_WRONGLY)
    if text is None:
        return _print_rules(model, parsed.json)
    try:
        return _keep(model, text, parsed.json) if parsed.set else _check(model, text, parsed.json)
    except BadRulesError as error:
        return bad_rules(path, error)


def _print_rules(model: StoredModel, is_json: bool) -> int:
    found = model.rules()
    if is_json:
        print_json(found.as_dict())
    else:
        print(found.text, end="" if found.text.endswith("\n") else "\n")
    return asking.DONE


def _keep(model: StoredModel, text: str, is_json: bool) -> int:
    kept = model.set_rules(text)
    if is_json:
        print_json(kept.as_dict())
    else:
        print(f"the rules of {model.name} are at revision {kept.revision}: {len(kept.rules)} rules")
    return asking.DONE


def _check(model: StoredModel, text: str, is_json: bool) -> int:
    from tracker.query import BadRulesError

    found = model.check_rules(text)
    if is_json:
        print_json(found.as_dict())
        return asking.USED_WRONGLY if found.problems else asking.DONE
    if found.problems:
        raise BadRulesError(found.problems)
    rows = [[str(rule.line), rule.name, rule.says] for rule in found.rules]
    print_table(["LINE", "RULE", "ASKS"], rows, right=[0])
    return asking.DONE
