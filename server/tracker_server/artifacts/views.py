"""The routes of artifacts."""

from tracker_server.http import Api

api = Api("artifacts")
