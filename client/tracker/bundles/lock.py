"""The lock of a form: each distribution that it needs, and what these need in turn, in the versions installed here.

What always holds: the same environment gives the same lock, sorted by name. A distribution that a marker excludes here
is not in it. A local version (`2.13.0+cpu`) is locked as its public one, which any build of it satisfies: where those
builds come from is not the lock's to say.
"""

from __future__ import annotations

import importlib.metadata as metadata
import re
from collections.abc import Iterable

from tracker.bundles.made import MakingError


def lock(distributions: Iterable[str]) -> tuple[str, ...]:
    """`name==version` of each and of what it needs, as installed here. `name[extra]` takes the extra's needs along.

    Raises MakingError for one that is not installed. What one of them needs and is not here is left out: it works so.
    """
    try:
        from packaging.requirements import Requirement
    except ModuleNotFoundError:
        raise MakingError('a lock needs packaging: pip install "tracker-runs[models]"') from None
    found: dict[str, str] = {}
    done: set[tuple[str, str]] = set()
    named = [Requirement(each) for each in distributions]
    for requirement in named:
        if version_of(requirement.name) is None:
            raise MakingError(f"{requirement.name} is not installed here, so no lock can name its version")
    pending = [(each.name, extra) for each in named for extra in ("", *sorted(each.extras))]
    while pending:
        name, extra = pending.pop()
        key = (normal(name), extra)
        version = version_of(name)
        if key in done or version is None:
            continue
        done.add(key)
        found[key[0]] = version
        for text in metadata.distribution(name).requires or ():
            need = Requirement(text)
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                pending += [(need.name, each) for each in ("", *need.extras)]
    return tuple(f"{name}=={version.partition('+')[0]}" for name, version in sorted(found.items()))


def version_of(name: str) -> str | None:
    """The installed version; None where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def normal(name: str) -> str:
    """A distribution's name as indexes know it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions_of(modules: Iterable[str]) -> set[str]:
    """The distributions that some importable modules come from, those of the standard library and of nobody aside."""
    roots = {module.partition(".")[0] for module in modules}
    known = metadata.packages_distributions()
    return {normal(name) for root in roots for name in known.get(root, ())} - {"tracker-runs"}
