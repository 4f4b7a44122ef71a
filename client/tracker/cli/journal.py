"""`tracker journal show FILE`: the records of a journal as JSON lines.

A line of type `acknowledged` stands for the records before and at its number that the server has and the file does not.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import msgspec

from tracker.journal_reader import JournalReader
from tracker.records import Record, UnknownRecord, decode, read_frames


def journal(arguments: list[str]) -> int:
    """Run `tracker journal`."""
    parser = argparse.ArgumentParser(
        prog="tracker journal",
        description="Look into a journal file. Exit status: 0 whole, 1 damaged or unreadable, 2 used wrongly.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    show = commands.add_parser("show", help="print every whole record as one line of JSON")
    show.add_argument("file", type=Path)
    parsed = parser.parse_args(arguments)
    return _show(parsed.file)


def _show(path: Path) -> int:
    """Print the records; status 1, with a sentence on standard error, where the file is damaged."""
    try:
        reader = JournalReader(path)
    except OSError as error:
        print(f"tracker: {error}", file=sys.stderr)
        return 1
    with reader:
        while (batch := reader.read()) is not None:
            for frame in read_frames(batch.data):
                print(as_json(frame.seq, decode(frame.payload)))
        if not reader.missing_count and not reader.tail_bytes:
            return 0
        print(
            f"tracker: {path} is damaged: {reader.missing_count} records are missing, "
            f"{reader.tail_bytes} bytes at the end are no whole record",
            file=sys.stderr,
        )
    return 1


def as_json(seq: int, record: Record | UnknownRecord) -> str:
    """One record as JSON. NaN and the infinities, which JSON lacks, become the texts "NaN", "Infinity", "-Infinity"."""
    fields: dict[str, Any] = {"seq": seq, "type": record.__struct_config__.tag or "unknown"}
    for name in record.__struct_fields__:
        fields[name] = _json_value(msgspec.to_builtins(getattr(record, name)))
    return msgspec.json.encode(fields).decode()


def _json_value(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return "NaN" if value != value else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, dict):
        return {key: _json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(item) for item in value]
    return value
