"""Standing meetings (例会, 居民说事): founded once, called by the system; what people bring is registered and dealt with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Affair, AffairPart, Case, Requester, Unit, connection_of, table
from rules.facts import Actor, Refused, Thing
from services.affairs import Plan, begin, find
from services.affairs.acting import Ask, act
from services.affairs.voices import Voice, people, resolved
from services.deliberation.meetings import CODE
from services.intake import Report, dialled, submit
from services.mechanisms import require
from services.moves import Setting
from services.units.task_forces import forces

SOURCE: Final = "walk_in"  #: of cases that come of what people bring
_affair, _part = table(Affair), table(AffairPart)


@dataclass(frozen=True, slots=True)
class Cadence:
    """When a standing meeting takes place.

    Attributes:
        days: Weekdays, 0 Monday to 6 Sunday.
        time: Local time of day, `19:30`.
        workdays: Only on days that are worked (每日碰头).
        until: When it is over, as ISO writes it with its zone; None: it goes on, that of a task force to the end of the task force.
    """

    days: tuple[int, ...]
    time: str
    workdays: bool = False
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Founded:
    """A standing meeting, and the first meeting, which is called already."""

    no: str
    first_no: str
    case_id: int


@dataclass(frozen=True, slots=True)
class Matter:
    """What somebody brings (说事).

    Attributes:
        kind: Code of a kind (seeds/deliberation.toml).
        words: What it is about.
        phone: The number of who brought it, if he or she wants to hear of it.
        people: How many came with it.
        solved: How it was settled on the spot; empty: it was not.
    """

    kind: str
    words: str
    phone: str | None = None
    people: int = 1
    solved: str = ""


def found(
    session: Session,
    title: str,
    form: str,
    cadence: Cadence,
    actor: Actor,
    setting: Setting,
    *,
    voices: Sequence[Voice] = (),
    place: str = "",
    area: str | None = None,
) -> Founded:
    """Found a standing meeting; from then on the system calls each next one when the one before has its moment.

    Raises:
        Refused: `mechanism_off`, `series_incomplete`, `weekday_unreadable`, `time_unreadable`, `series_never_meets`,
            `unknown_form_of_meeting`.
    """
    require(session, CODE)
    until = cadence.until or _end_of_force(session, actor)
    when = {"days": cadence.days, "time": cadence.time, "workdays": cadence.workdays or None, "until": until}
    plan = Plan("found_series", {"title": title, "form": form, "place": place, "voices": resolved(session, voices) or None, **when})
    began = begin(session, plan, actor, setting, area)
    first = connection_of(session).execute(select(_affair).where(_affair.c.no == began.no)).one()
    parent = select(_affair.c.no).where(_affair.c.case_id == first.parent_case_id, _affair.c.seq == first.parent_seq)
    return Founded(str(connection_of(session).execute(parent).scalar_one()), began.no, began.case_id)


def _end_of_force(session: Session, actor: Actor) -> str | None:
    """The end of the task force that the actor works for: its rounds end with it; None where he works for none."""
    return next((force["until"].isoformat() for force in forces(session) if force["unit_id"] == actor.unit_id), None)


def register(session: Session, no: str, matters: Sequence[Matter], actor: Actor, setting: Setting) -> list[int]:
    """Register what people have brought to a standing meeting, all or nothing.

    Returns:
        The numbers of the matters, in order.

    Raises:
        Refused: `unknown_affair`, `unknown_matter`, `matters_missing`, `too_many_matters_at_once`, `bad_phone`.
    """
    require(session, CODE)
    residents = people(session, [matter.phone for matter in matters if matter.phone])
    given = tuple(_given(matter, residents.get(dialled(matter.phone)) if matter.phone else None) for matter in matters)
    act(session, Ask(no, "raise_matters", None, {"matters": given}), actor, setting)
    ref = find(session, no)
    newest = select(_part.c.no).where(_part.c.case_id == ref.case_id, _part.c.seq == ref.seq, _part.c.thing == Thing.MATTER.value)
    return sorted(connection_of(session).execute(newest).scalars())[-len(given) :]


def _given(matter: Matter, resident: int | None) -> dict[str, Any]:
    values: dict[str, Any] = {"kind": matter.kind, "words": matter.words, "people": matter.people, "resident": resident}
    return {name: value for name, value in (values | {"solved": matter.solved or None}).items() if value is not None}


def file_matter(session: Session, no: str, part: int, actor: Actor, setting: Setting) -> str:
    """Make a case of a matter: a walk-in, in the area of the standing meeting, for who brought it.

    Returns:
        The number of the case.

    Raises:
        Refused: `unknown_affair`, `unknown_part`, `wrong_state`, and what the intake says.
    """
    require(session, CODE)
    ref = find(session, no, Thing.MEETING)
    query = (
        select(_part, _affair.c.place, table(Unit).c.code.label("area"), table(Requester).c.phone)
        .join(_affair, (_affair.c.case_id == _part.c.case_id) & (_affair.c.seq == _part.c.seq))
        .join(table(Unit), table(Unit).c.id == _affair.c.area_unit_id)
        .outerjoin(table(Requester), table(Requester).c.id == _part.c.requester_id)
        .where(_part.c.case_id == ref.case_id, _part.c.seq == ref.seq, _part.c.no == part, _part.c.thing == Thing.MATTER.value)
    )
    row = connection_of(session).execute(query).one_or_none()
    if row is None:
        raise Refused("unknown_part", part=part, affair=no)
    key = f"{ref.no}:{part}"
    report = Report(row.title, row.words, source=SOURCE, area=row.area, requester=row.phone, phone=row.phone, key=key)
    (done,) = submit(session, [report], setting, actor)
    act(session, Ask(no, "file_matter", part, {"case": done.case_id}), actor, setting)
    return str(connection_of(session).execute(select(table(Case).c.no).where(table(Case).c.id == done.case_id)).scalar_one())
