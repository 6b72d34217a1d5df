"""What tests of delivery do and look at: sending what waits, and what became of it."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from flows.turn import post
from models import Attempt, ChannelState, Message, begin_write, table
from services import deliveries
from services.engine import engines
from tasks.context import at_work
from tests.support.moody import hush
from tests.support.town import Town

_message = table(Message)
_attempt = table(Attempt)
_state = table(ChannelState)


GAS = "楼道里闻到燃气泄漏的味道，很浓"


def deliver(town: Town, *, seconds: float = 0) -> None:
    """Time passes, and everything is delivered that is due then."""
    town.now += timedelta(seconds=seconds)
    with at_work(town.context):
        post(lambda: town.now)


def attempts(town: Town, message: int) -> list[tuple[int, bool, str]]:
    found = town.rows(select(_attempt).where(_attempt.c.message_id == message).order_by(_attempt.c.no))
    return [(a.no, a.asked, a.outcome) for a in found]


def quiet_case(town: Town, text: str = "路灯不亮") -> int:
    """A case of which nothing waits to be told."""
    case = town.reports(text, source="hotline")
    town.turn()
    hush(town)
    return case


def plan_only(town: Town, channel: str = "sms") -> deliveries.Plan:
    """What an engine does before it dies: it plans, and nobody records."""
    with town.context.database.unit_of_work() as session:
        return deliveries.plan(session, town.context.claimer, channel, town.now, 100, town.context.setup)


def bury(town: Town) -> None:
    """The engine is found dead, another takes its place."""
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        engines.end(session, town.context.claimer.engine_id, town.now)
        engine_id = engines.begin(session, town.now, events_on=False)
    town.context = replace(town.context, claimer=replace(town.context.claimer, engine_id=engine_id))
