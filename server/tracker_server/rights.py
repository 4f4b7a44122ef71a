"""What somebody may do, and where: levels, the roles that give them, and the rights of one who asks.

What always holds: rights are nothing unless something gives them; a key never gives more than whoever made it has, nor
a link more than reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Literal, get_args

from tracker_server.narrowing import Narrowing

Role = Literal["viewer", "editor", "promoter", "admin"]
"""What one is in a project: a viewer sees, an editor also changes, a promoter also promotes, an admin also decides who
may do what, and removes for good."""


class Level(IntEnum):
    """Each includes those before it."""

    NONE = 0
    READ = 1
    WRITE = 2
    PROMOTE = 3
    MANAGE = 4


LEVELS: Mapping[Role, Level] = MappingProxyType(dict(zip(get_args(Role), list(Level)[1:], strict=True)))
ROLES: Mapping[Level, Role] = MappingProxyType({level: role for role, level in LEVELS.items()})


@dataclass(frozen=True)
class Rights:
    """`everywhere` holds for every project, `levels` for single ones (by id), and `most` caps both: a key's own limit.

    `administers` is the right over people and settings; `may_create` that to make projects. `runs` are the only ones
    that a link shows; `opens_to` is the role that everybody gets in projects that one makes. `is_member` is False for
    who came by a link and is nobody in particular.
    """

    everywhere: Level = Level.NONE
    levels: Mapping[int, Level] = field(default_factory=dict)
    most: Level = Level.MANAGE
    administers: bool = False
    may_create: bool = False
    opens_to: Role | None = None
    is_member: bool = True
    runs: frozenset[str] | None = None

    def level(self, project_id: int) -> Level:
        """What one may do in a project."""
        return min(self.most, max(self.everywhere, self.levels.get(project_id, Level.NONE)))

    def reach(self, level: Level) -> bool:
        """Whether there can be any project where one may do so much."""
        return min(self.most, max([self.everywhere, *self.levels.values()])) >= level

    def narrowing(self, level: Level) -> Narrowing | None:
        """What a session may see for acts of that level; None is everything."""
        if self.runs is None and min(self.most, self.everywhere) >= level:
            return None
        seen = frozenset(project_id for project_id in self.levels if self.level(project_id) >= level)
        return Narrowing(seen, self.runs)


NOTHING = Rights(is_member=False)
EVERYTHING = Rights(everywhere=Level.MANAGE, administers=True, may_create=True)
