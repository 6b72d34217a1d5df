"""/grid/visit: one visit at a door, and a case for each matter that came up there."""

from typing import Final

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from rules.facts import Refused
from services.intake import Report, dialled
from services.intake.importing import is_phone
from services.intake.visits import Visited, open_visit
from services.moves import Setting
from web.access.visitor import Posted, Signed, Visitor
from web.phone.bench.frame import Again, Call, Pieces, areas_of, bench_page, once, own_area
from web.site import Here, Lang, Now

router = APIRouter(include_in_schema=False)
_EMPTY: Final = dict.fromkeys(("area", "place", "note", "matters", "tel"), "")


@router.get("/grid/visit")
def blank(request: Request, who: Signed, lang: Lang) -> Response:
    """The form of a visit."""
    return _form(request, who, lang, Again())


@router.post("/grid/visit")
def visited(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Put the visit on record, and open a case for each of its matters."""
    call = Call(request, form, who, site, now)

    def does(session: Session, _: Pieces) -> str:
        seen = Visited(call.text("area") or None, call.text("place"), call.text("note"), None, f"bench {call.key}")
        done = open_visit(session, seen, _matters(call), who.actor, Setting(now))
        return f"/grid?done=visit&no={done.cases[0].no if len(done.cases) == 1 else len(done.cases)}"

    return once(call, (), does, lambda again: _form(request, who, lang, again))


def _matters(call: Call) -> list[Report]:
    """A report of each line.

    Raises:
        Refused: `bad_phone`.
    """
    number = dialled(call.text("tel")) or None
    if number is not None and not is_phone(number):
        raise Refused("bad_phone")
    lines = [line.strip() for line in call.form.fields.get("matters", "").splitlines() if line.strip()]
    return [Report("", line, requester=number, phone=number) for line in lines]


def _form(request: Request, who: Visitor, lang: str, again: Again) -> Response:
    given = {**_EMPTY, "area": own_area(who), **(again.typed or {})}
    return bench_page(request, who, "visit.html", again, given=given, areas=areas_of(who, lang))
