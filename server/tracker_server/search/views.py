"""The routes of search."""

from tracker_server.http import Api

api = Api("search")
