"""Units: the tree of them, one unit with its people, and how units are renamed, merged and split, how people come and go."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Refused
from services.catalogue import catalogue
from services.people import addresses, leaving, staff
from services.units import asking, splitting
from services.units.applying import CaseFailedError, apply_due
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.config.units_shown import check_looks, one_unit, tree
from web.console.config.units_tables import moment_in, table_in
from web.console.config.words import said as sentence_of
from web.console.page import page
from web.site import Here, Lang, Now, Site, language_of
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
STEPS_HERE: Final = 8  #: of a change that is due, how many steps are taken at once; the engine goes on with the rest
_PARTS: Final = 3  #: new units that one form can name
#: Where the shared sentence speaks of commands.
_OWN_WORDS: Final = {
    "unit_change_waits": "这个单位已有一项调整没有生效，请等它生效，或先撤回它。",
    "unknown_change": "没有这项调整。",
    "last_clerk": "这是本单位最后一个经办人，请先新增人员，再选接手人。",
    "last_admin": "这是最后一个配置管理员，请先新增一个。",
    "successor_wanted": "其名下还有没办完的工单，请选同单位的接手人。",
    "left": "这个人已离岗，不能再办理；请由接手人办。",
}
#: Does something with a unit; gives back what the page says about it.
Deed = Callable[[Session, str, Sent, str, datetime], str]


@router.get("/config/units")
def units(request: Request, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """The tree of units, or those with certain words in their name."""
    check_looks(who.actor)
    query = request.query_params
    with site.database.unit_of_work() as session:
        words = Words(catalogue(session), lang)
        values = tree(session, words, query.get("q", "")[:60], query.get("under", "")[:60], now)
    return page(request, who, "config/units.html", "config", **values)


@router.get("/config/units/{code}")
def unit(request: Request, code: str, who: Signed, site: Here, now: Now) -> Response:
    """One unit."""
    check_looks(who.actor)
    return _page(request, who, site, code, now)


@router.post("/config/units/{code}")
def change(request: Request, code: str, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Change something about a unit or its people; what is refused is said on the page, with what was typed."""
    deed = DEEDS.get(form.fields.get("do", ""))
    try:
        if deed is None:
            raise Refused("unknown_action", action=form.fields.get("do", ""))
        with site.database.unit_of_work() as session:
            said = deed(session, code, form, who.person.name, now)
        _bring_into_force(site, now)
    except Refused as refusal:
        check_looks(who.actor)
        return _page(request, who, site, code, now, 409, form, _said(refusal, lang))
    return RedirectResponse(f"/config/units/{code}?done={said}", 303)


# what is done ---------------------------------------------------------------------------------------------------------


def _since(session: Session, form: Sent, now: datetime) -> datetime:
    return moment_in(form, "since", catalogue(session).zone) or now


def _rename(session: Session, code: str, form: Sent, by: str, now: datetime) -> str:
    asking.ask_rename(session, code, form.fields.get("zh", ""), form.fields.get("en", ""), _since(session, form, now), by, now)
    return "asked"


def _merge(session: Session, code: str, form: Sent, by: str, now: datetime) -> str:
    asking.ask_merge(session, code, form.fields.get("into", ""), _since(session, form, now), by, now)
    return "asked"


def _split(session: Session, code: str, form: Sent, by: str, now: datetime) -> str:
    parts = [splitting.Part(*given) for i in range(1, _PARTS + 1) if any(given := _part(form, i))]
    known = catalogue(session)
    rows = table_in(form, "shares", splitting.REQUIRED)
    shares = splitting.read_shares(rows, known, asking.unit_id_of(known, code), [part.code for part in parts])
    asking.ask_split(session, code, parts, shares, _since(session, form, now), by, now)
    return "asked"


def _part(form: Sent, i: int) -> tuple[str, str, str]:
    code, zh, en = (form.fields.get(f"{name}{i}", "").strip() for name in ("code", "zh", "en"))
    return code, zh, en


def _cancel(session: Session, _code: str, form: Sent, by: str, now: datetime) -> str:
    number = form.fields.get("number", "")
    asking.cancel(session, int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 0, by, now)
    return "cancelled"


def _phone(session: Session, code: str, form: Sent, by: str, now: datetime) -> str:
    addresses.set_duty_phone(session, code, form.fields.get("phone", "").strip(), by, now)
    return "phone"


def _hire(session: Session, code: str, form: Sent, by: str, now: datetime) -> str:
    given = {name: form.fields.get(name, "").strip() for name in ("user", "role", "zh", "en", "phone", "email")}
    post = staff.Post(given["user"], code, given["role"], given["zh"], given["en"], given["phone"] or None, given["email"] or None)
    staff.take_on(session, post, by, now)
    return "hired"


def _leave(session: Session, code: str, form: Sent, by: str, now: datetime) -> str:
    user, known = form.fields.get("user", ""), catalogue(session)
    if user not in known.people or known.units[known.people[user].unit_id].code != code:
        raise Refused("unknown_user", user=user)
    leaving.ask_leave(session, user, form.fields.get("to") or None, _since(session, form, now), by, now)
    return "leaves"


DEEDS: Final[Mapping[str, Deed]] = {
    "rename": _rename,
    "merge": _merge,
    "split": _split,
    "cancel": _cancel,
    "phone": _phone,
    "hire": _hire,
    "leave": _leave,
}


def _bring_into_force(site: Site, now: datetime) -> None:
    """The first steps of what is due; the engine goes on, and sees to a case that cannot be moved."""
    for _ in range(STEPS_HERE):
        try:
            with site.database.unit_of_work() as session:
                done = apply_due(session, now)
        except CaseFailedError:
            return
        if done is None:
            return


# the page -------------------------------------------------------------------------------------------------------------


def _page(
    request: Request, who: Visitor, site: Site, code: str, now: datetime, status: int = 200, form: Sent | None = None, sentence: str = ""
) -> Response:
    lang = language_of(request)
    with site.database.unit_of_work() as session:
        words = Words(catalogue(session), lang)
        if code not in words.known.unit_ids:
            raise Refused("unknown_unit", unit=code)
        leaver = (form.fields if form is not None else request.query_params).get("user", "")
        values: dict[str, Any] = one_unit(session, words, words.known.unit_ids[code], leaver, now)
    typed = form.fields if form is not None else {}
    said = {"sentence": sentence, "typed": typed, "done": request.query_params.get("done", ""), "may": "admin" in who.actor.roles}
    return page(request, who, "config/unit.html", "config", status, **values, **said)


def _said(refusal: Refused, lang: str) -> str:
    own = _OWN_WORDS.get(refusal.code)
    return translated(own, lang) if own is not None else sentence_of(refusal, lang)
