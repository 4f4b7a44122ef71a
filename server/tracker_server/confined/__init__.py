"""Files that people sent, read in a process beside the server which can do little and may die.

What always holds: no reader of such a file runs in the server. Whatever a file does to its reader (a crash in native
code, memory, endless work) ends a process that holds nothing, within limits of address space, CPU time, open files and
wall time; it writes no file, connects to nothing, and knows no secret of the server's environment. The one who asked is
told by an error of the API (422 `unreadable_file`), and the next one has a fresh process.

How a domain has files read, in three steps:

1. A module `tracker_server/<domain>/readers.py` has the functions that read. It is the process' main module, so it
   and its package's `__init__` import neither Flask nor SQLAlchemy; heavy libraries are imported there, and nowhere in
   the server:

       def count(paths: tuple[Path, ...], query: CountQuery) -> Count:
           "Count the lines of a file. Raises Unreadable (of this package) for a file that is not of the format."

       READERS = {"previews.count": confined.reader(CountQuery, count)}

       if __name__ == "__main__":
           confined.serve(READERS)

2. Its name stands in `pool.MODULES`, by which a reader's first word leads to its process.
3. The server asks, where it has let go of its database session, since that may take seconds:

       confined.read("previews.count", [path], CountQuery(…), Count, expected="a text in UTF-8")

What is asked and answered are msgspec structs. `Unreadable("its footer lies")` in a reader becomes the 422 that names
`expected`; an error of `tracker_server.errors` comes out as it was raised (a bad filter, say); any other exception is
taken for a file that cannot be read. A module may keep what it has read in memory of its own, within its bounds: a
process lives on until it has been idle for two minutes.
"""

from tracker_server.confined.pool import close, read
from tracker_server.confined.worker import Unreadable, reader, serve

__all__ = ["Unreadable", "close", "read", "reader", "serve"]
