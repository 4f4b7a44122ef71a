"""Artifacts and the bytes behind them.

A *blob* is bytes named by their sha256; an *artifact version* (`name:v3`) is an immutable manifest of files; runs *log*
and *use* versions. Equal bytes are stored once, equal manifests are one version.
"""

from flask import Flask, current_app

from tracker_server.artifacts.blobs import BlobStore
from tracker_server.artifacts.models import Artifact, ArtifactVersion
from tracker_server.artifacts.reading import inputs
from tracker_server.artifacts.service import count_of_run, files_of, get_version, log_version, missing, use

__all__ = [
    "Artifact",
    "ArtifactVersion",
    "BlobStore",
    "blob_store",
    "count_of_run",
    "files_of",
    "get_version",
    "inputs",
    "install",
    "log_version",
    "missing",
    "use",
]


def install(app: Flask, store: BlobStore) -> None:
    """Have the app keep its bytes in this store."""
    app.extensions["tracker.blobs"] = store


def blob_store() -> BlobStore:
    """The store of the app at hand."""
    found: BlobStore = current_app.extensions["tracker.blobs"]
    return found
