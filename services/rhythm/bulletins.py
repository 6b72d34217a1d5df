"""The bulletin of a month (每月一通报): drafted from what is on record, open to objections of units, published by two people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from models import Bulletin, BulletinCase, Case, Objection, connection_of, table
from rules.facts import STAFF, Actor, Refused
from services.alarms import alarm
from services.catalogue import Catalogue, catalogue
from services.mechanisms import is_on, require
from services.moves import Row
from services.ratings.samples import only_centre
from services.rhythm import sending, settled
from services.rhythm.alone import alone
from services.rhythm.figures import MECHANISM, row_of
from services.rhythm.members import Month, gather, gathered
from services.rhythm.periods import end_of, local_day, month_of

_bulletin, _member, _objection = table(Bulletin), table(BulletinCase), table(Objection)
DRAFT, OPEN, APPROVED, PUBLISHED = "draft", "open", "approved", "published"
ASKED: Final = "asked"
_NOTICES: Final = {OPEN: "bulletin_open", PUBLISHED: "rhythm_published"}


def draft(session: Session, month: str, by: str, now: datetime) -> Row:
    """Draft the bulletin of a month that is over; a draft that is there is made anew, one that units have seen is not.

    Args:
        session: The unit of work; committed by the caller.
        month: E.g. `2026-11`, local.
        by: User name, or `system`.
        now: The instant, aware UTC: figures show how things stand then.

    Raises:
        Refused: `mechanism_off`, `bad_month`, `month_not_over`, `bulletin_state`.
    """
    require(session, MECHANISM)
    alone(session)
    known, run = catalogue(session), connection_of(session).execute
    name, since, until = month_of(month, known.zone)
    if now < until:
        raise Refused("month_not_over", month=name)
    before = run(select(_bulletin).where(_bulletin.c.month == name)).mappings().first()
    if before is not None:
        _in_state(dict(before), DRAFT)
        run(delete(_member).where(_member.c.bulletin_id == before["id"]))
        run(delete(_bulletin).where(_bulletin.c.id == before["id"]))
    small = settled.in_force(session).small
    about = {"month": name, "state": DRAFT, "since": since, "until": until, "small": small, "made_at": now, "made_by": by}
    row = dict(run(insert(_bulletin).values(about).returning(*_bulletin.c)).mappings().one())
    gather(session, row["id"], Month(since, until, now))
    return row


def draft_what_is_due(session: Session, now: datetime) -> list[Row]:
    """Draft the bulletin of the month before, unless one is there; for whoever looks again and again, and safe to run again.

    A month in which the district did not work with this program yet has none.

    Returns:
        What was drafted.
    """
    if not is_on(session, MECHANISM):
        return []
    known = catalogue(session)
    last = local_day(now, known.zone).replace(day=1) - timedelta(days=1)
    if _anything(session, last) and not _there(session, f"{last:%Y-%m}"):
        alone(session)
        if _there(session, f"{last:%Y-%m}"):
            return []
        row = draft(session, f"{last:%Y-%m}", "system", now)
        alarm(session, "rhythm_ready", now, key=f"bulletin:{row['month']}", no=row["month"])
        return [row]
    return []


def _there(session: Session, month: str) -> bool:
    return connection_of(session).execute(select(_bulletin.c.id).where(_bulletin.c.month == month)).first() is not None


def _anything(session: Session, day: date) -> bool:
    """Whether any case was handed in before the end of the month in which a day lies."""
    cases = table(Case)
    _, _, until = month_of(f"{day:%Y-%m}", catalogue(session).zone)
    return connection_of(session).execute(select(cases.c.id).where(cases.c.submitted_at < until).limit(1)).first() is not None


def _in_state(bulletin: Row, *states: str) -> None:
    if bulletin["state"] not in states:
        raise Refused("bulletin_state", month=bulletin["month"], state=bulletin["state"])


def _change(session: Session, bulletin: Row, **values: object) -> Row:
    connection_of(session).execute(update(_bulletin).where(_bulletin.c.id == bulletin["id"]).values(values))
    return bulletin | values


def open_to_objections(session: Session, month: str, actor: Actor, now: datetime) -> Row:
    """Show the draft to the units, each of which may object until the window ends; from then on it is not drafted anew.

    Raises:
        Refused: `mechanism_off`, `no_such_bulletin`, `bulletin_state`, `centre_only`.
    """
    require(session, MECHANISM)
    alone(session)
    bulletin, known, rules = row_of(session, month), catalogue(session), settled.in_force(session)
    only_centre(known, actor)
    _in_state(bulletin, DRAFT)
    until = end_of(rules.objections, now, known.calendar_of(known.desk_id))
    _tell(session, bulletin, OPEN, now, due=until.isoformat())
    return _change(session, bulletin, state=OPEN, opened_at=now, opened_by=actor.name, objections_until=until)


def approve(session: Session, month: str, actor: Actor, now: datetime) -> Row:
    """The first of two people who publish, once the window is over and every objection is decided.

    Raises:
        Refused: `mechanism_off`, `no_such_bulletin`, `bulletin_state`, `publishers_only`, `objections_still_open`, `objections_wait`.
    """
    require(session, MECHANISM)
    alone(session)
    bulletin, known = row_of(session, month), catalogue(session)
    may_publish(actor, known)
    _in_state(bulletin, OPEN)
    if now <= bulletin["objections_until"]:
        raise Refused("objections_still_open", end=f"{bulletin['objections_until'].astimezone(known.zone):%Y-%m-%d %H:%M}")
    waiting = select(_objection.c.no).where(_objection.c.bulletin_id == bulletin["id"], _objection.c.state == ASKED)
    if nos := list(connection_of(session).execute(waiting).scalars()):
        raise Refused("objections_wait", nos=", ".join(map(str, nos)))
    return _change(session, bulletin, state=APPROVED, approved_at=now, approved_by=actor.name)


def publish(session: Session, month: str, actor: Actor, now: datetime) -> Row:
    """The second of two people publishes, and whom the rules name are told.

    Raises:
        Refused: `mechanism_off`, `no_such_bulletin`, `bulletin_state`, `publishers_only`, `second_publisher`.
    """
    require(session, MECHANISM)
    alone(session)
    bulletin = row_of(session, month)
    may_publish(actor, catalogue(session))
    _in_state(bulletin, APPROVED)
    if actor.name == bulletin["approved_by"]:
        raise Refused("second_publisher")
    _tell(session, bulletin, PUBLISHED, now)
    return _change(session, bulletin, state=PUBLISHED, published_at=now, published_by=actor.name)


def may_publish(actor: Actor, known: Catalogue) -> None:
    """The head of the district's centre and the duty leader publish."""
    if "duty_leader" not in actor.roles and not ("head" in actor.roles and actor.unit_id == known.desk_id):
        raise Refused("publishers_only")


def _tell(session: Session, bulletin: Row, state: str, now: datetime, **about: str) -> None:
    """Every unit that has a figure in it, and whom else the rules name."""
    units = select(_member.c.unit_id).where(_member.c.bulletin_id == bulletin["id"], _member.c.unit_id.is_not(None)).distinct()
    scopes: list[sending.Scope] = [("district", None), *(("unit", unit) for unit in connection_of(session).execute(units).scalars())]
    key, to = f"bulletin:{bulletin['month']}", settled.in_force(session).bulletin_to
    sending.send(session, _NOTICES[state], key, to, dict.fromkeys(scopes, about), now, no=bulletin["month"])


# reading --------------------------------------------------------------------------------------------------------------


def read_bulletin(session: Session, month: str, viewer: Actor | None) -> Row:
    """A bulletin's row, for whoever may read it: a draft the centre only, one that is open all staff, a published one everybody.

    Raises:
        Refused: `mechanism_off`, `no_such_bulletin`, `bulletin_not_for_you`.
    """
    require(session, MECHANISM)
    bulletin, known = row_of(session, month), catalogue(session)
    if viewer is None or bulletin["state"] == PUBLISHED:
        return bulletin
    centre = viewer.unit_id == known.desk_id or "duty_leader" in viewer.roles
    if not centre and (bulletin["state"] == DRAFT or not viewer.roles & STAFF):
        raise Refused("bulletin_not_for_you", month=month)
    return bulletin


def bulletins(session: Session, limit: int = 24) -> Sequence[Row]:
    """Bulletins that are there, the newest first.

    Raises:
        Refused: `mechanism_off`.
    """
    require(session, MECHANISM)
    wanted = select(_bulletin).order_by(_bulletin.c.month.desc()).limit(limit)
    return [dict(row) for row in connection_of(session).execute(wanted).mappings()]


@dataclass(frozen=True, slots=True)
class Rechecked:
    """A bulletin put together again: how many things its lists have, how many come out the same, what is otherwise now.

    Attributes:
        gone, come: Family and case number of what does not come out any more, and of what comes out now: limits that were moved, ratings
            that were appealed and cases that were voided since.
    """

    things: int
    same: int
    gone: Sequence[tuple[str, str]]
    come: Sequence[tuple[str, str]]


def recheck(session: Session, month: str) -> Rechecked:
    """Put the lists of a bulletin together again from what is on record now, and compare; changes nothing.

    Raises:
        Refused: `mechanism_off`, `no_such_bulletin`.
    """
    require(session, MECHANISM)
    bulletin, run = row_of(session, month), connection_of(session).execute
    columns = (_member.c.family, _member.c.case_id, _member.c.item, _member.c.facts)
    kept = {tuple(row) for row in run(select(*columns).where(_member.c.bulletin_id == bulletin["id"]))}
    now = gathered(session, Month(bulletin["since"], bulletin["until"], bulletin["made_at"]))
    cases, differ = table(Case), (kept - now, now - kept)
    ids = {each[1] for part in differ for each in part}
    nos = {row.id: row.no for row in run(select(cases.c.id, cases.c.no).where(cases.c.id.in_(ids)))} if ids else {}
    gone, come = (sorted((each[0], nos[each[1]]) for each in part) for part in differ)
    return Rechecked(len(kept), len(kept & now), gone, come)
