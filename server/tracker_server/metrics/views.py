"""The routes of metrics."""

from tracker_server.http import Api

api = Api("metrics")
