"""What tests of the audit do and look at: findings, and rows that somebody spoilt."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from models import Case, Clock, Journal, RungFiring, table
from services import audit
from services.audit import audit_clocks, check_journal, newest_cases
from tests.feedback.test_rechecks import recheck_wanted
from tests.support.town import Town

_firing = table(RungFiring)
_clock = table(Clock)
_case = table(Case)
_journal = table(Journal)


LAG = timedelta(minutes=2)


def findings(town: Town, lag: timedelta = LAG, batch: int = audit.BATCH) -> list[tuple[str, str]]:
    with town.context.database.unit_of_work() as session:
        return sorted((f.code, f.detail.get("clock", "")) for f in audit_clocks(session, town.now, lag, batch))


def codes(town: Town) -> list[str]:
    return [code for code, _ in findings(town)]


def journal_findings(town: Town, batch: int = audit.BATCH) -> list[tuple[str, int]]:
    with town.context.database.unit_of_work() as session:
        return [(f.no, f.detail["entry"]) for f in check_journal(session, newest_cases(session, 1000), batch)]


def change(town: Town, statement: Any) -> None:
    with town.context.database.unit_of_work() as session:
        session.execute(statement)


def clock(town: Town, kind: str, **where: Any) -> Any:
    """An open clock of this kind."""
    conditions = [_clock.c[name] == value for name, value in where.items()]
    return town.rows(select(_clock).where(_clock.c.kind == kind, _clock.c.stopped_at.is_(None), *conditions).order_by(_clock.c.id))[0]


def acknowledged(town: Town, subject: str, body: str = "") -> int:
    """A case that all its units have acknowledged."""
    case = town.reports(subject, body)
    town.turn()
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    return case


def closed(town: Town) -> int:
    """A case that has gone once around the loop."""
    case = finished(town)
    town.act(case, "rate", "resident:10000000001", solved=True, score=5)
    town.turn()
    assert town.state(case) == "closed"
    return case


def finished(town: Town) -> int:
    """A case whose reporter has been told."""
    case = acknowledged(town, "5号楼前下水道堵了，污水外溢")
    for order in town.orders(case):
        town.order(case, "finish", f"{order.code}.clerk", order.code, result="已疏通")
    town.turn()
    town.act(case, "pass_check", "hubin.clerk")
    town.turn()
    return case


def every_kind(town: Town) -> None:
    """Cases with every kind of clock that there is, in every way that a clock can have come about."""
    recheck_wanted(town)
    acknowledged(town, "邻居违章搭建", "楼顶违章建筑")  # milestones
    town.reports("燃气泄漏", "闻到很浓的煤气味，燃气泄漏")  # an emergency
    town.reports("有个事", "想问问", phone=None)  # triage
    climbing = town.reports("路灯坏了", "巷口路灯不亮", source="grid_worker")  # a level decides
    asking = acknowledged(town, "桥下路灯坏了一周没人修")
    town.order(asking, "ask_extension", "municipal.clerk", amount="1wd", reason="等电缆")
    granted = acknowledged(town, "桥东路灯坏了一周没人修")
    town.order(granted, "ask_extension", "municipal.clerk", amount="1wd", reason="等电缆")
    town.extension(granted, "grant", "centre.duty")
    held = acknowledged(town, "桥西路灯坏了一周没人修")
    town.act(held, "hold", "centre.duty", reason="等电缆到货")
    bound = acknowledged(town, "桥南路灯坏了一周没人修")
    town.act(bound, "bind", "centre.duty", due_at=(town.now + timedelta(hours=30)).isoformat(), by="upstream", reason="12345")
    again = finished(town)
    town.act(again, "rate", "resident:10000000001", solved=False, score=1)
    town.turn()
    town.act(again, "rework", "centre.duty", reason="现场仍有外溢")
    judged = finished(town)
    town.act(judged, "rate", "resident:10000000001", solved=False, score=1)
    finished(town)  # waits for its reporter
    over = closed(town)
    for made, unit in enumerate(("water", "municipal", "urban", "housing", "planning")):  # each on the closed case, a step further
        town.supervise(over, "centre.duty", unit, limit="5wd")
        moves: list[tuple[str, str, dict[str, Any]]] = [
            ("sign", "centre.head", {}),
            ("reply", f"{unit}.clerk", {"result": "已整改", "after": "整改后照片"}),
            ("pass_check", "centre.duty", {}),
            ("write_off", "centre.duty", {}),
        ]
        for action, who, args in moves[:made]:
            town.sign(over, action, who, **args)
    town.turn()
    handled = acknowledged(town, "5号楼前下水道堵了，污水外溢")
    for order in town.orders(handled):
        town.order(handled, "finish", f"{order.code}.clerk", order.code, result="已疏通")
    town.turn()
    recalled = acknowledged(town, "桥北路灯坏了一周没人修")
    town.act(recalled, "recall", "centre.duty", reason="派错了")
    _asked_and_closed_up(town)
    town.reports("楼道灯不亮")  # nobody has looked at it
    assert town.state(climbing) == "reporting"


def _asked_and_closed_up(town: Town) -> None:
    """What waits for somebody else's word, and what the law wants told."""
    returned = town.reports("巷东路灯坏了一周没人修")
    town.turn()
    town.order(returned, "ask_return", "municipal.clerk", "municipal", code="not_our_duty", reason="属街道")
    holding = acknowledged(town, "巷西路灯坏了一周没人修")
    town.act(holding, "ask_hold", "municipal.clerk", code="funding", reason="等经费")
    ending = acknowledged(town, "巷南路灯坏了一周没人修")
    town.act(ending, "ask_void", "centre.duty", reason="误报")
    appealed = finished(town)
    town.act(appealed, "rate", "resident:10000000001", solved=False, score=1)
    town.turn()
    town.act(appealed, "appeal", "water.clerk", reason="非本单位原因")
    town.reports("邻居家孩子被打", "楼上孩子被打，天天哭")
