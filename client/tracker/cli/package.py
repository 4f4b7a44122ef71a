"""`tracker package`: a version of a model as a folder for Docker and cog, the Hugging Face Hub, MLflow, or as ONNX."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.cli import asking
from tracker.cli.output import plain, print_json, size

if TYPE_CHECKING:
    from tracker.query import Api

FORMATS = ("docker", "huggingface", "mlflow", "onnx")
FORMS = ("onnx", "torch_export", "torch", "python", "loader", "pickle")


def package(arguments: list[str]) -> int:
    """Run `tracker package`."""
    parser = asking.parser(
        "package", "Write a version of a model, or a bundle that lies here, as a folder that another tool takes.",
        'With --json: {"ref", "format", "form", "folder", "files", "size_bytes", "notices", "steps"}.',
    )  # fmt: skip
    parser.add_argument(
        "source",
        metavar="NAME@ALIAS|FOLDER",
        help="the version (digits:v3, digits@production), or a bundle's folder",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="the folder to write: new, or empty")
    parser.add_argument("--format", choices=FORMATS, default="docker", help="default: docker, which cog builds too")
    parser.add_argument("--form", choices=FORMS, help="which form of the model is to run (default: the preferred one)")
    parser.add_argument("--allow-pickle", action="store_true", help="ship a pickle too; loading one runs what it says")
    parser.add_argument("--wheel", type=Path, metavar="PATH", help="a wheel of tracker-runs, where no index has it")
    parsed = parser.parse_args(arguments)
    return asking.asked(parsed.url, lambda api: _package(api, parsed))


def _package(api: Api, parsed: argparse.Namespace) -> int:
    from tracker import packaging  # and with it yaml, which a command that only prints its help does without

    made = packaging.package(
        parsed.source, parsed.out, format=parsed.format, form=parsed.form, allow_pickle=parsed.allow_pickle,
        wheel=parsed.wheel, url=api.url,
    )  # fmt: skip
    for notice in made.notices:
        print(f"tracker: {plain(notice)}", file=sys.stderr)
    if parsed.json:
        print_json(made.as_dict())
        return asking.DONE
    as_form = f", run as {made.form}" if made.form else ""
    print(plain(f"{made.ref} for {made.format}{as_form}: {made.files} files, {size(made.size_bytes)} in {parsed.out}"))
    for step in made.steps:
        print(f"    {plain(step)}")
    return asking.DONE
