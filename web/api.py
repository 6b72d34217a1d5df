"""Intake and case list for programs: JSON, codes beside words, personal data in but never out (docs/api.md)."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response

from rules.facts import State
from services.catalogue import catalogue
from services.listing import Wanted, list_cases
from services.privacy.showing import public
from services.why import as_json, explain, for_public, lines
from web import views
from web.guards import TokenShown
from web.intake import HandedIn, Urgency, hand_in
from web.site import CaseNo, Here, Lang, Now
from wording import say

router = APIRouter(prefix="/api", tags=["cases"], dependencies=[TokenShown])
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")]
Limit = Annotated[int, Query(ge=1, le=200)]
After = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@router.post("/cases", status_code=201)
def submit_case(handed_in: HandedIn, response: Response, site: Here, now: Now, lang: Lang, key: Key = None) -> dict[str, Any]:
    """Hand in a report: 201 and its case, or 200 and the case that the same key made before."""
    known, case = hand_in(site.database, handed_in.report(f"api:{key}" if key else None), now)
    response.status_code = 200 if known else 201
    response.headers["Location"] = f"/api/cases/{case['no']}"
    return {**case, "status": say(f"state.{case['state']}", lang)}


@router.get("/cases")
def cases(
    site: Here, now: Now, lang: Lang, state: State | None = None, urgency: Urgency | None = None, limit: Limit = 50, after: After = None
) -> dict[str, Any]:
    """A page of the list, newest first; `next` is the `after` of the following page."""
    with site.database.unit_of_work() as session:
        return views.lines(list_cases(session, Wanted(state, urgency, after, limit), now), views.Words(catalogue(session), lang), now)


@router.get("/cases/{no}")
def case(no: CaseNo, site: Here, now: Now, lang: Lang) -> dict[str, Any]:
    """One case: facts, work orders, clocks, held-by trail, journal."""
    with site.database.unit_of_work() as session:
        return views.case_file(public(session, no, now), views.Words(catalogue(session), lang), now)


@router.get("/cases/{no}/why")
def why(no: CaseNo, site: Here, now: Now, lang: Lang) -> dict[str, Any]:
    """Why each open clock of the case itself is due when it is, recomputed; without names of persons, and without those of affairs."""
    with site.database.unit_of_work() as session:
        public(session, no, now)  # a sensitive case is explained to nobody here
        found = [for_public(each) for each in explain(session, no, now) if each.affair_seq is None]
    return {"clocks": [{**plain, "lines": lines(each, lang)} for each, plain in zip(found, as_json(found), strict=True)]}
