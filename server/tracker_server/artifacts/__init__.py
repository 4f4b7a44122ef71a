"""Artifacts and the bytes behind them.

A *blob* is bytes named by their sha256; an *artifact version* (`name:v3`) is an immutable manifest of files; runs *log*
and *use* versions. Equal bytes are stored once, equal manifests are one version.
"""

from flask import Flask, current_app

from tracker_server.artifacts.blobs import BlobStore
from tracker_server.artifacts.changes import unsized_by_version, unsized_counts
from tracker_server.artifacts.holding import may_read, refers
from tracker_server.artifacts.live import is_live
from tracker_server.artifacts.manifests import Manifest, OtherBlob
from tracker_server.artifacts.manifests import read as read_manifest
from tracker_server.artifacts.models import Artifact, ArtifactFile, ArtifactVersion, RunArtifactLink
from tracker_server.artifacts.reading import inputs, is_meant
from tracker_server.artifacts.service import (
    count_of_run,
    file_of,
    files_of,
    find_version,
    get_version,
    log_version,
    missing,
    project_id_of,
    put_back,
    reference_of,
    references_of,
    use,
)

__all__ = [
    "Artifact",
    "ArtifactFile",
    "ArtifactVersion",
    "BlobStore",
    "Manifest",
    "OtherBlob",
    "RunArtifactLink",
    "blob_store",
    "count_of_run",
    "file_of",
    "files_of",
    "find_version",
    "get_version",
    "inputs",
    "install",
    "is_live",
    "is_meant",
    "log_version",
    "may_read",
    "missing",
    "project_id_of",
    "put_back",
    "read_manifest",
    "reference_of",
    "references_of",
    "refers",
    "unsized_by_version",
    "unsized_counts",
    "use",
]


def install(app: Flask, store: BlobStore) -> None:
    """Have the app keep its bytes in this store."""
    app.extensions["tracker.blobs"] = store


def blob_store() -> BlobStore:
    """The store of the app at hand."""
    found: BlobStore = current_app.extensions["tracker.blobs"]
    return found
