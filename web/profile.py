"""三亮 in public: whose a case is, or who works a grid, with duty and promise. No login; nothing of who reported, nothing that acts."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from rules.facts import Refused
from services.responsibility.profiles import Card, profile_of_case, profile_of_grid
from services.responsibility.reference import lines, offices
from web.errors import refusal_in_public
from web.rendering import render
from web.site import Here, Lang, Now
from wording import say, sentences

router = APIRouter(include_in_schema=False)
_HEADERS: Final = {"X-Robots-Tag": "noindex, nofollow"}
_STATUS: Final = {"unknown_case": 404, "not_a_grid": 404, "mechanism_off": 404}
Number = Annotated[str, Query(max_length=40)]
GridCode = Annotated[str, Query(max_length=40)]


@router.get("/p")
def case(request: Request, site: Here, now: Now, lang: Lang, no: Number = "", grid: GridCode = "") -> Response:
    """The page on which a number is typed in, and what it shows: of a case, or of a grid."""
    if grid:
        return of_grid(request, grid, site, now, lang)
    if not no.strip():
        return _page(request, lang)
    try:
        with site.database.unit_of_work() as session:
            found = profile_of_case(session, no, now)
    except Refused as refusal:
        return _refused(request, refusal, lang, no)
    step = sentences(lang)["step"][found.step]
    title = say("profile.of_case", lang, no=found.no)
    told = say("profile.ended" if found.ended else "profile.in_step", lang, step=step)
    return _page(request, lang, title=title, told=told, cards=[_card(each, lang) for each in found.cards], given=found.no)


@router.get("/p/grid/{code}")
def of_grid(request: Request, code: str, site: Here, now: Now, lang: Lang) -> Response:
    """A grid's people and lines."""
    try:
        with site.database.unit_of_work() as session:
            found = profile_of_grid(session, code, now)
    except Refused as refusal:
        return _refused(request, refusal, lang, code)
    held = [say("profile.held", lang, office=getattr(offices()[office].name, lang), n=n) for office, n in found.offices.items()]
    told = say("web.comma", lang).join(held)
    return _page(request, lang, title=getattr(found.name, lang), told=told, cards=[_card(each, lang) for each in found.cards], given=code)


def _card(card: Card, lang: str) -> dict[str, Any]:
    line = lines().get(card.role)
    return {
        "role": getattr(line.name, lang) if line else say(f"profile_role.{card.role}", lang),
        "unit": getattr(card.unit, lang),
        "post": getattr(card.post, lang) if card.post else "",
        "name": card.name or "",
        "duty": getattr(card.duty, lang),
        "promise": getattr(card.promise, lang),
        "there": card.there,
    }


def _refused(request: Request, refusal: Refused, lang: str, given: str) -> Response:
    return _page(request, lang, status=_STATUS.get(refusal.code, 409), told=refusal_in_public(refusal, lang), given=given[:40])


def _page(request: Request, lang: str, *, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - values of the template
    nothing = {"title": say("profile.title", lang), "told": "", "cards": [], "given": ""}
    return render(request, "phone/profile.html", status, _HEADERS, **nothing | values)
