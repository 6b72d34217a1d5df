"""Every way in which a request can fail, as a sentence: JSON for programs, a page for people, a traceback for nobody."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from rules.facts import Refused
from services.catalogue import Catalogue
from web.access.visitor import OwnPasswordFirst
from web.guards import ForeignForm, NotSignedIn
from web.intake import FIELD_OF
from web.layers import SECURITY
from web.rendering import render
from web.site import language_of
from wording import say, sentences

log = logging.getLogger(__name__)
#: Refusals that are not about the state of a case.
_STATUS: Final[Mapping[str, int]] = {
    "unknown_affair": 404,
    "unknown_case": 404,
    "unknown_device": 404,
    "unknown_member": 404,
    "unknown_patrol_group": 404,
    "unknown_points_account": 404,
    "unknown_sheet": 404,
    "unknown_place_code": 404,
    "restricted": 403,
    "admins_only": 403,
    "no_district": 503,
}
_HTTP: Final[Mapping[int, str]] = {404: "not_found", 405: "not_allowed", 400: "bad_request"}
_PLAIN: Final = "/r"  #: of what was sent somewhere nothing can be shown again, and its address may be a secret
_PROGRAMS: Final = ("/api/", "/sensors/", "/livez", "/readyz", "/metrics")


def install(app: FastAPI) -> None:
    """Answer every failure of this app with a sentence."""
    handlers: Mapping[Any, Any] = {
        NotSignedIn: _not_signed_in,
        ForeignForm: _foreign_form,
        OwnPasswordFirst: _own_password_first,
        Refused: _refused,
        RequestValidationError: _invalid,
        HTTPException: _http,
        OperationalError: _database_away,
        InterfaceError: _database_away,
        PoolTimeout: _database_away,
        DataError: _unusable,
        OverflowError: _unusable,
        Exception: _bug,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _answer(request: Request, status: int, code: str, sentence: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:  # noqa: ANN401 - JSON
    if request.url.path.startswith(_PROGRAMS):
        return JSONResponse({"code": code, "sentence": sentence, **more}, status, headers)
    elsewhere = {} if request.method == "GET" else {"other_lang_link": _PLAIN, "size_link": _PLAIN}
    return render(request, "phone/message.html", status, headers, sentence=sentence, **elsewhere)


def _said(request: Request, status: int, code: str, headers: Mapping[str, str] | None = None) -> Response:
    return _answer(request, status, code, say(f"web.{code}", language_of(request)), headers)


def _not_signed_in(request: Request, _: NotSignedIn) -> Response:
    is_page = not request.url.path.startswith(_PROGRAMS) and "text/html" in request.headers.get("accept", "")
    if not is_page:
        return _said(request, 401, "not_signed_in", {"WWW-Authenticate": 'Bearer realm="bihuan"'})
    asked = {"lang": request.query_params["lang"]} if "lang" in request.query_params else {}
    if request.method == "GET":
        asked["next"] = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?{urlencode(asked)}" if asked else "/login", 303)


def _own_password_first(_request: Request, _: OwnPasswordFirst) -> Response:
    return RedirectResponse("/password", 303)


def _foreign_form(request: Request, _: ForeignForm) -> Response:
    return _said(request, 403, "foreign_form")


def _refused(request: Request, refusal: Refused) -> Response:
    field = {"field": FIELD_OF[refusal.code]} if refusal.code in FIELD_OF else {}
    return _answer(request, _STATUS.get(refusal.code, 409), refusal.code, refusal_in_words(refusal, language_of(request)), None, **field)


#: Details that are codes of units.
_UNITS: Final = ("unit", "units", "into", "successor")


def refusal_in_public(refusal: Refused, lang: str) -> str:
    """A refusal as a sentence for whoever passes by, who switches nothing on: what is switched off is not open here, and that is all."""
    own = sentences(lang)["in_public"].get(refusal.code)  # nobody who passes by is told of codes and commands
    return str(own) if own is not None else refusal_in_words(refusal, lang)


def refusal_in_words(refusal: Refused, lang: str, known: Catalogue | None = None) -> str:
    """A refusal as a sentence, with states and actions named as people call them; no page speaks of commands and their options.

    Args:
        refusal: What was refused.
        lang: `zh` or `en`.
        known: The reference data, so that units are called by their names; without them by their codes.
    """
    details = {name: _in_words(name, value, lang, known) for name, value in refusal.details.items()}
    section = "refused_on_page" if refusal.code in sentences(lang)["refused_on_page"] else "refused"
    return say(f"{section}.{refusal.code}", lang, **details)


def _in_words(name: str, value: object, lang: str, known: Catalogue | None) -> object:
    """A detail by its name in this language where it has one; of several each, with commas between."""
    if isinstance(value, list | tuple | set | frozenset):
        each = value if isinstance(value, list | tuple) else sorted(value, key=str)
        return say("why.comma", lang).join(str(_in_words(name, one, lang, known)) for one in each)
    unit = known.unit_ids.get(str(value)) if known is not None and name in _UNITS else None
    if known is not None and unit is not None:
        return getattr(known.names[unit], lang)
    return sentences(lang).get(name, {}).get(str(value), value)


def _invalid(request: Request, error: RequestValidationError) -> Response:
    lang = language_of(request)
    findings = explained(error.errors(), lang)
    sentence = say("web.comma", lang).join(f["sentence"] for f in findings)
    return _answer(request, 422, "invalid", sentence, None, errors=findings)


def explained(findings: Iterable[Mapping[str, Any]], lang: str) -> list[dict[str, str]]:
    """Pydantic's findings as field and sentence; what was given is not repeated."""
    known = sentences(lang)["invalid"]
    told = []
    for finding in findings:
        field = _field(finding["loc"])
        kind = finding["type"] if finding["type"] in known else "other"
        told.append({"field": field, "sentence": say(f"invalid.{kind}", lang, field=_label(field, lang), **finding.get("ctx", {}))})
    return told


def _field(loc: Sequence[str | int]) -> str:
    """Where in the body, the query or the headers: `requester.phone`; empty for the whole."""
    return ".".join(part for part in loc[1:] if isinstance(part, str))


def _label(field: str, lang: str) -> str:
    name = field.rpartition(".")[2].lower() or "content"
    return str(sentences(lang)["field"].get(name, field))


def _http(request: Request, error: HTTPException) -> Response:
    return _said(request, error.status_code, _HTTP.get(error.status_code, "bad_request"), error.headers)


def _database_away(request: Request, error: Exception) -> Response:
    log.warning("database away: %s", type(error).__name__)
    return _said(request, 503, "database_away", {"Retry-After": "5"})


def _unusable(request: Request, error: Exception) -> Response:
    """A number or a text that no column holds: what was sent cannot mean anything here."""
    log.warning("unusable value: %s", type(error).__name__)
    return _said(request, 400, "bad_request")


def _bug(request: Request, error: Exception) -> Response:
    """The outermost edge: on record in full, told in one sentence; outside all layers, so with its own headers."""
    path = getattr(request.scope.get("route"), "path", request.url.path)  # the address itself may hold a secret
    log.error("%s %s failed", request.method, path, exc_info=error)
    return _said(request, 500, "bug", {**SECURITY, "Cache-Control": "no-store"})
