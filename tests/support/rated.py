"""Cases whose result was told, and what residents say of it: shared by the tests of ratings."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from models import Case, CaseReporter, Evaluation, Request, table
from rules.facts import Thing
from services.moves import Intent, Moved, Setting, make_moves, one
from services.ratings.codes import code_of
from services.ratings.taking import Given, take
from tests.support.town import Town

FIRST = "10000000001"
_case, _evaluation, _request, _reporter = table(Case), table(Evaluation), table(Request), table(CaseReporter)


def fed_back(town: Town, *more: str, phone: str | None = FIRST, place: str = "chenguang-1") -> int:
    """A blocked drain that water has cleared, told to its reporters (`more`: the phones of others besides the first)."""
    case = town.reports("5号楼前下水道堵了，污水外溢", phone=phone, area=place)
    for other in more:
        joins(town, case, other)
    town.turn()
    return done(town, case)


def done(town: Town, case: int) -> int:
    """Whoever has work with it does it, somebody else verifies, the reporters are told."""
    for order in town.orders(case):
        if order.state == "sent":
            town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
        if order.state in ("sent", "working"):
            town.order(case, "finish", f"{order.code}.clerk", order.code, result="已疏通")
    town.turn()
    town.act(case, "pass_check", "centre.duty")
    town.turn()
    assert town.state(case) == "fed_back"
    return case


def joins(town: Town, case: int, phone: str) -> None:
    """Somebody else speaks for the case as well, having reported the same before."""
    via = town.reports("下水道又堵了", phone=phone)
    row = {"case_id": case, "via_case_id": via, "requester_id": town.case(via).requester_id, "since": town.now, "until": None}
    with town.context.database.unit_of_work() as session:
        session.connection().execute(insert(_reporter).values(row))
        session.connection().execute(update(_case).where(_case.c.id == case).values(reporters=_case.c.reporters + 1))


def resident(town: Town, phone: str) -> int:
    """The id of a resident."""
    found = town.actor(f"resident:{phone}").resident_id
    assert found is not None
    return found


def code(town: Town, case: int, phone: str = FIRST) -> str:
    """The code that this resident was told."""
    return code_of(case, town.case(case).round, resident(town, phone))


def sent(folder: Path, phone: str = FIRST) -> list[str]:
    """What went out to a phone, as its owner read it; `folder` is the test's own."""
    lines = [json.loads(line) for line in (folder / "outbox.jsonl").read_text(encoding="utf-8").splitlines()]
    return [line["text"] for line in lines if line["to"] == phone]


def rates(town: Town, case: int, given: str | None, solved: bool, user: str | None = None, **more: Any) -> Moved:
    """Somebody rates with a code; raises what the service answers when it is not taken."""
    with town.context.database.unit_of_work() as session:
        staff = town.actor(user) if user else None
        outcome = take(session, Given(town.case(case).no, given, solved, **more), staff, town.now)
    return one([outcome])


def request(town: Town, case: int, action: str, user: str, **args: Any) -> Moved:
    """Somebody decides the newest request of a case."""
    no = int(requests(town, case)[-1].no)
    with town.context.database.unit_of_work() as session:
        return one(make_moves(session, [Intent(case, action, town.actor(user), Thing.REQUEST, no, args)], Setting(town.now)))


def requests(town: Town, case: int) -> list[Any]:
    """The requests of a case, in order."""
    return town.rows(select(_request).where(_request.c.case_id == case).order_by(_request.c.no))


def ratings(town: Town, case: int) -> list[Any]:
    """What was said of a case, in order."""
    return town.rows(select(_evaluation).where(_evaluation.c.case_id == case).order_by(_evaluation.c.no))
