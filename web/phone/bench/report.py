"""/grid/report and /grid/handled: something seen is reported, or put right at once and put on record with how much of it and photos."""

from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from services.intake import Report, submit
from services.intake.on_the_spot import SOURCE, Done, put_right
from services.moves import Setting
from web.access.visitor import Posted, Signed, Visitor
from web.intake import HandedIn
from web.phone.bench.frame import Again, Call, Pieces, areas_of, bench_page, once, own_area
from web.site import Here, Lang, Now

router = APIRouter(include_in_schema=False)
_EMPTY: Final = dict.fromkeys(("words", "area", "place", "lat", "lon", "accuracy", "tel", "category", "result", "quantity", "measure"), "")


@router.get("/grid/report")
def blank(request: Request, who: Signed, lang: Lang) -> Response:
    """The form of a report."""
    return _form(request, who, lang, "report.html", Again())


@router.get("/grid/handled")
def blank_handled(request: Request, who: Signed, lang: Lang) -> Response:
    """The form of something that was put right at once."""
    return _form(request, who, lang, "handled.html", Again())


@router.post("/grid/report")
def report(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Open its case."""
    call = Call(request, form, who, site, now)

    def does(session: Session, pieces: Pieces) -> str:
        (case,) = submit(session, [replace(_handed_in(call), files=pieces["photo"])], Setting(now), who.actor)
        return f"/grid?done=report&no={case.no}"

    return once(call, ("photo",), does, lambda again: _form(request, who, lang, "report.html", again))


@router.post("/grid/handled")
def handled(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Open its case, and put on record what was done."""
    call = Call(request, form, who, site, now)

    def does(session: Session, pieces: Pieces) -> str:
        quantity: Any = call.text("quantity") or None  # what is no number the move refuses with its own sentence
        number = int(quantity) if quantity and quantity.isascii() and quantity.isdigit() and len(quantity) < 11 else quantity
        done = Done(call.text("category"), call.text("result"), number, call.text("measure"), pieces["before"], pieces["after"])
        case = put_right(session, _handed_in(call), done, who.actor, Setting(now))
        return f"/grid?done=handled&no={case.no}"

    return once(call, ("before", "after"), does, lambda again: _form(request, who, lang, "handled.html", again))


def _handed_in(call: Call) -> Report:
    """What was filled in, as if it had come by the API.

    Raises:
        ValidationError: a field cannot be used.
    """
    written: dict[str, Any] = {"body": call.text("words"), "place": call.text("place"), "area": call.text("area") or None, "source": SOURCE}
    written["requester"] = {"phone": call.text("tel")}
    if call.text("lat") and call.text("lon"):
        written["point"] = {"lat": call.text("lat"), "lon": call.text("lon"), "accuracy_m": call.text("accuracy") or None}
    return HandedIn.model_validate(written).report(f"bench {call.key}")


def _form(request: Request, who: Visitor, lang: str, template: str, again: Again) -> Response:
    given = {**_EMPTY, "area": own_area(who), **(again.typed or {})}
    categories = [(c.code, f"{c.code} {getattr(c.name, lang)}") for c in sorted(who.known.offered.values(), key=lambda c: c.code)]
    return bench_page(request, who, template, again, given=given, areas=areas_of(who, lang), categories=categories)
