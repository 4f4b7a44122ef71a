"""Media: what a run logs besides numbers, each with a name and a step: images, sound, tables, curves, figures.

What a kind says of itself is in `tracker/kinds.py`; its bytes are blobs. A fork has what its parent logged up to its
step.
"""

from tracker_server.media.models import MediaItem
from tracker_server.media.service import add, copy, count_of_run, get, highest_step, project_id_of

__all__ = ["MediaItem", "add", "copy", "count_of_run", "get", "highest_step", "project_id_of"]
