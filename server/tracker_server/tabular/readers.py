"""The process that reads tables: its readers, by name."""

from __future__ import annotations

from tracker_server import confined
from tracker_server.tabular.matching import changes, join
from tracker_server.tabular.paging import page
from tracker_server.tabular.schema import ChangesQuestion, JoinQuestion, PageQuestion

READERS = {
    "tabular.page": confined.reader(PageQuestion, page),
    "tabular.join": confined.reader(JoinQuestion, join),
    "tabular.changes": confined.reader(ChangesQuestion, changes),
}

if __name__ == "__main__":
    confined.serve(READERS)
