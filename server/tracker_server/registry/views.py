"""The routes of registry."""

from tracker_server.http import Api

api = Api("registry")
