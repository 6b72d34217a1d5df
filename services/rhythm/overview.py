"""What there is to read of weeks and months, and what somebody may do with it now; the services that do it decide again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Objection, ScoreSheet, connection_of, table
from rules.facts import STAFF, Actor, Refused
from services.catalogue import catalogue
from services.mechanisms import is_on
from services.moves import Row
from services.ratings.samples import only_centre
from services.rhythm import figures
from services.rhythm.bulletins import APPROVED, ASKED, DRAFT, OPEN, bulletins, may_publish, read_bulletin
from services.rhythm.periods import local_day
from services.rhythm.sheets import APPEALED, MECHANISM, SIGNED
from services.rhythm.sheets import DRAFT as SHEET_DRAFT
from services.rhythm.sheets import PUBLISHED as SHEET_PUBLISHED
from services.rhythm.weeks import may_read, sheets_of, waiting_weeks

_sheet, _objection = table(ScoreSheet), table(Objection)


@dataclass(frozen=True, slots=True)
class Week:
    """A week that has sheets which the viewer may read: its Monday, how many, whether it is published or waits for that."""

    monday: date
    sheets: int
    published: bool
    ready: bool


def readable(session: Session, viewer: Actor) -> list[Row]:
    """The bulletins that somebody may read, the newest first; none where they are switched off."""
    if not is_on(session, figures.MECHANISM):
        return []
    return [row for row in bulletins(session) if _holds(partial(read_bulletin, session, row["month"], viewer))]


def missing_month(session: Session, viewer: Actor, now: datetime) -> str:
    """Last month, where its bulletin is not there yet and this person may draft it; else nothing."""
    known = catalogue(session)
    if not is_on(session, figures.MECHANISM) or not _holds(lambda: only_centre(known, viewer)):
        return ""
    last = f"{local_day(now, known.zone).replace(day=1) - timedelta(days=1):%Y-%m}"
    return "" if any(row["month"] == last for row in bulletins(session)) else last


def _holds(act: Callable[[], object]) -> bool:
    """Whether something is not refused."""
    try:
        act()
    except Refused:
        return False
    return True


def steps(session: Session, bulletin: Row, actor: Actor, now: datetime) -> frozenset[str]:
    """What this person may do with a bulletin as it stands now: draft, open, object, decide, approve, publish."""
    known, state = catalogue(session), bulletin["state"]
    centre, publisher = _holds(lambda: only_centre(known, actor)), _holds(lambda: may_publish(actor, known))
    running = state == OPEN and now <= bulletin["objections_until"]
    may = {
        "draft": state == DRAFT and centre,
        "open": state == DRAFT and centre,
        "object": running and bool(actor.roles & STAFF) and bool(actor.body),
        "decide": state == OPEN and centre and actor.name != bulletin["made_by"],
        "approve": state == OPEN and publisher and not running and not waiting(session, bulletin),
        "publish": state == APPROVED and publisher and actor.name != bulletin["approved_by"],
    }
    return frozenset(step for step, so in may.items() if so)


def waiting(session: Session, bulletin: Row) -> int:
    """How many objections nobody has decided yet."""
    asked = select(func.count()).where(_objection.c.bulletin_id == bulletin["id"], _objection.c.state == ASKED)
    return int(connection_of(session).execute(asked).scalar_one())


def weeks(session: Session, viewer: Actor, now: datetime, limit: int = 12) -> Sequence[Week]:
    """The last weeks with sheets that somebody may read, the newest first; none where they are switched off."""
    if not viewer.roles & STAFF or not is_on(session, MECHANISM):
        return []
    known, ready = catalogue(session), set(waiting_weeks(session, now))
    names = connection_of(session).scalars(select(_sheet.c.week).distinct().order_by(_sheet.c.week.desc()).limit(limit))
    found = []
    for name in list(names):
        monday = date.fromisoformat(name)
        mine = [sheet for sheet in sheets_of(session, monday) if may_read(sheet, viewer, known)]
        if mine:
            found.append(Week(monday, len(mine), any(sheet["state"] == SHEET_PUBLISHED for sheet in mine), monday in ready))
    return found


def may_publish_week(session: Session, monday: date, viewer: Actor, now: datetime) -> bool:
    """Whether a week waits for being published, and this person may."""
    return monday in waiting_weeks(session, now) and _holds(lambda: only_centre(catalogue(session), viewer))


def sheet_steps(session: Session, sheet: Row, actor: Actor, now: datetime) -> frozenset[str]:
    """What this person may do with a score sheet as it stands now: sign, drop, appeal, decide."""
    own = actor.name == sheet["scorer"]
    unit = sheet["unit_id"] in actor.body and bool(actor.roles & STAFF)
    may = {
        "sign": own and sheet["state"] == SHEET_DRAFT,
        "drop": own and sheet["state"] == SHEET_DRAFT,
        "appeal": unit and sheet["state"] == SIGNED and now <= sheet["appeal_until"] and any(i["taken"] for i in sheet["items"]),
        "decide": not own and sheet["state"] == APPEALED and _holds(lambda: only_centre(catalogue(session), actor)),
    }
    return frozenset(step for step, so in may.items() if so)
