"""Media: what a run logs besides numbers. Each piece has a name, a step and a blob; so far all are Plotly figures."""

from tracker_server.media.models import MediaItem
from tracker_server.media.service import add, count_of_run, get, of_run, project_id_of

__all__ = ["MediaItem", "add", "count_of_run", "get", "of_run", "project_id_of"]
