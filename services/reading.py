"""Reading one case for people: everything about it, as it is kept. Who may see what of it: services/privacy/. Changes nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, bindparam, select
from sqlalchemy.orm import Session

from models import (
    Case,
    Clock,
    Extension,
    Journal,
    Message,
    Prepared,
    SetAside,
    SupervisionOrder,
    WorkOrder,
    connection_of,
    read_together,
    table,
)
from rules.facts import FINAL, STEP_OF, Refused, State, Step
from services import ball
from services.affairs import of_case
from services.affairs.of_case import Beside, affairs_of
from services.ball import Spell
from services.catalogue import Catalogue, catalogue
from services.moves import Row
from services.reading_rest import add_attempts, add_fired, add_recipients

_case, _order, _clock, _journal = table(Case), table(WorkOrder), table(Clock), table(Journal)
_message, _supervision, _aside, _extension = table(Message), table(SupervisionOrder), table(SetAside), table(Extension)
_id = bindparam("id", type_=Integer)
#: What belongs to a case: its journal, work orders, clocks, messages, supervision orders, and what the engine has put aside.
_STORY: Final = (
    Prepared(select(_journal).where(_journal.c.case_id == _id).order_by(_journal.c.seq)),
    Prepared(select(_order).where(_order.c.case_id == _id).order_by(_order.c.no)),
    Prepared(select(_clock).where(_clock.c.case_id == _id).order_by(_clock.c.id)),
    Prepared(select(_message).where(_message.c.case_id == _id).order_by(_message.c.id)),
    Prepared(select(_supervision).where(_supervision.c.case_id == _id).order_by(_supervision.c.id)),
    Prepared(select(_aside).where(_aside.c.case_id == _id, _aside.c.resolved_at.is_(None))),
)
#: Columns that speak of the engine's work, not of the case, and the keys of people.
_INTERNAL: Final = frozenset(
    {"claimed_by", "claimed_until", "attend_at", "idempotency_key", "dedupe_key", "requester_id", "staff_id", "recipient", "message_id"}
)


@dataclass(frozen=True, slots=True)
class StepSpan:
    """One of the six steps of a case: when it was first reached and last left, and how long the case was in it in all."""

    step: Step
    since: datetime | None = None
    until: datetime | None = None
    spent: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Held:
    """One stretch of the held-by trail: whose ball it was (None: the resident's), in which step, from when to when (None: still)."""

    unit_id: int | None
    step: Step
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class CaseStory:
    """Everything about one case, as rows, with the names that go with them.

    Attributes:
        spells: Who held the ball, without a gap, until it ended or until now.
        source: Where it is said to come from; the row has the true source, by which the limits are found.
        affairs: The affairs kept with it, and those that it is further part of.
    """

    case: Row
    orders: list[Row]
    clocks: list[Row]
    journal: list[Row]
    messages: list[Row]
    supervision: list[Row]
    extensions: list[Row]
    aside: list[Row]
    spells: list[Spell]
    known: Catalogue
    source: str
    affairs: list[Beside] = field(default_factory=list)

    @property
    def state(self) -> State:
        """Present state of the case."""
        return State(self.case["state"])


def case_id_of(session: Session, no: str) -> int:
    """The id of the case with this number.

    Raises:
        Refused: `unknown_case`.
    """
    found = session.connection().execute(select(_case.c.id).where(_case.c.no == no.strip().upper())).scalar()
    if found is None:
        raise Refused("unknown_case", case=no)
    return int(found)


def read_row(session: Session, no: str) -> Row:
    """The row of the case with this number.

    Raises:
        Refused: `unknown_case`.
    """
    return _rows(session, select(_case).where(_case.c.id == case_id_of(session, no)))[0]


def read_case(session: Session, no: str, now: datetime) -> CaseStory:
    """Read one case with all that belongs to it; to be shown only as `services.privacy.showing` lets it through.

    Raises:
        Refused: `unknown_case`.
    """
    story = _story(session, read_row(session, no), now)
    add_fired(session, story.clocks)
    add_recipients(story.messages, story.known)
    add_attempts(session, story.messages)
    return story


def read_seen(session: Session, no: str, seen: ColumnElement[bool], now: datetime) -> CaseStory:
    """The same for a page: a case that somebody sees, without what pages do not show (rungs that fired, tries and receipts of messages).

    Args:
        session: The unit of work.
        no: Number of the case.
        seen: The condition that lets through what the viewer sees (`services.visibility.visible_cases`).
        now: The instant.

    Raises:
        Refused: `unknown_case`: whether there is one that he does not see is not told either.
    """
    for found in _rows(session, select(_case).where(_case.c.no == no.strip().upper(), seen)):
        return _story(session, found, now)
    raise Refused("unknown_case", case=no)


def _story(session: Session, case: Row, now: datetime) -> CaseStory:
    case_id = int(case["id"])
    asked = [(each, {"id": case_id}) for each in _STORY]
    journal, orders, clocks, messages, supervision, aside = read_together(connection_of(session), asked)
    longer = select(_extension).where(_extension.c.case_id == case_id).order_by(_extension.c.no)
    return CaseStory(
        case=case,
        orders=orders,
        clocks=clocks,
        journal=journal,
        messages=messages,
        supervision=supervision,
        extensions=_rows(session, longer) if any(entry["action"] == "ask_extension" for entry in journal) else [],
        aside=aside,
        spells=ball.spells_of(journal, now),
        known=catalogue(session),
        source=case["source"],
        affairs=affairs_of(session, case_id),
    )


def _rows(session: Session, wanted: Select[Any]) -> list[Row]:
    return [dict(row) for row in session.connection().execute(wanted).mappings()]


def _states(journal: Iterable[Row]) -> list[tuple[datetime, State]]:
    """When the case entered which state."""
    return [(e["at"], State(e["after"])) for e in journal if e["thing"] == "case" and e["after"] is not None]


def steps_of(story: CaseStory, now: datetime) -> list[StepSpan]:
    """The six steps in order, each with when; a step that was gone through twice counts both times."""
    spans = {step: StepSpan(step) for step in Step}
    entered = _states(story.journal)
    for i, (at, state) in enumerate(entered):
        known = spans[STEP_OF[state]]
        end = entered[i + 1][0] if i + 1 < len(entered) else (at if state in FINAL else None)
        spans[known.step] = StepSpan(known.step, known.since or at, end, known.spent + ((end or now) - at))
    return list(spans.values())


def held_by(story: CaseStory) -> list[Held]:
    """Who held the ball, in order, as `services.ball` has it; what follows the end of the case is nobody's."""
    trail: list[Held] = []
    for spell in story.spells:
        last, step = trail[-1] if trail else None, STEP_OF[State(spell.state)]
        if last is not None and (last.unit_id, last.step, last.until) == (spell.unit_id, step, spell.since):
            trail[-1] = replace(last, until=spell.until)
        else:
            trail.append(Held(spell.unit_id, step, spell.since, spell.until))
    if story.state not in FINAL and not _is_nobodys(story):
        _still_held(trail, story)
    return trail


def _is_nobodys(story: CaseStory) -> bool:
    """Whether nothing is waited for: the file of an affair that has ended."""
    return story.state is State.BESIDE and story.journal[-1]["ball_unit_id"] is None


def _still_held(trail: list[Held], story: CaseStory) -> None:
    """The last stretch goes on; it is there also where the ball was passed on at this very instant."""
    newest = story.journal[-1]
    holder = newest["ball_unit_id"], STEP_OF[story.state]
    if trail and (trail[-1].unit_id, trail[-1].step) == holder:
        trail[-1] = replace(trail[-1], until=None)
    else:
        trail.append(Held(*holder, newest["at"], None))


def unit_id_of(known: Catalogue, code: str) -> int:
    """The id of the unit with this code.

    Raises:
        Refused: `unknown_unit`.
    """
    found = known.unit_ids.get(code)
    if found is None:
        raise Refused("unknown_unit", unit=code)
    return found


# as plain data --------------------------------------------------------------------------------------------------------


def plain(row: Mapping[str, Any], known: Catalogue) -> dict[str, Any]:
    """A row as JSON can say it: instants in ISO form (UTC), units by their codes, nothing of the engine's own book-keeping."""
    found: dict[str, Any] = {}
    for key, value in row.items():
        if key in _INTERNAL:
            continue
        if key.endswith("unit_id"):
            found[key.removesuffix("_id")] = None if value is None else known.units[value].code
        else:
            found[key] = value.isoformat() if isinstance(value, datetime) else value
    return found


def as_json(story: CaseStory, now: datetime) -> dict[str, Any]:
    """Everything about one case as plain data; the keys are stable."""
    known = story.known

    def many(rows: Iterable[Row], *without: str) -> list[dict[str, Any]]:
        return [{k: v for k, v in plain(row, known).items() if k not in ("case_id", *without)} for row in rows]

    spans = ({"step": s.step, "since": s.since, "until": s.until, "hours": hours(s.spent)} for s in steps_of(story, now))
    trail = (
        {"unit_id": h.unit_id, "step": h.step, "since": h.since, "until": h.until, "hours": hours((h.until or now) - h.since)}
        for h in held_by(story)
    )
    return {
        **plain(story.case, known),
        "source": story.source,
        "step": STEP_OF[story.state],
        "steps": many(spans),
        "held_by": many(trail),
        "orders": many(story.orders),
        "clocks": [
            {**clock, "overdue": is_overdue(row, now), "affair": _no_of(of_case.of_clock(row, story.affairs))}
            for clock, row in zip(many(story.clocks), story.clocks, strict=True)
        ],
        "affairs": [of_case.as_json(each, known) for each in story.affairs],
        "supervision": many(story.supervision),
        "extensions": many(story.extensions),
        "journal": [
            {**entry, "affair": _no_of(of_case.about(row, story.affairs))}
            for entry, row in zip(many(story.journal), story.journal, strict=True)
        ],
        "messages": [
            {**told, "tries": many(row["tries"]), "receipts": many(row["receipts"])}
            for told, row in zip(many(story.messages), story.messages, strict=True)
        ],
        "set_aside": many(story.aside),
    }


def _no_of(affair: Beside | None) -> str | None:
    return None if affair is None else affair.no


def hours(spent: timedelta) -> float:
    """A stretch of time in natural hours."""
    return round(spent.total_seconds() / 3600, 2)


def is_overdue(clock: Mapping[str, Any], now: datetime) -> bool:
    """Whether a clock was late when it stopped, or is late now; one that is on hold is not."""
    end = clock["stopped_at"] or (now if clock["running_since"] is not None else None)
    return end is not None and end > clock["due_at"]
