"""The routes of ingest."""

from tracker_server.http import Api

api = Api("ingest")
