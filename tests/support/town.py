"""A town in virtual time: residents report, people act, the engine turns, time is walked from deadline to deadline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, update

from flows.turn import Turn, post, turn
from models import (
    Case,
    Category,
    Clock,
    Extension,
    Journal,
    Message,
    Request,
    RungFiring,
    SetAside,
    Staff,
    SupervisionOrder,
    Unit,
    WorkOrder,
    table,
)
from rules.facts import Actor, Thing
from services.catalogue import catalogue, reference_changed
from services.engine import claims
from services.intake import Report, requester_key, submit
from services.moves import Intent, Moved, Setting, make_moves, one
from tasks.context import EngineContext, at_work

#: 20 November 2026, 10:42 in Shanghai: an ordinary Friday.
START: Final = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)
_case, _order, _unit, _staff, _message = table(Case), table(WorkOrder), table(Unit), table(Staff), table(Message)
_clock, _journal, _firing = table(Clock), table(Journal), table(RungFiring)


@dataclass
class Town:
    """Everybody in one place.

    Attributes:
        context: The engine's context; its database is the town's.
        now: The town's time, aware UTC; only `fast_forward` and tests move it.
    """

    context: EngineContext
    now: datetime = START
    _serial: int = field(default=0, repr=False)

    # people -----------------------------------------------------------------------------------------------------------

    def reports(
        self, subject: str, body: str = "", *, area: str | None = "chenguang-1", source: str = "resident", phone: str | None = "10000000001"
    ) -> int:
        """A resident hands something in; nobody is named without a phone.

        Returns:
            The case's id.
        """
        report = Report(subject, body or subject, source=source, area=area, requester=phone, phone=phone)
        with self.context.database.unit_of_work() as session:
            return submit(session, [report], Setting(self.now))[0].case_id

    def actor(self, user: str) -> Actor:
        """Somebody by user name; `resident:<phone>` is a resident."""
        with self.context.database.unit_of_work() as session:
            if not user.startswith("resident"):
                return catalogue(session).actor(user)
            found = session.connection().execute(_requester_id(user.partition(":")[2] or "10000000001")).scalar_one()
            return Actor("resident", resident_id=found)

    def act(self, case_id: int, action: str, user: str, **args: Any) -> Moved:
        """Somebody makes a move of the case now; raises what the door answers when it is not made."""
        return self._ask(Intent(case_id, action, self.actor(user), args=args))

    def order(self, case_id: int, action: str, user: str, unit: str | None = None, /, **args: Any) -> Moved:
        """Somebody makes a move of the work order of a unit (default: the lead's) now."""
        return self._ask(Intent(case_id, action, self.actor(user), Thing.ORDER, self.order_no(case_id, unit), args))

    def extension(self, case_id: int, action: str, user: str, no: int | None = None, **args: Any) -> Moved:
        """Somebody decides a request for more time (default: the newest)."""
        return self._ask(Intent(case_id, action, self.actor(user), Thing.EXTENSION, no or len(self.extensions(case_id)), args))

    def request(self, case_id: int, action: str, user: str, no: int | None = None, **args: Any) -> Moved:
        """Somebody decides a request: a return, a hold, an end, an appeal (default: the newest)."""
        return self._ask(Intent(case_id, action, self.actor(user), Thing.REQUEST, no or len(self.requests(case_id)), args))

    def supervise(self, case_id: int, user: str, unit: str, demand: str = "限期整改", **args: Any) -> int:
        """Somebody opens a supervision order to a unit.

        Returns:
            The journal entry that opened it.
        """
        self.act(case_id, "supervise", user, unit=self.unit_id(unit), demand=demand, **args)
        return int(self.supervision(case_id)[-1].seq)

    def sign(self, case_id: int, action: str, user: str, seq: int | None = None, **args: Any) -> Moved:
        """Somebody signs, dismisses, answers, … a supervision order (default: the newest), named by the entry that opened it."""
        opened = seq if seq is not None else int(self.supervision(case_id)[-1].seq)
        return self._ask(Intent(case_id, action, self.actor(user), Thing.SUPERVISION, opened, args))

    def _ask(self, intent: Intent) -> Moved:
        with self.context.database.unit_of_work() as session:
            return one(make_moves(session, [intent], Setting(self.now)))

    # the engine and time ----------------------------------------------------------------------------------------------

    def turn(self) -> Turn:
        """The engine turns once and sends what is queued, at the town's time."""
        with at_work(self.context):
            done = turn(self.now)
            done.sent = post(lambda: self.now)
        return done

    def fast_forward(
        self,
        *,
        hours: float = 0,
        days: float = 0,
        until: datetime | Callable[[], bool] | None = None,
        limit: timedelta = timedelta(days=400),
    ) -> None:
        """Walk from deadline to deadline, the engine turning at each, as replay does.

        Args:
            hours: How far to go.
            days: How much further.
            until: Instead: an instant, or a condition asked after each turn.
            limit: How long to wait for a condition.

        Raises:
            AssertionError: the condition did not come true.
        """
        goal = until if isinstance(until, datetime) else self.now + (timedelta(hours=hours, days=days) if until is None else limit)
        self.turn()
        while not (callable(until) and until()):
            moment = self.next_moment(after=self.now)
            if moment is None or moment > goal:
                assert not callable(until), "the condition never came true"
                self.now = goal
                self.turn()
                return
            self.now = moment
            self.turn()

    def next_moment(self, after: datetime) -> datetime | None:
        """The next instant at which there is anything to do, passing over what was set aside."""
        with self.context.database.unit_of_work() as session:
            first = claims.next_moment(session)
            if first is None or first > after:
                return first
            columns = (_case.c.attend_at, _clock.c.next_fire_at, _clock.c.claimed_until, _message.c.attend_at)
            found = [session.connection().execute(select(func.min(c)).where(c > after)).scalar() for c in columns]
        return min((m for m in found if m is not None), default=None)

    # what became of it ------------------------------------------------------------------------------------------------

    def rows(self, statement: Any) -> list[Any]:
        """The rows of any question."""
        with self.context.database.unit_of_work() as session:
            return list(session.connection().execute(statement))

    def case(self, case_id: int) -> Any:
        """The case's row."""
        return self.rows(select(_case).where(_case.c.id == case_id))[0]

    def state(self, case_id: int) -> str:
        """The case's state."""
        return str(self.case(case_id).state)

    def unit_id(self, code: str) -> int:
        """A unit's id by its code."""
        return int(self.rows(select(_unit.c.id).where(_unit.c.code == code))[0].id)

    def unit_code(self, unit_id: int) -> str:
        """A unit's code by its id."""
        return str(self.rows(select(_unit.c.code).where(_unit.c.id == unit_id))[0].code)

    def orders(self, case_id: int) -> list[Any]:
        """The case's work orders with the code of their unit, in order."""
        joined = _order.join(_unit, _unit.c.id == _order.c.unit_id)
        return self.rows(select(_order, _unit.c.code).select_from(joined).where(_order.c.case_id == case_id).order_by(_order.c.no))

    def order_no(self, case_id: int, unit: str | None = None) -> int:
        """The number of a unit's present work order; the lead's when no unit is named."""
        found = [o.no for o in self.orders(case_id) if o.state != "recalled" and (o.lead if unit is None else o.code == unit)]
        assert found, f"no work order of {unit or 'a lead'}"
        return int(found[-1])

    def clocks(self, case_id: int) -> list[Any]:
        """All clocks of the case, oldest first."""
        return self.rows(select(_clock).where(_clock.c.case_id == case_id).order_by(_clock.c.id))

    def journal(self, case_id: int) -> list[Any]:
        """What happened to the case, in order."""
        return self.rows(select(_journal).where(_journal.c.case_id == case_id).order_by(_journal.c.seq))

    def actions(self, case_id: int) -> list[str]:
        """What happened to the case, in one word each."""
        return [entry.action for entry in self.journal(case_id)]

    def fired(self, case_id: int, kind: str | None = None) -> list[tuple[str, str, datetime]]:
        """Rungs that fired for the case, in order: clock kind, rung, moment at which it fired."""
        joined = _firing.join(_clock, _clock.c.id == _firing.c.clock_id)
        wanted = select(_clock.c.kind, _firing.c.rung, _firing.c.fired_at).select_from(joined).where(_clock.c.case_id == case_id)
        found = self.rows(wanted.order_by(_firing.c.fired_at, _clock.c.id, _firing.c.rung))
        return [(row.kind, row.rung, row.fired_at) for row in found if kind in (None, row.kind)]

    def supervision(self, case_id: int) -> list[Any]:
        """Supervision orders opened on the case, in order."""
        supervision = table(SupervisionOrder)
        return self.rows(select(supervision).where(supervision.c.case_id == case_id).order_by(supervision.c.seq))

    def extensions(self, case_id: int) -> list[Any]:
        """Requests for more time, in order."""
        extension = table(Extension)
        return self.rows(select(extension).where(extension.c.case_id == case_id).order_by(extension.c.no))

    def requests(self, case_id: int) -> list[Any]:
        """Requests that somebody else decides, in order."""
        request = table(Request)
        return self.rows(select(request).where(request.c.case_id == case_id).order_by(request.c.no))

    def open_clock(self, case_id: int, kind: str, unit: str | None = None, stage: str | None = None) -> Any:
        """The one open clock of a kind: of the case or of its only order, or of a unit, or of a milestone."""
        wanted = self.unit_id(unit) if unit else None
        found = [c for c in self.clocks(case_id) if c.kind == kind and c.stopped_at is None and c.stage == stage]
        (clock,) = [c for c in found if wanted in (None, c.unit_id)]
        return clock

    def without_photos(self) -> None:
        """From now on no category asks for photos when it is finished."""
        with self.context.database.unit_of_work() as session:
            session.connection().execute(update(table(Category)).values(closing=[]))
            reference_changed(session)

    def open_clocks(self, case_id: int) -> list[Any]:
        """The clocks of the case that are open, oldest first."""
        return [clock for clock in self.clocks(case_id) if clock.stopped_at is None]

    def person_id(self, name: str) -> int:
        """Somebody's id by user name."""
        return int(self.rows(select(_staff.c.id).where(_staff.c.name == name))[0].id)

    def people_of(self, unit_id: int) -> list[Any]:
        """Who works in a unit."""
        return self.rows(select(_staff.c.id, _staff.c.name, _staff.c.role).where(_staff.c.unit_id == unit_id))

    def set_aside(self, case_id: int) -> list[Any]:
        """What was set aside of the case, resolved or not."""
        aside = table(SetAside)
        return self.rows(select(aside).where(aside.c.case_id == case_id).order_by(aside.c.id))

    def messages(self, case_id: int) -> list[Any]:
        """All messages about the case with their recipient's user name (None: a resident), oldest first."""
        joined = _message.outerjoin(_staff, _staff.c.id == _message.c.staff_id)
        wanted = select(_message, _staff.c.name).select_from(joined).where(_message.c.case_id == case_id)
        return self.rows(wanted.order_by(_message.c.id))

    def heard(self, who: str, case_id: int | None = None) -> list[str]:
        """The texts that somebody was sent, in order: a user name, or `resident:<phone>`."""
        joined = _message.outerjoin(_staff, _staff.c.id == _message.c.staff_id)
        wanted = select(_message.c.wording).select_from(joined).where(_message.c.wording.is_not(None)).order_by(_message.c.id)
        if who.startswith("resident"):
            wanted = wanted.where(_message.c.requester_id == _requester_id(who.partition(":")[2] or "10000000001").scalar_subquery())
        else:
            wanted = wanted.where(_staff.c.name == who)
        if case_id is not None:
            wanted = wanted.where(_message.c.case_id == case_id)
        return [row.wording for row in self.rows(wanted)]


def _requester_id(phone: str) -> Any:
    from models import Requester

    requester = table(Requester)
    return select(requester.c.id).where(requester.c.key == requester_key(phone))


def actions_of(rows: Sequence[Any]) -> list[tuple[str, str]]:
    """Journal rows in two words each: thing, action."""
    return [(row.thing, row.action) for row in rows]
