"""Lineage: what a version was made from, and what was made with it, as a graph.

Data is read by a run, which makes an artifact version, which is registered as a version of a model, which holds an
alias and is read by other runs. Both ways are followed from one node, and what one may not see is not there.
`docs/lineage.md` tells users of it.
"""

from tracker_server.lineage.service import of_artifact, of_run, of_version

__all__ = ["of_artifact", "of_run", "of_version"]
