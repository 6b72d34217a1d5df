"""A case in the hands of its units, for tests of what may happen to it there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rules.facts import Refused
from services.audit import audit_clocks
from tests.support.sound import complaints
from tests.support.town import Town


def at(day: int, hour: int, minute: int = 0, month: int = 11, year: int = 2026) -> datetime:
    """Local time of Chenghu."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def sent(town: Town, urgency: str = "P2", category: str = "A01", **report: Any) -> int:
    """A case that water leads, with housing and the property company of Chenguang; nobody has acknowledged."""
    case = town.reports("有件事想问问", **report)
    town.turn()
    town.act(case, "file", "centre.duty", category=category, urgency=urgency)
    town.turn()
    return case


def in_hand(town: Town, urgency: str = "P2", category: str = "A01", **report: Any) -> int:
    """The same, with every unit at work."""
    case = sent(town, urgency, category, **report)
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    return case


def climbing(town: Town, urgency: str = "P2") -> int:
    """A case that a level holds in step 3."""
    case = town.reports("有件事想问问")
    town.turn()
    town.act(case, "file", "centre.duty", category="A01", urgency=urgency)
    town.act(case, "place", "centre.duty", level="street", holder=town.unit_id("hubin"))
    return case


def refused(code: str, act: Callable[[], object]) -> Refused:
    """What is answered to a move that the rules do not allow; it has changed nothing."""
    with pytest.raises(Refused) as found:
        act()
    assert found.value.code == code
    return found.value


def told(town: Town, case: int, notice: str) -> list[str | None]:
    """Who was sent a notice, by user name, in the order of sending; None: a resident."""
    return [m.name for m in town.messages(case) if m.notice == notice]


def standing(town: Town, case: int) -> dict[str, str]:
    """The units whose work order was not taken back: code → state."""
    return {o.code: o.state for o in town.orders(case) if o.state != "recalled"}


def unsound(town: Town) -> list[object]:
    """What is wrong by the journals and by the table of clocks."""
    with town.context.database.unit_of_work() as session:
        found = [(f.no, f.code, f.detail) for f in audit_clocks(session, town.now, timedelta(minutes=2))]
    return [*complaints(town.context.database, town.now), *found]
