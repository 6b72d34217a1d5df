"""Who is on duty, who is away, who stands in (AB角): entered by the person, by the head or dispatcher of the unit, or an administrator."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Refused
from services.catalogue import Catalogue, catalogue
from services.duty import LONGEST_REASON, REQUIRED, Reading, away, deputies
from services.people import on_duty
from services.tables import Table, TableRow, reason_of
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.config.units_choices import people_options, unit_options
from web.console.config.units_tables import moment_in, table_in
from web.console.config.words import said as sentence_of
from web.console.page import page
from web.site import Here, Lang, Now, Site, language_of
from web.views import View, Words
from web.words import translated
from wording import say

router = APIRouter(include_in_schema=False)
SHOWN: Final = 20  #: rows of a table that cannot be used, named on the page
#: Where the shared sentence speaks of commands, or of codes.
_OWN_WORDS: Final = {"roster_refused": "表里有的行不对，一行也没有读入；改好后再传一次。"}
#: Enters something; gives back what the page says about it.
Deed = Callable[[Session, Sent, str, datetime], str]


class _WrongRows(Refused):
    """A roster with rows that cannot be used.

    Attributes:
        reading: What was read of it.
    """

    def __init__(self, reading: Reading) -> None:
        super().__init__("roster_refused", rows=len(reading.wrong))
        self.reading = reading


@router.get("/config/rosters")
def rosters(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """Duty, absences and deputies of one's own unit; of all for administrators."""
    return _page(request, who, site, now)


@router.post("/config/rosters")
def change(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Enter something; what is refused is said on the page, with what was typed."""
    deed = DEEDS.get(form.fields.get("do", ""))
    try:
        if deed is None:
            raise Refused("unknown_action", action=form.fields.get("do", ""))
        with site.database.unit_of_work() as session:
            said = deed(session, form, who.person.name, now)
    except Refused as refusal:
        own = _OWN_WORDS.get(refusal.code)
        sentence = translated(own, lang) if own is not None else sentence_of(refusal, lang)
        wrong = _wrong(refusal.reading, lang) if isinstance(refusal, _WrongRows) else ()
        return _page(request, who, site, now, 409, form, sentence, wrong)
    return RedirectResponse(f"/config/rosters?done={said}", 303)


# what is entered ------------------------------------------------------------------------------------------------------


def _away(session: Session, form: Sent, by: str, now: datetime) -> str:
    zone = catalogue(session).zone
    since, until = moment_in(form, "since", zone) or now, moment_in(form, "until", zone, ends=True)
    on_duty.enter_away(session, form.fields.get("user", ""), since, until, form.fields.get("reason", "").strip(), by, now)
    return "away"


def _back(session: Session, form: Sent, by: str, now: datetime) -> str:
    on_duty.enter_back(session, form.fields.get("user", ""), by, now)
    return "back"


def _deputy(session: Session, form: Sent, by: str, now: datetime) -> str:
    on_duty.enter_deputy(session, form.fields.get("user", ""), form.fields.get("deputy") or None, by, now)
    return "deputy"


def _duty(session: Session, form: Sent, by: str, now: datetime) -> str:
    """One stretch, as a table of one row."""
    row = {name: form.fields.get(name, "").strip() for name in REQUIRED}
    return _enter(session, Table(REQUIRED, [TableRow(1, row)]), by, now)


def _table(session: Session, form: Sent, by: str, now: datetime) -> str:
    return _enter(session, table_in(form, "table", REQUIRED), by, now)


def _enter(session: Session, rows: Table, by: str, now: datetime) -> str:
    reading = on_duty.enter_duties(session, rows, by, now)
    if reading.wrong:
        raise _WrongRows(reading)
    return "duty"


def _drop(session: Session, form: Sent, by: str, now: datetime) -> str:
    number = form.fields.get("number", "")
    on_duty.drop_duty(session, int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0, by, now)
    return "dropped"


DEEDS: Final[Mapping[str, Deed]] = {
    "away": _away,
    "back": _back,
    "deputy": _deputy,
    "duty": _duty,
    "table": _table,
    "drop": _drop,
}


def _wrong(reading: Reading, lang: str) -> list[tuple[int, str, str]]:
    """Rows that cannot be used: line, column, reason."""
    return [(w.reject.line, say(f"duty_field.{w.column or 'row'}", lang), reason_of(w.reject, lang)) for w in reading.wrong[:SHOWN]]


# the page -------------------------------------------------------------------------------------------------------------


def _page(
    request: Request,
    who: Visitor,
    site: Site,
    now: datetime,
    status: int = 200,
    form: Sent | None = None,
    sentence: str = "",
    wrong: Any = (),  # noqa: ANN401 - rows for the template
) -> Response:
    with site.database.unit_of_work() as session:
        values = _shown(session, who, Words(catalogue(session), language_of(request)), now)
    typed = form.fields if form is not None else {}
    said = {"sentence": sentence, "wrong": wrong, "typed": typed, "done": request.query_params.get("done", ""), "now": now}
    here = "config" if values["everything"] else "rosters"
    return page(request, who, "config/rosters.html", here, status, **values, **said, longest=LONGEST_REASON)


def _shown(session: Session, who: Visitor, words: Words, now: datetime) -> View:
    """What this person sees: all as an administrator, else his or her house; and what he or she may enter."""
    known = words.known
    plans = on_duty.plans_for(known, who.actor)
    house = None if "admin" in who.actor.roles else frozenset(plans | set(who.actor.body))
    rows = on_duty.duties(session, house, now)
    people = people_options(words, plans) if plans else [(who.person.name, str(words.named(who.person.title)))]
    return {
        "plans": bool(plans),
        "everything": house is None,
        "duties": [_row(words, each, now) | {"mine": each.unit_id in plans} for each in rows],
        "away": [_absent(words, each, now) for each in away(session, now) if _seen(known, each["user"], house)],
        "deputies": [_pair(words, each) for each in deputies(known) if _seen(known, each["user"], house)],
        "people": people,
        "everybody": people_options(words, house),
        "units": [option for option in unit_options(words) if known.unit_ids[option[0]] in plans],
        "may": frozenset(name for name, _ in people),
    }


def _seen(known: Catalogue, user: str, house: frozenset[int] | None) -> bool:
    return house is None or known.people[user].unit_id in house


def _row(words: Words, each: on_duty.Duty, now: datetime) -> View:
    person = words.known.people[each.user]
    told = {"number": each.id, "unit": words.unit(each.unit_id)[1], "post": words.named(person.title), "since": each.since}
    return told | {"until": each.until, "now": each.since <= now}


def _absent(words: Words, each: Mapping[str, Any], now: datetime) -> View:
    known = words.known
    deputy = known.people[each["deputy"]] if each["deputy"] else None
    told = {"user": each["user"], "post": words.named(known.people[each["user"]].title), "since": each["since"], "until": each["until"]}
    return told | {"reason": each["reason"], "deputy": words.named(deputy.title) if deputy else "", "now": each["since"] <= now}


def _pair(words: Words, each: Mapping[str, Any]) -> View:
    known = words.known
    names = {name: words.named(known.people[each[name]].title) for name in ("user", "deputy")}
    return {
        "post": names["user"],
        "deputy": names["deputy"],
        "user": each["user"],
        "unit": words.unit(known.people[each["user"]].unit_id)[1],
    }
