"""The page of one affair: what it is, how far it has come, its parts with their clocks and moves, what happened, whom it told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models import Affair, AffairPart, connection_of, table
from rules.facts import SYSTEM, Refused, Thing
from rules.handling import AFFAIRS
from services.affairs import AffairSheet
from services.affairs.messages import RESIDENT, Told, messages_in
from services.affairs.naming import action_name, role_name, state_name, thing_name
from services.affairs.offering import Floor, Offer, floor
from services.affairs.reading import opened_affair
from services.affairs.seen import check_seen, look_into, seen_among
from services.moves.affairs.voting import may_vote
from services.privacy.masking import masked
from services.reading import case_id_of
from services.visibility import visible_among
from web.access.visitor import Signed, Visitor
from web.console.affairs.boards import ON_BOARD, Board, boards_of
from web.console.affairs.fields import ELSEWHERE, GRAVE, TAKES
from web.console.affairs.numbers import AffairNo
from web.console.affairs.said import said_of
from web.console.affairs.words import amount_of, facts_of, moment, name_of, said_of_part
from web.console.case_journal import Line
from web.console.page import page
from web.console.shown import capital
from web.site import CaseNo, Here, Now, language_of
from web.spoken import Standing, day_time, standing
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
_affair, _piece = table(Affair), table(AffairPart)
_TAGS: Final = {"delivered": "ok", "unknown": "warn", "failed_temp": "warn", "failed_perm": "late", "dead": "late", "expired": "late"}
_ICONS: Final = {"voice": "i-phone", "email": "i-mail", "inbox": "i-inbox"}
_SAID: Final = ("reason", "result", "plan", "text", "words", "minutes")
_ORDER: Final = tuple(TAKES)
_FIRST: Final = 40  #: parts of one kind that are shown before all of them are asked for
_GOOD: Final = frozenset(
    {"arrived", "confirmed", "signed", "done", "checked", "written_off", "paid", "held", "visited", "solved", "resolved"}
)
_BAD: Final = frozenset({"absent", "declined", "contested", "rejected", "refused"})


@dataclass(frozen=True, slots=True)
class Button:
    """One move that somebody could make; with an obstacle it is locked, and says why."""

    name: str
    link: str
    grave: bool
    obstacle: str


@dataclass(frozen=True, slots=True)
class Part:
    """One part in words, with the clock that runs and what the visitor may do with it."""

    no: int
    name: str
    state: str
    tag: str
    amount: str
    said: str
    done: str
    clock: str
    standing: Standing | None
    buttons: list[Button]


@router.get("/affairs/{no}")
def affair(request: Request, no: AffairNo, who: Signed, site: Here, now: Now) -> Response:
    """The page of one affair, as this visitor may see it."""
    words = Words(who.known, language_of(request))
    with site.database.unit_of_work() as session:
        look_into(session, who.actor, no, now)
        found, stands = opened_affair(session, no, who.actor), floor(session, no, who.actor)
        told = messages_in(session, found, who.actor)
        values: dict[str, Any] = {"cases": _cases(session, found, who), "relatives": _relatives(session, found, who, words)}
        agenda = _agenda(session, found, words)
    row, every = found.affair, "all" in request.query_params
    done = request.query_params.get("done", "")
    values |= {
        "row": row,
        "title": masked(row["title"]),
        "kind": capital(thing_name(row["thing"], words.lang)),
        "state": capital(state_name(row["thing"], row["state"], words.lang)),
        "facts": facts_of(row, words, now),
        "boards": [*agenda, *boards_of(found, words, now)],
        "groups": _groups(found, stands, words, now, every=every),
        "buttons": [_button(o, row, words) for o in _shown(stands, None)],
        "clocks": _clocks(found, words, now),
        "days": _journal(found, words, now),
        "messages": [_told(each, words, now) for each in reversed(told)],
        "done": action_name(row["thing"], done, words.lang) if done in TAKES else "",
    }
    return page(request, who, "affairs/affair.html", "affairs", **values)


@router.get("/affairs/{no}/{seq}")
def affair_of_case(no: CaseNo, seq: int, who: Signed, site: Here) -> Response:
    """The same by the number of the case file that it is kept with and its place there."""
    with site.database.unit_of_work() as session:
        home = case_id_of(session, no)
        found = connection_of(session).execute(select(_affair.c.no).where(_affair.c.case_id == home, _affair.c.seq == seq)).scalar()
        if found is None:
            raise Refused("unknown_affair", affair=f"{no}/{seq}")
        check_seen(session, who.actor, found)
    return RedirectResponse(f"/affairs/{found}", 303)


# moves ----------------------------------------------------------------------------------------------------------------


def _shown(stands: Floor, part: int | None) -> list[Offer]:
    """The moves that this page offers: those that are possible first, what ends something after the rest, then the locked ones."""
    mine = (o for o in stands.offers if o.part == part and o.action in TAKES and _fits(o, stands))
    return sorted(mine, key=lambda o: (o.obstacle is not None, o.action in GRAVE, _ORDER.index(o.action)))


def _fits(offer: Offer, stands: Floor) -> bool:
    """Whether a move makes sense here: nobody is asked to vote where nothing is voted on, nor a guest."""
    row = stands.draft.affairs[stands.ref.seq]
    if offer.action in ("cast_vote", "count_votes"):
        voter = offer.part is None or may_vote(stands.draft.parts[offer.part])
        return bool(row["data"].get("rule")) and voter
    return offer.action not in ELSEWHERE


def _button(offer: Offer, row: Any, words: Words) -> Button:  # noqa: ANN401 - a row
    obstacle = said_of(offer.obstacle, words.lang) if offer.obstacle is not None else ""
    link = f"/affairs/{row['no']}/do/{offer.action}{f'?part={offer.part}' if offer.part is not None else ''}"
    return Button(capital(action_name(row["thing"], offer.action, words.lang)), link, offer.action in GRAVE, obstacle)


# parts and clocks -----------------------------------------------------------------------------------------------------


def _groups(found: AffairSheet, stands: Floor, words: Words, now: datetime, *, every: bool) -> list[tuple[str, list[Part], int]]:
    """The parts by kind: what the kind is called, those that are shown, how many there are."""
    clocks = {c["part_no"]: c for c in found.clocks if c["part_no"] is not None}
    groups = []
    for kind in AFFAIRS[Thing(found.affair["thing"])].parts:
        parts = [p for p in found.parts if p["thing"] == kind.thing]
        if parts and kind.thing.value not in ON_BOARD:
            shown = parts if every else parts[:_FIRST]
            rows = [_part(p, found.affair, clocks.get(p["no"]), stands, words, now) for p in shown]
            groups.append((capital(thing_name(kind.thing, words.lang)), rows, len(parts)))
    return groups


def _part(part: Any, row: Any, clock: Any, stands: Floor, words: Words, now: datetime) -> Part:  # noqa: ANN401 - rows
    tag = "ok" if part["state"] in _GOOD else "late" if part["state"] in _BAD else ""
    return Part(
        part["no"],
        name_of(part, words),
        capital(state_name(part["thing"], part["state"], words.lang)),
        tag,
        amount_of(part, words),
        said_of_part(part, words, now),
        moment(part["done_at"], words, now),
        capital(words.word("clock", clock["kind"])) if clock is not None else "",
        standing(clock, words.known, now, words.lang) if clock is not None else None,
        [_button(o, row, words) for o in _shown(stands, part["no"])],
    )


def _clocks(found: AffairSheet, words: Words, now: datetime) -> list[tuple[str, str, Standing]]:
    """The clocks of the affair itself: what they measure, whose they are, how they stand."""
    own = (c for c in found.clocks if c["part_no"] is None)
    return [
        (capital(words.word("clock", c["kind"])), words.unit(c["unit_id"])[1] or "", standing(c, words.known, now, words.lang)) for c in own
    ]


# around it ------------------------------------------------------------------------------------------------------------


def _cases(session: Session, found: AffairSheet, who: Visitor) -> list[str]:
    """The cases that it is about, as far as the visitor sees them; a file of its own is no case."""
    numbers = (found.affair["case_no"], *found.cases)
    seen = visible_among(session, who.actor, numbers)
    return [no for no in numbers if no in seen]


def _relatives(session: Session, found: AffairSheet, who: Visitor, words: Words) -> list[tuple[str, str, str]]:
    """The series that a meeting is of, the projects of a campaign, what else was opened under it: number, title, state."""
    row = found.affair
    below = (_affair.c.parent_case_id == row["case_id"]) & (_affair.c.parent_seq == row["seq"])
    above = (_affair.c.case_id == row["parent_case_id"]) & (_affair.c.seq == row["parent_seq"])
    wanted = select(_affair).where(or_(below, above) if row["parent_seq"] is not None else below)
    rows = [dict(each) for each in connection_of(session).execute(wanted.order_by(_affair.c.opened_at.desc()).limit(12)).mappings()]
    seen = seen_among(session, who.actor, [r["no"] for r in rows])  # one of a sensitive case is not named to others either
    return [(r["no"], masked(r["title"]), state_name(r["thing"], r["state"], words.lang)) for r in rows if r["no"] in seen]


def _agenda(session: Session, found: AffairSheet, words: Words) -> list[Board]:
    """What a meeting of a series is to deal with: the matters that were put on its agenda."""
    row = found.affair
    if row["thing"] != Thing.MEETING or row["parent_seq"] is None:
        return []
    same = (_piece.c.case_id == row["parent_case_id"], _piece.c.seq == row["parent_seq"], _piece.c.thing == Thing.MATTER.value)
    rows = connection_of(session).execute(select(_piece).where(*same).order_by(_piece.c.no)).mappings()
    matters = [each for each in rows if each["data"].get("meeting") == row["no"]]
    lines = tuple((role_name(each["thing"], each["role"], words.lang), masked(each["title"])) for each in matters)
    return [Board(translated("议程", words.lang), "", (), lines)] if lines else []


def _journal(found: AffairSheet, words: Words, now: datetime) -> list[tuple[str, list[Line]]]:
    """What happened, by local day, newest first."""
    zone, days = words.known.zone, []
    parts = {p["no"]: p for p in found.parts}
    for _, of_day in groupby(reversed(found.journal), key=lambda e: e["at"].astimezone(zone).date()):
        entries = list(of_day)
        day = day_time(entries[0]["at"], now, zone, words.lang)[: -len("00:00")].strip()
        days.append((day, [_line(e, found.affair, parts, words) for e in entries]))
    return days


def _line(entry: Any, row: Any, parts: Any, words: Words) -> Line:  # noqa: ANN401 - rows
    system = entry["actor"] == SYSTEM.name
    who = "" if system else translated("居民", words.lang) if entry["actor"] == RESIDENT else words.actor(entry["actor"])
    what = capital(action_name(row["thing"], entry["action"], words.lang))
    if entry["thing"] == "clock":
        what = f"{words.word('clock', entry['data'].get('clock'))} · {what}"
    part = parts.get(entry["thing_no"]) if entry["thing"] not in ("case", "clock", row["thing"]) else None
    about = f" · {name_of(part, words)}" if part is not None else ""
    said: Sequence[str] = [*_quantity(entry["data"], words), *(entry["data"][n] for n in _SAID if isinstance(entry["data"].get(n), str))]
    kind = "is-auto" if system else "is-step" if entry["after"] != entry["before"] else ""
    return Line(f"{entry['at'].astimezone(words.known.zone):%H:%M}", kind, who, what + about, " · ".join(said))


def _quantity(data: Any, words: Words) -> list[str]:  # noqa: ANN401 - what was handed in with a move
    found = data.get("quantity")
    return [translated("数量%(n)s", words.lang, n=found)] if isinstance(found, int) else []


def _told(each: Told, words: Words, now: datetime) -> dict[str, str]:
    """One message: to whom, on which way, how far it has come."""
    zone, lang = words.known.zone, words.lang
    person, unit_id = words.known.people.get(each.to), words.known.unit_ids.get(each.to)
    to = words.named(person.title) if person is not None else words.unit(unit_id)[1] if unit_id is not None else translated("居民", lang)
    at = day_time(each.sent_at or each.at, now, zone, lang)
    line = f"{at} {words.word('channel', each.channel)} · {words.word('notice', each.notice)}"
    if each.delivered_at is not None:
        line = f"{line} · {translated('%(at)s送达', lang, at=day_time(each.delivered_at, now, zone, lang))}"
    state, icon = words.word("delivery", each.state), _ICONS.get(each.channel, "i-chat")
    return {"to": to or each.to, "line": line, "state": state, "tag": _TAGS.get(each.state, ""), "icon": icon}
