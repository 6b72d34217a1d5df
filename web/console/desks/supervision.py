"""督办台: supervision orders to sign (many at once), under way, to check, to write off; a unit finds and answers its own here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from rules.facts import Refused
from services.desks import orders
from services.moves import Setting
from services.supervision import ask
from web.access.visitor import Posted, Signed, Visitor
from web.console.desks.doing import sentence_of
from web.console.desks.frame import check_desk, desk_page
from web.console.shown import capital, short
from web.site import Here, Lang, Now, Site, language_of
from web.spoken import day_time, standing
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
_MOST: Final = 200  #: orders signed at once
#: Part of the desk → what it is called, in Chinese.
NAMES: Final[Mapping[str, str]] = {
    "proposed": "待签发",
    "signed": "整改中",
    "replied": "已回复，待核查",
    "verified": "待销号",
    "ended": "已结束",
}
_NONE: Final[Mapping[str, str]] = {
    "proposed": "提级或有人提出督办时，会排在这里等签发。",
    "signed": "签发以后，责任单位整改期间排在这里。",
    "replied": "责任单位回复以后，排在这里等人到现场核查。",
    "verified": "核查通过的，排在这里等销号。",
    "ended": "销号的、没有签发的、撤回的，都留在这里。",
}


@router.get("/desks/supervision")
def desk(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """The orders of one part; without one the first part in which there are any."""
    return _desk(request, who, site, now, request.query_params.get("part", ""))


@router.post("/desks/supervision")
def sign(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Sign all orders that are ticked; what is refused is said of each, and holds up no other."""
    check_desk(who, "supervision")
    ticked = form.many.get("row", ())[:_MOST]
    with site.database.unit_of_work() as session:
        waiting = {row["label"] for row in orders.listed(session, who.actor, "proposed")}
        results = ask(session, [label for label in ticked if label in waiting], "sign", who.actor, Setting(now))
    words = Words(who.known, lang)
    failed = [(each.name, _why(each.outcome, words)) for each in results if not each.done]
    signed = [each.label for each in results if each.done]
    if failed or not results:
        nothing = "" if results else translated("没有选中督办单。先勾选，再签发。", lang)
        return _desk(request, who, site, now, "proposed", 409, failed=failed, nothing=nothing, signed=signed)
    return RedirectResponse(f"/desks/supervision?{urlencode({'part': 'signed', 'signed': len(signed)})}", 303)


def _why(outcome: object, words: Words) -> str:
    if isinstance(outcome, Refused):
        return sentence_of(outcome, words)
    return translated("别人刚改过这件案件，这一步没有做。看一眼最新情况，再按一次。", words.lang)


def _desk(
    request: Request,
    who: Visitor,
    site: Site,
    now: datetime,
    part: str,
    status: int = 200,
    *,
    failed: Sequence[tuple[str, str]] = (),
    nothing: str = "",
    signed: Sequence[str] = (),
) -> Response:
    check_desk(who, "supervision")
    lang = language_of(request)
    words = Words(who.known, lang)
    with site.database.unit_of_work() as session:
        counts = orders.counted(session, who.actor)
        chosen = part if part in orders.PARTS else next((each for each, n in counts.items() if n), "signed")
        rows = orders.listed(session, who.actor, chosen)
    said = request.query_params.get("signed", "")
    return desk_page(
        request,
        who,
        "desks/supervision.html",
        "supervision",
        status,
        parts=[(code, translated(name, lang), counts[code]) for code, name in NAMES.items() if code != "proposed" or _leads(who)],
        part=chosen,
        rows=[shown(row, words, now) for row in rows],
        may_sign=chosen == "proposed" and any(orders.may_sign(row, who.actor, who.known) for row in rows),
        empty=translated(_NONE[chosen], lang),
        failed=failed,
        nothing=nothing,
        done=len(signed) or (int(said) if said.isascii() and said.isdigit() and len(said) < 4 else 0),
    )


def _leads(who: Visitor) -> bool:
    """Whether proposals are theirs to see: of whoever keeps the desk."""
    return "duty_leader" in who.actor.roles or who.actor.covers is not None


def shown(row: orders.Row, words: Words, now: datetime) -> dict[str, Any]:
    """An order in words."""
    known, lang, zone = words.known, words.lang, words.known.zone
    at = {name: day_time(row[f"{name}_at"], now, zone, lang) if row[f"{name}_at"] else "" for name in ("proposed", "signed", "ended")}
    return {
        "label": row["label"],
        "link": f"/desks/supervision/{row['no']}/{row['seq']}",
        "subject": row["subject"],
        "short": short(row["no"], now, known),
        "unit": words.unit(row["unit_id"])[1] or "",
        "demand": row["demand"] or row["subject"],
        "form": words.word("supervision", row["form"]),
        "listed": row["rank"] == "listed",
        "rank": words.word("supervision", row["rank"]),
        "origin": words.word("origin", row["origin"]),
        "state": capital(words.word("state", row["state"])),
        "standing": standing(row["clock"], known, now, lang) if row["clock"] is not None else None,
        **{f"{name}_at": text for name, text in at.items()},
    }
