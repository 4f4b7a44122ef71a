"""What the server says of a name of an artifact, an alias of one or a file in one that cannot be one.

A path is a key of a table, never a path on this server's disk; it is checked all the same, because the clients that
download it make a file of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tracker.naming import MAX_PATH, MAX_PATH_BYTES, MAX_SHORT_NAME, is_alias, is_artifact, is_path
from tracker.records import ArtifactFile
from tracker_server.errors import Refused

MAX_REFERENCE: Final = 4000
MAX_ETAG: Final = 500

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.\-]{0,30}://?")
_DIGEST: Final = re.compile("[0-9a-f]{64}")


def check_artifact(name: str, what: str = "an artifact") -> None:
    """Raises Refused unless the name is printable, of reasonable length, and free of `/`, `:` and `@`."""
    if not is_artifact(name):
        raise Refused(
            "bad_record",
            f"{name[:200]!r} cannot name {what}: a name has 1 to {MAX_SHORT_NAME} printable characters, none of "
            "/ : @ \\, and is not dots alone",
            field="name",
        )


def check_alias(alias: str) -> None:
    """Raises Refused unless the alias is a name that is no reference already: neither `latest` nor a version."""
    if not is_alias(alias):
        raise Refused(
            "bad_record",
            f"{alias[:200]!r} cannot be an alias of an artifact: an alias has 1 to {MAX_SHORT_NAME} printable "
            "characters, none of / : @ \\, and is neither 'latest', which is the newest version, nor one such as 'v3'",
            field="aliases",
        )


def check_paths(paths: Iterable[str]) -> None:
    """Raises Refused unless each can be a file beside the others, on every system that may download them."""
    files: set[str] = set()
    folders: set[str] = set()
    for path in paths:
        _check_path(path)
        if path in files:
            raise Refused(
                "bad_record", f"an artifact names the path {path!r} twice; give each file its own", field="path"
            )
        files.add(path)
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    if both := files & folders:
        raise Refused(
            "bad_record",
            f"an artifact has {min(both)!r} both as a file and as a folder of files; one of them needs another name",
            field="path",
        )


def check_reference(file: ArtifactFile) -> None:
    """Raises Refused unless the file's reference is the printable address of something, with a size and a sha256 or no
    digest. Nobody looks there: whether it can be reached is the client's to find out.
    """
    reference = file.reference
    is_address = len(reference) <= MAX_REFERENCE and reference.isprintable() and _SCHEME.match(reference) is not None
    if not is_address:
        raise Refused(
            "bad_record",
            f"{file.path!r} is said to lie at {reference[:200]!r}, which is no address such as s3://bucket/key; it "
            f"begins with a scheme, is printable and has at most {MAX_REFERENCE} characters",
            field="files",
        )
    if file.digest and not _DIGEST.fullmatch(file.digest):
        what = "the digest of a reference is a sha256 of 64 hexadecimal digits, or empty where nobody has read it"
        raise Refused("bad_record", f"{file.path!r}: {what}; got {file.digest[:80]!r}", field="files")
    if not 0 <= file.size_bytes < 2**63 or len(file.etag) > MAX_ETAG or not file.etag.isprintable():
        what = f"a reference has a size of at least 0 bytes and an etag of at most {MAX_ETAG} printable characters"
        raise Refused("bad_record", f"{file.path!r}: {what}", field="files")


def _check_path(path: str) -> None:
    if not is_path(path):
        raise Refused(
            "bad_record",
            f"{path[:200]!r} cannot be a file's path in an artifact: it must be relative, with forward slashes, "
            "without '.', '..', control characters, changes of direction or backslashes, and have at most "
            f"{MAX_PATH} characters and {MAX_PATH_BYTES} bytes",
            field="path",
        )
