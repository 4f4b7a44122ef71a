"""The routes of media."""

from tracker_server.http import Api

api = Api("media")
