"""The routes of runs."""

from tracker_server.http import Api

api = Api("runs")
