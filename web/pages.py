"""Pages for people: the list of cases with a small form, one case, and the door. Reading never changes anything."""

import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from rules.facts import Refused, State
from services.catalogue import catalogue
from services.listing import Wanted, list_cases
from services.privacy.showing import public
from web import views
from web.errors import explained, refusal_in_words
from web.guards import SESSION_COOKIE, OwnForm, SignedIn, is_token, open_session, own_path
from web.intake import EMPTY, Urgency, choices, hand_in, kept, of_form
from web.rendering import render
from web.site import CaseNo, Here, Lang, Now

router = APIRouter(include_in_schema=False)
PAGE_SIZE: Final = 50


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of a form; the body is limited and read already."""
    return dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Sent:
    """A form with files: its fields, and the files that were chosen."""

    fields: Mapping[str, str]
    files: tuple[UploadFile, ...]


async def form_sent(request: Request) -> AsyncIterator[Sent]:
    """A form that may bring files; large ones lie on disk until the request is answered."""
    async with request.form(max_files=50, max_fields=50) as form:
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        yield Sent(fields, tuple(value for _, value in form.multi_items() if isinstance(value, UploadFile) and value.filename))


Form = Annotated[dict[str, str], Depends(form_fields)]
FormWithFiles = Annotated[Sent, Depends(form_sent)]
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
    empty = {"given": EMPTY, "findings": [], "key": secrets.token_urlsafe(16)}
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
        file_max_mb=site.settings.file_max_mb,
        signed_in=True,
        **{**empty, **form},
    )


def _link(filters: Mapping[str, Any]) -> str:
    chosen = {name: value for name, value in filters.items() if value is not None}
    return f"/cases?{urlencode(chosen)}" if chosen else "/cases"


def _filter_links(filters: Mapping[str, str | None]) -> dict[str, list[tuple[str | None, str]]]:
    """For each filter its values with the address that sets it and keeps the others; None takes it away."""
    values = {"state": [state.value for state in State if state is not State.BESIDE], "urgency": ["P0", "P1", "P2", "P3"]}
    return {name: [(value, _link({**filters, name: value})) for value in (None, *options)] for name, options in values.items()}


@router.get("/cases/{no}", dependencies=[SignedIn])
def case(request: Request, no: CaseNo, site: Here, now: Now, lang: Lang) -> Response:
    """One case with its journal."""
    with site.database.unit_of_work() as session:
        known = catalogue(session)
        found = views.case_file(public(session, no, now), views.Words(known, lang), now)
    return render(request, "case.html", case=found, zone=known.zone, signed_in=True)


@router.post("/cases", dependencies=[SignedIn, OwnForm])
def hand_in_by_form(request: Request, form: FormWithFiles, site: Here, now: Now, lang: Lang) -> Response:
    """Hand in a case from the list, with photos if there are any; the same form sent twice is one case."""
    given = {name: form.fields.get(name, default) for name, default in EMPTY.items()}
    key = form.fields.get("key", "")[:80] or secrets.token_urlsafe(16)

    def again(status: int, findings: list[dict[str, str]]) -> Response:
        return _list(request, site, now, lang, Wanted(limit=PAGE_SIZE), status, given=given, findings=findings, key=key)

    try:
        report = of_form(given).report(f"form:{key}")
        _, found = hand_in(site.database, report, now, kept(form.files, site.settings))
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
