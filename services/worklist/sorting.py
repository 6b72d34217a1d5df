"""Which rows of the inbox are shown, in which order, and the numbers on its lamps. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final

from services.catalogue import Catalogue
from services.listing import Light
from services.worklist.tasks import Role, Task

#: What burns first.
ORDER: Final = (Light.LATE, Light.WARN, Light.OK, Light.HOLD)


class Lamp(StrEnum):
    """What the lamps above the inbox count, and filter by."""

    ALL = "all"  #: 待办
    LATE = "late"  #: 超期
    WARN = "warn"  #: 临期
    TODAY = "today"  #: 今天到期
    ACK = "ack"  #: 待签收
    SUPERVISED = "supervised"  #: 有督办单
    HOLD = "hold"  #: 暂停


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows are asked for; empty: any.

    Attributes:
        role: A `Role`.
        category: Code of the category.
        area: Code of a unit; rows that lie in its area.
        handler: `mine`, `nobody`, or a user name.
    """

    lamp: Lamp = Lamp.ALL
    role: str = ""
    category: str = ""
    area: str = ""
    handler: str = ""


def burns(task: Task) -> tuple[int, datetime, str, str]:
    """The order of the inbox: the worse light, then what is due earlier, then by number."""
    return ORDER.index(task.light), task.due_at, task.case["no"], task.key


_Shines = Callable[[Task, datetime, tzinfo], bool]
LAMPS: Final[Mapping[Lamp, _Shines]] = {
    Lamp.ALL: lambda _t, _n, _z: True,
    Lamp.LATE: lambda t, _n, _z: t.light is Light.LATE,
    Lamp.WARN: lambda t, _n, _z: t.light is Light.WARN,
    Lamp.TODAY: lambda t, n, z: t.light is not Light.HOLD and t.due_at.astimezone(z).date() == n.astimezone(z).date(),
    Lamp.ACK: lambda t, _n, _z: t.waits_ack,
    Lamp.SUPERVISED: lambda t, _n, _z: t.supervised or t.role is Role.SUPERVISED,
    Lamp.HOLD: lambda t, _n, _z: t.light is Light.HOLD,
}


def counted(tasks: Sequence[Task], now: datetime, zone: tzinfo) -> dict[Lamp, int]:
    """How many rows each lamp counts."""
    return {lamp: sum(shines(task, now, zone) for task in tasks) for lamp, shines in LAMPS.items()}


def picked(tasks: Iterable[Task], asked: Asked, viewer: str, known: Catalogue, now: datetime) -> list[Task]:
    """The rows that are asked for, in their order.

    Args:
        tasks: The whole list.
        asked: Which of them.
        viewer: User name of who looks.
        known: The reference data.
        now: The instant, aware UTC.
    """
    area, handler = known.unit_ids.get(asked.area), _handler(asked.handler, viewer, known)
    shines = LAMPS[asked.lamp]
    return [
        task
        for task in tasks
        if shines(task, now, known.zone)
        and (not asked.role or task.role == asked.role)
        and (not asked.category or task.case["category"] == asked.category)
        and (not asked.area or area in known.line(task.case["area_unit_id"]))
        and (not asked.handler or task.handler_id == handler)
    ]


def _handler(asked: str, viewer: str, known: Catalogue) -> int | None:
    person = known.people.get(viewer if asked == "mine" else asked)
    return None if asked == "nobody" else person.id if person is not None else -1


def groups(tasks: Iterable[Task]) -> list[tuple[Light, list[Task]]]:
    """Rows under the headings of their lights; lights without any are left out."""
    found: dict[Light, list[Task]] = {light: [] for light in ORDER}
    for task in tasks:
        found[task.light].append(task)
    return [(light, rows) for light, rows in found.items() if rows]
