"""All that is in somebody's name, as it is told before he or she leaves."""

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Leaving:
    """All that is somebody's, and what becomes of it.

    Attributes:
        orders: Open work orders that he or she does, as case/number: the other's from then on.
        affairs: Affairs that he or she is in charge of or has a part in: the other's.
        readers: Sensitive cases that only named people read: the name is taken off, nobody else's is put on.
        rosters: Stretches of duty to come: the other's.
        deputies: User names of those who had him or her as deputy: the other is it now.
        absences: Absences noted beyond that moment: ended.
        handovers: Shift lists not signed by both: taken back.
        requests: Cases in which a request waits that he or she asked for: it stays under that name.
        to_sign: Cases with a supervision order that waits for a signature which he or she may give.
        signers: Who else may sign those.
        messages: Messages still to be sent to him or her: sent to the other.
        letters: Signed letters, as area/matter: they end, for nobody signs for another.
        posts: Grid posts, as grid/slot: the other's from then on; without another they end.
        lines: Professional grids, as grid/line: the other's; without another their unit's.
        offices: Offices of a block captain, as area/office: they end.
        profiles: What is shown in public of him or her, by unit: shown no more.
    """

    orders: list[str] = field(default_factory=list)
    affairs: list[str] = field(default_factory=list)
    readers: list[str] = field(default_factory=list)
    rosters: int = 0
    deputies: list[str] = field(default_factory=list)
    absences: int = 0
    handovers: list[int] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    to_sign: list[str] = field(default_factory=list)
    signers: list[str] = field(default_factory=list)
    messages: int = 0
    letters: list[str] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    offices: list[str] = field(default_factory=list)
    profiles: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """As JSON says it."""
        return {each.name: getattr(self, each.name) for each in fields(self)}
