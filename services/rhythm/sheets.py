"""Score sheets (每周一测评): filled in on the spot by topic, signed by who scored, then told to the unit. Not statistics of cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from models import Case, ScoreItem, ScoreSheet, connection_of, table
from rules.facts import STAFF, Actor, Refused
from services.alarms import alarm
from services.catalogue import Catalogue, catalogue
from services.intake import LONGEST, Report, submit
from services.mechanisms import require
from services.moves import Row, Setting
from services.moves.proof import legible
from services.reading import unit_id_of
from services.rhythm import settled
from services.rhythm.alone import alone
from services.rhythm.periods import end_of, local_day, monday_of
from services.rhythm.settled import Item, Topic

DRAFT, SIGNED, APPEALED, SETTLED, PUBLISHED, DROPPED = "draft", "signed", "appealed", "settled", "published", "dropped"
STATES: Final = (DRAFT, SIGNED, APPEALED, SETTLED, PUBLISHED, DROPPED)
MECHANISM: Final = "weekly"
REASON_MAX: Final = 500  #: characters
PHOTOS_MOST: Final = 9  #: of one item
SOURCE: Final = "inspection"
_sheet, _item, _case = table(ScoreSheet), table(ScoreItem), table(Case)


@dataclass(frozen=True, slots=True)
class Taken:
    """Points taken off one item.

    Attributes:
        item: Code of the item.
        points: Taken off, in tenths; whole or half points.
        reason: Why; also what the case says that it opens.
        photos: What kept files say of themselves (`Kept.as_evidence`); where the item asks for one.
        open_case: Open a case of it on the spot.
    """

    item: str
    points: int
    reason: str
    photos: tuple[Mapping[str, Any], ...] = ()
    open_case: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    """A sheet as it is handed in: what it is about, where, whom it scores, and what is taken off. Items not named keep all points."""

    topic: str
    area: str
    place: str
    unit: str
    taken: Sequence[Taken] = field(default=())


@dataclass(frozen=True, slots=True)
class Opened:
    """A sheet that is there, and the numbers of the cases that were opened."""

    sheet_id: int
    cases: tuple[str, ...]


def open_sheet(session: Session, filled: Filled, actor: Actor, setting: Setting) -> Opened:
    """Fill in a sheet; it is a draft until whoever scored signs it.

    Args:
        session: The unit of work; to be given up where this raises.
        filled: What was found.
        actor: Who scores: of the staff, and not of the scored unit, its body or its sections.
        setting: The instant; its local week is the sheet's.

    Raises:
        Refused: `mechanism_off`, `score_needs_staff`, `scores_own_unit`, `unknown_topic_code`, `unknown_unit`, `unit_retired`,
            `unknown_area`, `place_missing`, `week_published`; of an item, with its code: `no_such_item`, `item_twice`, `bad_points`,
            `score_reason_missing`, `score_photo_missing`, `photo_not_asked`, `too_many_photos`; what `intake` says of a case.
    """
    require(session, MECHANISM)
    alone(session)
    known, rules = catalogue(session), settled.in_force(session)
    unit = unit_id_of(known, filled.unit)
    known.check_present(unit)
    _check_scorer(actor, unit, known)
    topic = rules.topics.get(filled.topic)
    if topic is None:
        raise Refused("unknown_topic_code", given=filled.topic, known=", ".join(rules.topics))
    if filled.area not in known.areas:
        raise Refused("unknown_area", area=filled.area)
    row = _row(filled, topic, unit, known, actor, setting.now) | {"rules_version": rules.version}
    _check_week(session, row["week"])
    items = _items(topic, filled.taken)
    run = connection_of(session).execute
    sheet = int(run(insert(_sheet).values(row).returning(_sheet.c.id)).scalar_one())
    cases = _open_cases(session, filled, topic, actor, setting)
    run(insert(_item), [{"sheet_id": sheet, **item, "case_id": cases.get(item["code"], (None, ""))[0]} for item in items])
    return Opened(sheet, tuple(no for _, no in cases.values()))


def _check_scorer(actor: Actor, unit: int, known: Catalogue) -> None:
    """Nobody scores the own unit, the body that it is a section of, or a section of it."""
    if actor.unit_id is None or not actor.roles & STAFF:
        raise Refused("score_needs_staff")
    inside = actor.unit_id in known.line(unit) and known.units[unit].kind == known.units[actor.unit_id].kind
    if unit in actor.body or inside:
        raise Refused("scores_own_unit", unit=known.units[unit].code)


def _row(filled: Filled, topic: Topic, unit: int, known: Catalogue, actor: Actor, now: datetime) -> Row:
    place = legible("place", filled.place, LONGEST["place"])
    if not place:
        raise Refused("place_missing")
    return {
        "week": monday_of(local_day(now, known.zone)).isoformat(),
        "topic": topic.code,
        "area_unit_id": known.unit_ids[filled.area],
        "place": place,
        "unit_id": unit,
        "scorer": actor.name,
        "scored_at": now,
        "state": DRAFT,
        "full": sum(item.points for item in topic.items),
    }


def _check_week(session: Session, week: str) -> None:
    published = select(_sheet.c.id).where(_sheet.c.week == week, _sheet.c.state == PUBLISHED).limit(1)
    if connection_of(session).execute(published).first() is not None:
        raise Refused("week_published", week=week)


def _items(topic: Topic, taken: Sequence[Taken]) -> list[Row]:
    """Every item of the topic, with what is taken off it."""
    by_code = {item.code: item for item in topic.items}
    found: dict[str, Taken] = {}
    for each in taken:
        if each.item not in by_code:
            raise Refused("no_such_item", item=each.item, known=", ".join(by_code))
        if each.item in found:
            raise Refused("item_twice", item=each.item)
        _check_taken(each, by_code[each.item])
        found[each.item] = each
    return [_item_row(no, item, found.get(item.code)) for no, item in enumerate(topic.items, start=1)]


def _check_taken(taken: Taken, item: Item) -> None:
    if not 0 < taken.points <= item.points or taken.points % 5:
        raise Refused("bad_points", item=item.code, most=item.points / 10)
    if not legible("reason", taken.reason, REASON_MAX):
        raise Refused("score_reason_missing", item=item.code)
    if item.photo and not taken.photos:
        raise Refused("score_photo_missing", item=item.code)
    if taken.photos and not item.photo:
        raise Refused("photo_not_asked", item=item.code)
    if len(taken.photos) > PHOTOS_MOST:
        raise Refused("too_many_photos", item=item.code, most=PHOTOS_MOST)


def _item_row(no: int, item: Item, taken: Taken | None) -> Row:
    about = {"no": no, "code": item.code, "zh": item.zh, "en": item.en, "points": item.points}
    off = {"taken": taken.points, "reason": taken.reason.strip(), "photos": [dict(p) for p in taken.photos]} if taken is not None else {}
    return about | {"taken": 0, "reason": "", "photos": [], "appealed": False, "given_back": False} | off


def _open_cases(session: Session, filled: Filled, topic: Topic, actor: Actor, setting: Setting) -> dict[str, tuple[int, str]]:
    """A case for each item that asks for one, through the same door as everything that is handed in."""
    wanted = [each for each in filled.taken if each.open_case]
    names = {item.code: item.zh for item in topic.items}
    reports = [Report(f"{topic.zh}：{names[t.item]}", t.reason, source=SOURCE, area=filled.area, place=filled.place) for t in wanted]
    done = submit(session, reports, setting, actor) if reports else []
    return {each.item: (case.case_id, case.no) for each, case in zip(wanted, done, strict=True)}


# signing --------------------------------------------------------------------------------------------------------------


def sign(session: Session, sheet_id: int, actor: Actor, now: datetime) -> Row:
    """Sign a sheet: from then on the unit knows it and may appeal until the window ends, in the unit's own working time.

    Raises:
        Refused: `mechanism_off`, `no_such_sheet`, `sheet_state`, `only_the_scorer`, `week_published`.
    """
    require(session, MECHANISM)
    alone(session)
    sheet = row_of(session, sheet_id, DRAFT)
    if sheet["scorer"] != actor.name:
        raise Refused("only_the_scorer", scorer=sheet["scorer"])
    _check_week(session, sheet["week"])
    known = catalogue(session)
    until = end_of(settled.in_force(session).appeal, now, known.calendar_of(sheet["unit_id"]))
    found = change(session, sheet, state=SIGNED, signed_at=now, appeal_until=until)
    taken = points(items_of(session, [sheet_id])[sheet_id])
    score, key = f"{(sheet['full'] - taken) / 10:g}", f"sheet:{sheet_id}"
    alarm(session, "sheet_signed", now, key=key, unit_id=sheet["unit_id"], no=label(sheet_id), count=score, due=until.isoformat())
    return found


def drop(session: Session, sheet_id: int, actor: Actor) -> Row:
    """Give up a draft; cases that it opened stay.

    Raises:
        Refused: `mechanism_off`, `no_such_sheet`, `sheet_state`, `only_the_scorer`.
    """
    require(session, MECHANISM)
    alone(session)
    sheet = row_of(session, sheet_id, DRAFT)
    if sheet["scorer"] != actor.name:
        raise Refused("only_the_scorer", scorer=sheet["scorer"])
    return change(session, sheet, state=DROPPED)


def label(sheet_id: int) -> str:
    """What a sheet is called: CP-12."""
    return f"CP-{sheet_id}"


def row_of(session: Session, sheet_id: int, *states: str) -> Row:
    """A sheet.

    Raises:
        Refused: `no_such_sheet`; `sheet_state`, it is in none of these states.
    """
    found = connection_of(session).execute(select(_sheet).where(_sheet.c.id == sheet_id)).mappings().first()
    if found is None:
        raise Refused("no_such_sheet", sheet=sheet_id)
    if states and found["state"] not in states:
        raise Refused("sheet_state", sheet=label(sheet_id), state=found["state"])
    return dict(found)


def change(session: Session, sheet: Row, **values: object) -> Row:
    """Change a sheet, and give it back as it is then."""
    connection_of(session).execute(update(_sheet).where(_sheet.c.id == sheet["id"]).values(values))
    return sheet | values


def items_of(session: Session, sheet_ids: Sequence[int]) -> dict[int, list[Row]]:
    """The items of sheets, in order, with the number of the case that an item opened."""
    by_sheet: dict[int, list[Row]] = {sheet: [] for sheet in sheet_ids}
    joined = _item.outerjoin(_case, _case.c.id == _item.c.case_id)
    wanted = select(*_item.c, _case.c.no.label("case")).select_from(joined).where(_item.c.sheet_id.in_(sheet_ids))
    for row in connection_of(session).execute(wanted.order_by(_item.c.sheet_id, _item.c.no)).mappings() if sheet_ids else ():
        by_sheet[row["sheet_id"]].append(dict(row))
    return by_sheet


def points(items: Sequence[Row]) -> int:
    """What is taken off in all, in tenths: nothing where an appeal was upheld."""
    return sum(item["taken"] for item in items if not item["given_back"])
