"""A week of score sheets: appeals of units, decided by somebody else than who scored; then it is published, by area and topic."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import ScoreItem, ScoreSheet, connection_of, table
from rules.facts import STAFF, Actor, Refused
from services.alarms import alarm
from services.catalogue import Catalogue, catalogue
from services.mechanisms import is_on, require
from services.moves import Row
from services.moves.proof import legible
from services.ratings.samples import only_centre
from services.rhythm import sending, settled
from services.rhythm.alone import alone
from services.rhythm.periods import begin, monday_of
from services.rhythm.sending import was_told
from services.rhythm.sheets import (
    APPEALED,
    DRAFT,
    DROPPED,
    MECHANISM,
    PUBLISHED,
    REASON_MAX,
    SETTLED,
    SIGNED,
    change,
    items_of,
    label,
    points,
    row_of,
)

_sheet, _item = table(ScoreSheet), table(ScoreItem)
_WEEK: Final = timedelta(days=7)
READY: Final = "rhythm_ready"


# appeals --------------------------------------------------------------------------------------------------------------


def appeal(session: Session, sheet_id: int, items: Sequence[str], reason: str, actor: Actor, now: datetime) -> Row:
    """The scored unit says that points were wrongly taken off these items; once, within the window.

    Args:
        session: The unit of work.
        sheet_id: The sheet.
        items: Codes of items; none: all that points were taken off.
        reason: Why.
        actor: Of the scored unit, or of a section inside it.
        now: The instant, aware UTC.

    Raises:
        Refused: `mechanism_off`, `no_such_sheet`, `sheet_state`, `not_the_scored_unit`, `appeal_window_over`, `nothing_taken_off`,
            `appeal_reason_missing`, `text_too_long`, `text_unprintable`.
    """
    require(session, MECHANISM)
    alone(session)
    sheet, known = row_of(session, sheet_id, SIGNED), catalogue(session)
    if not actor.roles & STAFF or sheet["unit_id"] not in actor.body:
        raise Refused("not_the_scored_unit", unit=known.units[sheet["unit_id"]].code)
    if now > sheet["appeal_until"]:
        raise Refused("appeal_window_over", end=f"{sheet['appeal_until'].astimezone(known.zone):%Y-%m-%d %H:%M}")
    said = legible("reason", reason, REASON_MAX)
    if not said:
        raise Refused("appeal_reason_missing")
    off = {item["code"] for item in items_of(session, [sheet_id])[sheet_id] if item["taken"]}
    wanted = set(items) or off
    if not wanted or wanted - off:
        raise Refused("nothing_taken_off", items=", ".join(sorted(wanted - off)))
    connection_of(session).execute(update(_item).where(_item.c.sheet_id == sheet_id, _item.c.code.in_(wanted)).values(appealed=True))
    alarm(session, "rhythm_appealed", now, key=f"sheet:{sheet_id}", unit_id=sheet["unit_id"], no=label(sheet_id), reason=said)
    return change(session, sheet, state=APPEALED, appealed_at=now, appealed_by=actor.name, appeal=said)


def decide(session: Session, sheet_id: int, give_back: Sequence[str], answer: str, actor: Actor, now: datetime) -> Row:
    """Decide an appeal: of the appealed items, the points of those named are given back; of none, it is rejected.

    Args:
        session: The unit of work.
        sheet_id: The sheet.
        give_back: Codes of appealed items.
        answer: Why.
        actor: Head of the district's centre, or its duty leader; never who scored.
        now: The instant, aware UTC.

    Raises:
        Refused: `mechanism_off`, `no_such_sheet`, `sheet_state`, `centre_only`, `decides_own_sheet`, `not_appealed`,
            `ruling_reason_missing`, `text_too_long`, `text_unprintable`.
    """
    require(session, MECHANISM)
    alone(session)
    sheet = row_of(session, sheet_id, APPEALED)
    only_centre(catalogue(session), actor)
    if actor.name == sheet["scorer"]:
        raise Refused("decides_own_sheet")
    said = legible("answer", answer, REASON_MAX)
    if not said:
        raise Refused("ruling_reason_missing")
    appealed = {item["code"] for item in items_of(session, [sheet_id])[sheet_id] if item["appealed"]}
    if set(give_back) - appealed:
        raise Refused("not_appealed", items=", ".join(sorted(set(give_back) - appealed)))
    if give_back:
        back = update(_item).where(_item.c.sheet_id == sheet_id, _item.c.code.in_(set(give_back))).values(given_back=True)
        connection_of(session).execute(back)
    alarm(session, "rhythm_decided", now, key=f"sheet:{sheet_id}", unit_id=sheet["unit_id"], no=label(sheet_id), reason=said)
    return change(session, sheet, state=SETTLED, decided_at=now, decided_by=actor.name, upheld=bool(give_back), answer=said)


# publishing -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Score:
    """What came out for one topic in one area, or for one topic everywhere.

    Attributes:
        area_unit_id: Street or other part of the district; None: everywhere.
        sheets: How many.
        mean: Points in hundredths, the mean of the sheets, the half rounded up.
        small: So few sheets that it says little.
    """

    topic: str
    area_unit_id: int | None
    sheets: int
    mean: int
    small: bool


def publish(session: Session, week: date, actor: Actor, now: datetime) -> Sequence[Score]:
    """Publish a week once every sheet of it is beyond appeal, and tell whom the rules name.

    Raises:
        Refused: `mechanism_off`, `centre_only`, `week_not_over`, `week_empty`, `week_published`, `week_not_settled` with the sheets.
    """
    require(session, MECHANISM)
    alone(session)
    known, monday = catalogue(session), monday_of(week)
    only_centre(known, actor)
    if now < begin(monday + _WEEK, known.zone):
        raise Refused("week_not_over", week=monday.isoformat())
    sheets = [sheet for sheet in sheets_of(session, monday) if sheet["state"] != DROPPED]
    if not sheets:
        raise Refused("week_empty", week=monday.isoformat())
    if any(sheet["state"] == PUBLISHED for sheet in sheets):
        raise Refused("week_published", week=monday.isoformat())
    waiting = [label(sheet["id"]) for sheet in sheets if not _is_settled(sheet, now)]
    if waiting:
        raise Refused("week_not_settled", sheets=", ".join(waiting))
    ids = [sheet["id"] for sheet in sheets]
    done = update(_sheet).where(_sheet.c.id.in_(ids)).values(state=PUBLISHED, published_at=now, published_by=actor.name)
    connection_of(session).execute(done)
    _tell(session, monday, sheets, now)
    return result(session, monday)


def _is_settled(sheet: Row, now: datetime) -> bool:
    over = sheet["state"] == SIGNED and now > sheet["appeal_until"]
    return bool(over or sheet["state"] == SETTLED)


def _tell(session: Session, monday: date, sheets: Sequence[Row], now: datetime) -> None:
    scopes: dict[sending.Scope, list[Row]] = {("district", None): list(sheets)}
    for sheet in sheets:
        scopes.setdefault(("unit", sheet["unit_id"]), []).append(sheet)
    said = {scope: {"count": str(len(found))} for scope, found in scopes.items()}
    week = monday.isoformat()
    sending.send(session, "rhythm_published", f"week:{week}", settled.in_force(session).weekly_to, said, now, no=week)


def waiting_weeks(session: Session, now: datetime) -> list[date]:
    """Weeks that are over, whose sheets are all beyond appeal, and that nobody has published: what a person is reminded of."""
    known = catalogue(session)
    open_ones = select(_sheet).where(_sheet.c.state.in_((DRAFT, SIGNED, APPEALED, SETTLED)))
    by_week: dict[str, list[Row]] = defaultdict(list)
    for row in connection_of(session).execute(open_ones).mappings():
        by_week[row["week"]].append(dict(row))
    return sorted(
        monday
        for monday, sheets in ((date.fromisoformat(week), sheets) for week, sheets in by_week.items())
        if now >= begin(monday + _WEEK, known.zone) and all(_is_settled(sheet, now) for sheet in sheets)
    )


def remind(session: Session, now: datetime) -> list[date]:
    """Tell the centre of weeks that a person may publish, of each once; safe to run again, and writes nothing where there is nothing new.

    Returns:
        The weeks that it was told of now.
    """
    if not is_on(session, MECHANISM):
        return []
    found = [monday for monday in waiting_weeks(session, now) if not was_told(session, READY, f"week:{monday.isoformat()}")]
    for monday in found:
        alone(session)
        alarm(session, READY, now, key=f"week:{monday.isoformat()}", no=monday.isoformat())
    return found


# reading --------------------------------------------------------------------------------------------------------------


def sheets_of(session: Session, week: date) -> list[Row]:
    """The sheets of a week, the oldest first.

    Raises:
        Refused: `mechanism_off`.
    """
    require(session, MECHANISM)
    wanted = select(_sheet).where(_sheet.c.week == monday_of(week).isoformat()).order_by(_sheet.c.id)
    return [dict(row) for row in connection_of(session).execute(wanted).mappings()]


def may_read(sheet: Row, viewer: Actor | None, known: Catalogue) -> bool:
    """Whether somebody may read a sheet: all staff once it is published; before, the centre, who scored, and once signed the unit."""
    if viewer is None or sheet["state"] == PUBLISHED or viewer.name == sheet["scorer"]:
        return viewer is None or bool(viewer.roles & STAFF)
    if viewer.unit_id == known.desk_id or "duty_leader" in viewer.roles:
        return True
    return sheet["state"] != DRAFT and sheet["unit_id"] in viewer.body


def read_sheet(session: Session, sheet_id: int, viewer: Actor | None) -> Row:
    """A sheet with its `items` and its `score` in tenths.

    Raises:
        Refused: `mechanism_off`, `no_such_sheet`, `sheet_not_for_you`.
    """
    require(session, MECHANISM)
    sheet = row_of(session, sheet_id)
    if not may_read(sheet, viewer, catalogue(session)):
        raise Refused("sheet_not_for_you", sheet=label(sheet_id))
    items = items_of(session, [sheet_id])[sheet_id]
    return sheet | {"items": items, "score": sheet["full"] - points(items)}


def result(session: Session, week: date) -> Sequence[Score]:
    """What came out in a published week: each topic everywhere and in each street; nothing before. No person, no ranking."""
    require(session, MECHANISM)
    known, rules = catalogue(session), settled.in_force(session)
    sheets = [sheet for sheet in sheets_of(session, week) if sheet["state"] == PUBLISHED]
    items = items_of(session, [sheet["id"] for sheet in sheets])
    groups: dict[tuple[str, int | None], list[int]] = defaultdict(list)
    for sheet in sheets:
        score = sheet["full"] - points(items[sheet["id"]])
        for where in {None, _street(known, sheet["area_unit_id"])}:
            groups[sheet["topic"], where].append(score)
    ordered = sorted(groups.items(), key=lambda pair: (pair[0][0], pair[0][1] is not None, pair[0][1] or 0))
    return [Score(topic, where, len(found), _mean(found), len(found) < rules.small_sheets) for (topic, where), found in ordered]


def _street(known: Catalogue, area: int) -> int | None:
    return next((unit for unit in known.line(area) if known.units[unit].kind == "SUBDISTRICT"), None)


def _mean(tenths: Iterable[int]) -> int:
    found = list(tenths)
    return (sum(found) * 20 + len(found)) // (2 * len(found))


def topic_names(session: Session) -> Mapping[str, settled.Topic]:
    """The topics in force, by code."""
    return settled.in_force(session).topics
