"""/pool/polls: what residents are asked just now (意见征集); whoever is known answers for his household, once."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from rules.facts import Refused
from services.catalogue import Catalogue, catalogue
from services.moves import Conflict, Setting
from services.polls import Asked, answer_online, chosen_by, open_polls
from services.privacy.masking import masked
from web.access.visitor import Form
from web.console.affairs.numbers import AffairNo
from web.console.affairs.said import said_of
from web.guards import OwnForm
from web.phone.pool_visitor import remembered
from web.rendering import render
from web.site import Here, Lang, Now, Site
from web.spoken import day_time
from web.words import translated

router = APIRouter(include_in_schema=False)
_HEADERS: Final = {"X-Robots-Tag": "noindex, nofollow"}
_HOUSEHOLD: Final = 40  #: letters of a household's number
_WORDS: Final = 500


@router.get("/pool/polls")
def polls(request: Request, site: Here, now: Now, lang: Lang) -> Response:
    """Every poll that is open; for everybody."""
    who = remembered(request, site, now)
    with site.database.unit_of_work() as session:
        known = catalogue(session)
        mine = chosen_by(session, who) if who is not None else {}
        rows = [_shown(poll, mine.get(poll.no, ""), known, now, lang) for poll in open_polls(session, now)]
    return render(request, "phone/polls.html", rows=rows)


@router.get("/pool/polls/{no}")
def poll(request: Request, no: AffairNo, site: Here, now: Now, lang: Lang) -> Response:
    """One of them: what is asked, and how one has answered."""
    return _one(request, no, site, now, lang)


@router.post("/pool/polls/{no}", dependencies=[OwnForm])
def answer(request: Request, no: AffairNo, form: Form, site: Here, now: Now, lang: Lang) -> Response:
    """Answer it for one's household."""
    who, given = remembered(request, site, now), form.fields
    if who is None:
        return RedirectResponse("/pool/me", 303)
    household, words = given.get("household", "").strip()[:_HOUSEHOLD], given.get("words", "").strip()[:_WORDS]
    try:
        with site.database.unit_of_work() as session:
            answer_online(session, no, who, given.get("choice", ""), household, Setting(now), words)
    except Conflict:
        return _one(request, no, site, now, lang, 409, translated("刚好有别人也在答。请再点一次“提交”。", lang), given)
    except Refused as refusal:
        return _one(request, no, site, now, lang, 409, said_of(refusal, lang), given)
    return RedirectResponse(f"/pool/polls/{no}?done=answer", 303)


def _one(
    request: Request, no: str, site: Site, now: Now, lang: str, status: int = 200, said: str = "", given: Mapping[str, str] | None = None
) -> Response:
    who = remembered(request, site, now)
    with site.database.unit_of_work() as session:
        found = next(iter(open_polls(session, now, no)), None)
        mine = chosen_by(session, who).get(no, "") if who is not None else ""
        row = _shown(found, mine, catalogue(session), now, lang) if found is not None else None
    values: dict[str, Any] = {"row": row, "sentence": said, "given": given or {}, "me": who is not None, "most": _WORDS}
    values["done"] = request.query_params.get("done") == "answer" and bool(mine)
    return render(request, "phone/poll.html", status if row else 404, _HEADERS, **values)


def _shown(poll: Asked, mine: str, known: Catalogue, now: Now, lang: str) -> dict[str, Any]:
    return {
        "no": poll.no,
        "title": masked(poll.title),
        "body": masked(poll.body),
        "options": poll.options,
        "where": " · ".join(filter(None, (str(getattr(known.names[known.unit_ids[poll.area]], lang)), masked(poll.place)))),
        "closes": day_time(poll.closes, now, known.zone, lang),
        "n": poll.n,
        "households": poll.households,
        "percent": round(100 * poll.n / poll.households),
        "mine": mine,
    }
