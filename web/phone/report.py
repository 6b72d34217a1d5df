"""/r: a resident reports in under a minute, in two steps where something like it was reported already; never needs a script or a login."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from rules.facts import Refused
from rules.triage import urgency_of
from services import places
from services.attachments import Kept, check_number
from services.attachments.carrying import carried, taken_back
from services.catalogue import Catalogue, catalogue
from services.duplicates.beforehand import Alike, Told, alike
from services.intake.self_reports import Received, form_key, is_form, may_report, receive
from web.access.visitor import Form, Sent
from web.errors import explained, refusal_in_words
from web.guards import OwnForm
from web.intake import HandedIn, kept
from web.phone.device import device_of
from web.phone.follower import remember
from web.rendering import render
from web.site import Here, Lang, Now, Site
from web.spoken import day_time
from wording import say

router = APIRouter(include_in_schema=False)
#: What the form holds, besides its key and the photos.
FIELDS: Final = ("words", "place", "area", "lat", "lon", "accuracy", "tel")
_EMPTY: Final[Mapping[str, str]] = dict.fromkeys(FIELDS, "")
_EMERGENCY: Final = "P0"
_STATUS: Final = {"report_too_many": 429}


@dataclass(frozen=True, slots=True)
class _Filled:
    """A form that was sent.

    Attributes:
        given: Its fields, as they were typed.
        same: Number of the case that it is said to be the same as, `none` for none of them; empty: not asked yet.
    """

    key: str
    given: Mapping[str, str]
    same: str
    files: tuple[Kept, ...] = ()


@router.get("/r")
def blank(request: Request, site: Here, lang: Lang) -> Response:
    """An empty form."""
    return _form(request, site, lang, _EMPTY)


@router.get("/r/{code}")
def at_place(request: Request, code: str, site: Here, lang: Lang) -> Response:
    """The form with the place filled in of the code that was scanned; an unknown or retired code gives the empty form, and says so."""
    try:
        with site.database.unit_of_work() as session:
            found, known = places.place_of(session, code), catalogue(session)
    except Refused as refusal:
        return _form(request, site, lang, _EMPTY, 404, sentence=refusal_in_words(refusal, lang))
    if found["retired_at"] is not None:
        return _form(request, site, lang, _EMPTY, 410, retired=True)
    point = {"lat": found["latitude"], "lon": found["longitude"]} if found["latitude"] is not None else {}
    area = known.units[known.present(found["area_unit_id"])].code
    filled = {**_EMPTY, "place": found["place"], "area": area, **{k: str(v) for k, v in point.items()}}
    return _form(request, site, lang, filled, scanned=True)


@router.post("/r", dependencies=[OwnForm])
def send(request: Request, form: Form, site: Here, now: Now, lang: Lang) -> Response:
    """Take a report: ask first whether it is one that others have reported, unless it is an emergency; then open its case."""
    filled = _Filled(form.fields.get("key", ""), {n: form.fields.get(n, "") for n in FIELDS}, form.fields.get("same", ""))
    try:
        with site.database.unit_of_work() as session:
            again = may_report(session, filled.key, now)
        filled = replace(filled, files=_files(form, site, filled.key))
        report = _handed_in(filled.given)
        urgent, known, likely = _looked_at(site, report, now)
        if likely and not (filled.same or urgent or again):
            return _ask(request, filled, likely, known, now, lang)
        same = filled.same if filled.same in {each.no for each in likely} else None
        with site.database.unit_of_work() as session:
            received = receive(session, replace(report.report(filled.key), files=filled.files), same, now)
    except ValidationError as error:
        found = explained([{**each, "loc": ("body", *each["loc"])} for each in error.errors()], lang)
        return _form(
            request, site, lang, filled.given, 422, filled=filled, sentence=say("web.comma", lang).join(each["sentence"] for each in found)
        )
    except Refused as refusal:
        status = _STATUS.get(refusal.code, 409)
        return _form(request, site, lang, filled.given, status, filled=filled, sentence=refusal_in_words(refusal, lang))
    return _done(request, received, known, now, lang, urgent=urgent, joined=same)


def _files(form: Sent, site: Site, key: str) -> tuple[Kept, ...]:
    """Those of the step before, then those that were added."""
    before = taken_back(form.fields.get("kept", ""), key)
    found = (*before, *kept(form.files.get("photo", ()), site.settings))
    check_number(found)
    return found


def _handed_in(given: Mapping[str, str]) -> HandedIn:
    """What was filled in, as if it had come by the API.

    Raises:
        ValidationError: a field cannot be used.
    """
    written: dict[str, Any] = {"body": given["words"], "place": given["place"], "area": given["area"] or None}
    written["requester"] = {"phone": given["tel"]}
    if given["lat"] and given["lon"]:
        written["point"] = {"lat": given["lat"], "lon": given["lon"], "accuracy_m": given["accuracy"] or None}
    return HandedIn.model_validate(written)


def _looked_at(site: Site, report: HandedIn, now: Now) -> tuple[bool, Catalogue, list[Alike]]:
    """Whether its words speak of an emergency, and what it may be the same as.

    Raises:
        Refused: `empty_report`, before anybody is asked anything.
    """
    if not report.body.strip():
        raise Refused("empty_report")
    point = report.point.where().kept() if report.point else None
    with site.database.unit_of_work() as session:
        known = catalogue(session)
        likely = alike(session, Told(report.body, report.place, report.area, point), now)
    return urgency_of(report.body, known.urgent_rules)[0] == _EMERGENCY, known, likely


def _ask(request: Request, filled: _Filled, likely: list[Alike], known: Catalogue, now: Now, lang: str) -> Response:
    told = [
        {"no": a.no, "subject": a.subject, "metres": a.metres, "at": day_time(a.submitted_at, now, known.zone, lang), "n": a.reporters}
        for a in likely
    ]
    line = carried(filled.files, filled.key)
    return render(request, "phone/report_same.html", key=filled.key, given=filled.given, kept=line, photos=len(filled.files), likely=told)


def _done(request: Request, got: Received, known: Catalogue, now: Now, lang: str, *, urgent: bool, joined: str | None) -> Response:
    until = day_time(got.until, now, known.zone, lang) if got.until else ""
    values: dict[str, Any] = {
        "no": got.no,
        "token": got.token,
        "known": got.known,
        "until": until,
        "urgent": urgent,
        "joined": joined or "",
    }
    answer = render(request, "phone/report_done.html", 200 if got.known else 201, **values)
    remember(answer, request, got.no, got.requester_id, now)
    return answer


def _form(request: Request, site: Site, lang: str, given: Mapping[str, str], status: int = 200, **more: Any) -> Response:  # noqa: ANN401 - values
    """The form; what was typed and sent stays, under the same key as long as that is ours."""
    with site.database.unit_of_work() as session:
        known = catalogue(session)
    filled: _Filled | None = more.pop("filled", None)
    keep = filled is not None and more.get("sentence") and is_form(filled.key)
    key = filled.key if filled is not None and keep else form_key(device_of(request))
    files = filled.files if filled is not None and keep else ()
    said: dict[str, Any] = {"sentence": "", "retired": False, "scanned": False, **more}
    said |= {"kept": carried(files, key), "photos": len(files), "areas": _areas(known, lang)}
    return render(request, "phone/report.html", status, key=key, given=given, **said)


def _areas(known: Catalogue, lang: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Street by street: itself, its communities and their grids, as (code, name)."""
    names = {u.id: str(getattr(known.names[u.id], lang)) for u in known.units.values()}
    below: dict[int | None, list[Any]] = {}
    for unit in known.units.values():
        if unit.kind in ("COMMUNITY", "GRID") and not unit.retired:
            below.setdefault(unit.parent_id, []).append(unit)
    found = []
    for street in (u for u in known.units.values() if u.kind == "SUBDISTRICT" and not u.retired):
        inside = [(street.code, names[street.id])]
        for community in below.get(street.id, []):
            inside.append((community.code, names[community.id]))
            inside += [(grid.code, f"{names[community.id]} · {names[grid.id]}") for grid in below.get(community.id, [])]
        found.append((names[street.id], inside))
    return found
