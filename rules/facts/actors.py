"""Who acts: a person in a unit, a resident, the system."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person in a unit with roles, a resident, or the system.

    Attributes:
        unit_line: The actor's unit and all above it, nearest first.
        body: The actor's unit, and those above it of which it is a section (a squad of a bureau, an office of a street): whose work
            he or she does. A community is below its street and no section of it.
        covers: For staff of a 网格中心: the unit whose area it serves (the district, or one street).
        resident_id: Set for a resident acting on own cases.
    """

    name: str
    user_id: int | None = None
    unit_id: int | None = None
    unit_line: tuple[int, ...] = ()
    body: tuple[int, ...] = ()
    roles: frozenset[str] = frozenset()
    covers: int | None = None
    resident_id: int | None = None
    system: bool = False


SYSTEM: Final = Actor(name="system", system=True)
STAFF: Final = frozenset({"clerk", "head", "worker", "dispatcher", "duty_leader"})
