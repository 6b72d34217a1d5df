"""What tests of supervision orders do and look at."""

from typing import Any

import pytest
from sqlalchemy import select

from models import Case, Clock, Evidence, SupervisionCase, SupervisionOrder, table
from rules.facts import Refused
from tests.support.sound import complaints
from tests.support.town import Town

_evidence = table(Evidence)
_linked = table(SupervisionCase)
_order = table(SupervisionOrder)
_clock = table(Clock)
_case = table(Case)


DRAIN = "5号楼前下水道堵了，污水外溢"


def case_at_work(town: Town, subject: str = DRAIN, **given: Any) -> int:
    case = town.reports(subject, **given)
    town.turn()
    return case


def opened(town: Town, case: int, unit: str = "water", user: str = "centre.duty", demand: str = "三天内疏通", **args: Any) -> int:
    """Somebody opens a supervision order; the entry that opened it."""
    town.act(case, "supervise", user, unit=town.unit_id(unit), demand=demand, **args)
    return int(town.supervision(case)[-1].seq)


def signed(town: Town, case: int, unit: str = "water", user: str = "centre.head", **args: Any) -> int:
    seq = opened(town, case, unit, **args)
    town.sign(case, "sign", user, seq)
    return seq


def order(town: Town, case: int, seq: int) -> Any:
    return town.rows(select(_order).where(_order.c.case_id == case, _order.c.seq == seq))[0]


def clock_of(town: Town, case: int, seq: int) -> Any:
    (found,) = town.rows(select(_clock).where(_clock.c.case_id == case, _clock.c.supervision_seq == seq, _clock.c.stopped_at.is_(None)))
    return found


def refused(code: str) -> Any:
    return pytest.raises(Refused, match=f"^{code}$")


def sound(town: Town) -> None:
    assert complaints(town.context.database, town.now) == []
