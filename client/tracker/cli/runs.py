"""`tracker ls` and `tracker run`: what is on the server, in a terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from tracker.cli import asking
from tracker.cli.output import local_time, number, plain, print_facts, print_json, print_table

if TYPE_CHECKING:
    from tracker.query import Api, StoredRun

_STATISTICS: Final = ("last", "min", "max", "mean", "count")
_OF_A_PROJECT: Final = ("filter", "text", "sort", "columns", "limit")
_DEFAULT_LIMIT: Final = 20

Cell = tuple[str, bool]
"""What a table shows, and whether it is a number."""


def ls(arguments: list[str]) -> int:
    """Run `tracker ls`."""
    parser = asking.parser(
        "ls", "List the projects of the server, or the runs of one project.",
        'With --json: {"projects": […]} or {"runs": […], "matched"}, with the fields of the HTTP API.',
    )  # fmt: skip
    parser.add_argument("project", nargs="?", metavar="PROJECT", help="the project whose runs to list")
    parser.add_argument("--filter", metavar="EXPRESSION", help="""such as 'metrics["val/acc"].max > 0.9'""")
    parser.add_argument("--text", metavar="WORDS", help="words of the name, id, notes, tags or config")
    parser.add_argument(
        "--sort", action="append", metavar="[-]KEY",
        help="created, name, status, duration, config.KEY or metrics.NAME[.last|min|max|mean|count]; write --sort=-KEY "
        "for the highest first; may be given several times (default: -created)",
    )  # fmt: skip
    parser.add_argument(
        "--columns", action="append", metavar="KEY[,KEY…]", help="more columns: config.KEY, metrics.NAME[.max…]"
    )
    parser.add_argument(
        "-n", dest="limit", type=_count, metavar="N", help=f"at most so many runs (default: {_DEFAULT_LIMIT})"
    )
    parsed = parser.parse_args(arguments)
    if parsed.project is not None:
        return asking.asked(parsed.url, lambda api: _runs(api, parsed))
    given = [name for name in _OF_A_PROJECT if getattr(parsed, name) is not None]
    if given:
        parser.error(f"--{given[0]} is about the runs of a project; name the PROJECT")
    return asking.asked(parsed.url, lambda api: _projects(api, parsed.json))


def run(arguments: list[str]) -> int:
    """Run `tracker run`."""
    parser = argparse.ArgumentParser(prog="tracker run", description="Look at one run, or stop it.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    texts = {"show": "print its config, metrics and where it ran", "stop": "ask its processes to end themselves"}
    for name, text in texts.items():
        command = commands.add_parser(
            name, help=text, epilog=asking.STATUSES, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        command.add_argument("run", metavar="RUN", help="the run's id")
        asking.add_options(command)
        if name == "stop":
            command.add_argument("--reason", default="", metavar="TEXT", help="told to the run and to who looks at it")
    parsed = parser.parse_args(arguments)
    if parsed.command == "show":
        return asking.asked(parsed.url, lambda api: _show(api.run(parsed.run), parsed.json))
    return asking.asked(parsed.url, lambda api: _stop(api.run(parsed.run), parsed.reason, parsed.json))


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, got {text!r}")
    return int(text)


def _projects(api: Api, is_json: bool) -> int:
    found = api.projects()
    if is_json:
        print_json({"projects": [project.as_dict() for project in found]})
        return asking.DONE
    rows = [
        [project.name, str(project.run_count), str(project.running_count), local_time(project.last_activity)]
        for project in found
    ]
    print_table(["PROJECT", "RUNS", "RUNNING", "LAST ACTIVITY"], rows, right=[1, 2])
    return asking.DONE


def _runs(api: Api, parsed: argparse.Namespace) -> int:
    columns = [key for given in parsed.columns or [] for key in given.split(",") if key]
    readers = [_reader(key) for key in columns]
    found = api.runs(parsed.project, parsed.filter or "", order=parsed.sort or "-created", text=parsed.text or "")
    chosen = found[: parsed.limit or _DEFAULT_LIMIT]
    if parsed.json:
        print_json({"runs": [run.as_dict() for run in chosen], "matched": len(found)})
        return asking.DONE
    cells = [[read(run) for read in readers] for run in chosen]
    rows = [
        [run.id, run.name, run.status, local_time(run.created), *(text for text, _ in more)]
        for run, more in zip(chosen, cells, strict=True)
    ]
    numbers = [4 + place for place in range(len(columns)) if all(more[place][1] for more in cells)]
    print_table(["ID", "NAME", "STATUS", "CREATED", *columns], rows, right=numbers)
    if len(found) > len(chosen):
        print(f"tracker: {len(chosen)} of {len(found)} runs; -n shows more", file=sys.stderr)
    return asking.DONE


def _reader(key: str) -> Callable[[StoredRun], Cell]:
    """What a column shows of a run. Raises ValueError for a key that is none."""
    kind, _, name = key.partition(".")
    if kind == "config" and name:
        return lambda run: _config_cell(run.flat_config.get(name))
    if kind == "metrics" and name:
        metric, _, statistic = name.rpartition(".")
        if not metric or statistic not in _STATISTICS:
            metric, statistic = name, "last"
        return lambda run: (number(getattr(run.metrics.get(metric), statistic, None)), True)
    raise ValueError(f"there is no column {key!r}: a column is 'config.KEY' or 'metrics.NAME', with '.max' say behind")


def _config_cell(value: Any) -> Cell:
    if value is None:
        return "", True
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (str(value) if isinstance(value, int) else number(value)), True
    return str(value), False


def _show(run: StoredRun, is_json: bool) -> int:
    if is_json:
        print_json(run.as_dict())
        return asking.DONE
    print(plain(f"{run.name} ({run.status})"))
    print_facts(_facts(run), indent="  ")
    _section("Config", [(key, _text(value)) for key, value in run.flat_config.items()])
    _section("Summary", [(key, _text(value)) for key, value in run.summary.items()])
    _metrics(run)
    _section("Environment", _environment(run.environment))
    if run.error:
        _section("Error", [(line, "") for line in run.error.rstrip().splitlines()])
    return asking.DONE


def _stop(run: StoredRun, reason: str, is_json: bool) -> int:
    """Ask it to stop; status 1 for a run that has ended."""
    run.stop(reason)
    if is_json:
        print_json(run.as_dict())
    else:
        print(plain(f"{run.name} is asked to stop; its processes hear of it at their next word to the server"))
    return asking.DONE


def _facts(run: StoredRun) -> list[tuple[str, str]]:
    facts = [
        ("id", run.id),
        ("project", run.project),
        ("page", run.url),
        ("group", run.group or ""),
        ("job type", run.job_type or ""),
        ("tags", ", ".join(run.tags)),
        ("user", run.user or ""),
        ("created", local_time(run.created)),
        ("finished", local_time(run.finished)),
        ("exit status", "" if run.exit_code is None else str(run.exit_code)),
        ("alerts", str(run.alert_count or "")),
        ("lost records", str(run.lost_records or "")),
        ("notes", run.notes),
    ]
    return [(name, value) for name, value in facts if value]


def _metrics(run: StoredRun) -> None:
    found = [(name, summary) for name, summary in sorted(run.metrics.items()) if summary.kind == "metric"]
    if not found:
        return
    print("\nMetrics")
    rows = [
        ["  " + name, number(metric.last), number(metric.min), number(metric.max), str(metric.count)]
        for name, metric in found
    ]
    print_table(["", "LAST", "MIN", "MAX", "POINTS"], rows, right=[1, 2, 3, 4])


def _environment(environment: dict[str, Any]) -> list[tuple[str, str]]:
    """The parts that are told in a line; all the rest is in the JSON."""
    facts = [(name, _text(environment[name])) for name in ("host", "os", "cwd") if environment.get(name)]
    command = environment.get("command")
    if isinstance(command, list):
        facts.insert(0, ("command", " ".join(str(word) for word in command)))
    facts += _parts(environment, "python", ("version", "executable"))
    facts += _parts(environment, "git", ("commit", "branch", "remote", "is_dirty"))
    gpus = environment.get("gpus")
    if isinstance(gpus, list):
        names = [str(gpu.get("name", "")) for gpu in gpus if isinstance(gpu, dict)]
        facts += [("gpus", ", ".join(names))] if names else []
    return facts


def _parts(environment: dict[str, Any], name: str, keys: Sequence[str]) -> list[tuple[str, str]]:
    part = environment.get(name)
    if not isinstance(part, dict):
        return []
    return [(f"{name} {key}".replace("_", " "), _text(part[key])) for key in keys if part.get(key) is not None]


def _section(title: str, facts: list[tuple[str, str]]) -> None:
    if facts:
        print(f"\n{title}")
        print_facts(facts, indent="  ")


def _text(value: Any) -> str:
    if isinstance(value, float):
        return number(value)
    return value if isinstance(value, str) else str(value)
