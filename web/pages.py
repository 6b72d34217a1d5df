"""Pages for people: the list of cases with a small form, one case, and the door. Reading never changes anything."""

import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from rules.facts import Refused, State
from services.catalogue import catalogue
from services.listing import Wanted, list_cases
from services.reading import read_case
from web import views
from web.errors import explained, refusal_in_words
from web.guards import SESSION_COOKIE, OwnForm, SignedIn, is_token, open_session, own_path
from web.intake import HandedIn, Urgency, choices, hand_in
from web.rendering import render
from web.site import CaseNo, Here, Lang, Now

router = APIRouter(include_in_schema=False)
PAGE_SIZE: Final = 50
_EMPTY: Final[Mapping[str, str]] = {"subject": "", "body": "", "source": "resident", "area": "", "place": "", "name": "", "phone": ""}


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of a form; the body is limited and read already."""
    return dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))


Form = Annotated[dict[str, str], Depends(form_fields)]
After = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@router.get("/", dependencies=[SignedIn])
@router.get("/cases", dependencies=[SignedIn])
def cases(
    request: Request, site: Here, now: Now, lang: Lang, state: State | None = None, urgency: Urgency | None = None, after: After = None
) -> Response:
    """The list, newest first, with filters as links."""
    return _list(request, site, now, lang, Wanted(state, urgency, after, PAGE_SIZE))


def _list(request: Request, site: Here, now: Now, lang: Lang, wanted: Wanted, status: int = 200, **form: Any) -> Response:  # noqa: ANN401 - values of the template
    with site.database.unit_of_work() as session:
        known = catalogue(session)
        page = views.lines(list_cases(session, wanted, now), views.Words(known, lang), now)
    filters = {"state": wanted.state.value if wanted.state else None, "urgency": wanted.urgency}
    older = _link({**filters, "after": page["next"]}) if page["next"] else None
    empty = {"given": _EMPTY, "findings": [], "key": secrets.token_urlsafe(16)}
    return render(
        request,
        "cases.html",
        status,
        cases=page["cases"],
        zone=known.zone,
        filters=filters,
        links=_filter_links(filters),
        older=older,
        newest=_link(filters) if wanted.after else None,
        choices=choices(known, lang),
        signed_in=True,
        **{**empty, **form},
    )


def _link(filters: Mapping[str, Any]) -> str:
    chosen = {name: value for name, value in filters.items() if value is not None}
    return f"/cases?{urlencode(chosen)}" if chosen else "/cases"


def _filter_links(filters: Mapping[str, str | None]) -> dict[str, list[tuple[str | None, str]]]:
    """For each filter its values with the address that sets it and keeps the others; None takes it away."""
    values = {"state": [state.value for state in State], "urgency": ["P0", "P1", "P2", "P3"]}
    return {name: [(value, _link({**filters, name: value})) for value in (None, *options)] for name, options in values.items()}


@router.get("/cases/{no}", dependencies=[SignedIn])
def case(request: Request, no: CaseNo, site: Here, now: Now, lang: Lang) -> Response:
    """One case with its journal."""
    with site.database.unit_of_work() as session:
        known = catalogue(session)
        found = views.case_file(read_case(session, no), views.Words(known, lang), now)
    return render(request, "case.html", case=found, zone=known.zone, signed_in=True)


@router.post("/cases", dependencies=[SignedIn, OwnForm])
def hand_in_by_form(request: Request, form: Form, site: Here, now: Now, lang: Lang) -> Response:
    """Hand in a case from the list; the same form sent twice is one case."""
    given = {name: form.get(name, default) for name, default in _EMPTY.items()}
    key = form.get("key", "")[:80] or secrets.token_urlsafe(16)

    def again(status: int, findings: list[dict[str, str]]) -> Response:
        return _list(request, site, now, lang, Wanted(limit=PAGE_SIZE), status, given=given, findings=findings, key=key)

    who = {"name": given["name"], "phone": given["phone"]}
    report = {name: given[name] for name in ("subject", "body", "source", "place")} | {"area": given["area"] or None, "requester": who}
    try:
        _, found = hand_in(site.database, HandedIn.model_validate(report).report(f"form:{key}"), now)
    except ValidationError as error:
        return again(422, explained([{**e, "loc": ("body", *e["loc"])} for e in error.errors(include_url=False)], lang))
    except Refused as refusal:
        return again(409, [{"field": "", "sentence": refusal_in_words(refusal, lang)}])
    return RedirectResponse(f"/cases/{found['no']}", 303)


@router.get("/login")
def door(request: Request) -> Response:
    """The form that asks for the token."""
    return render(request, "login.html", next=own_path(request.query_params.get("next", "")), wrong=False)


@router.post("/login", dependencies=[OwnForm])
def sign_in(request: Request, form: Form, site: Here, now: Now) -> Response:
    """Take the token, hand out a session."""
    there = own_path(form.get("next", ""))
    if not is_token(form.get("token", "").strip().encode(), site):
        return render(request, "login.html", 401, next=there, wrong=True)
    answer = RedirectResponse(there, 303)
    open_session(answer, request, site, now)
    return answer


@router.post("/logout", dependencies=[OwnForm])
def sign_out() -> Response:
    """End the session in this browser."""
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return answer
