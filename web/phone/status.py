"""/s: a resident follows a case by number and token, rates it, reopens it or takes it back."""

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from rules.facts import Actor, Refused
from services.attachments import attachments_of, place_of
from services.following import follower, reports
from services.moves import Conflict, Intent, Moved, Setting, make_moves
from services.reading import case_id_of
from services.supplements import Said, add
from web.access.visitor import Form
from web.errors import refusal_in_words
from web.guards import OwnForm
from web.intake import kept
from web.phone.device import device_of, network_of
from web.phone.follower import forget, remember, remembered
from web.phone.progress import STAGES_SHOWN, progress
from web.rendering import render
from web.site import CaseNo, Here, Lang, Now, Site
from wording import say

router = APIRouter(include_in_schema=False)
_STATUS: Final = {"answer_too_many": 429, "follow_unknown": 404}
_SOLVED: Final = {"yes": True, "no": False}
_PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
_UNTYPED: Final = dict.fromkeys(("do", "solved", "score", "say", "reason", "more", "call"), "")
_KEY: Final = re.compile(r"[0-9a-f]{20}")
_HEADERS: Final = {"X-Robots-Tag": "noindex, nofollow"}


@router.get("/s")
def door(request: Request) -> Response:
    """Asks for number and token; a number may stand in the address, a token never."""
    return _door(request, request.query_params.get("no", "")[:20])


@router.post("/s", dependencies=[OwnForm])
def enter(request: Request, form: Form, site: Here, now: Now, lang: Lang) -> Response:
    """Let in whoever shows both."""
    no = form.fields.get("no", "").strip().upper()[:20]
    with site.database.unit_of_work() as session:
        found = follower(session, no, form.fields.get("token", ""), network_of(request), now)
    if isinstance(found, Refused):
        return _door(request, no, _STATUS[found.code], refusal_in_words(found, lang))
    answer = RedirectResponse(f"/s/{no}", 303)
    remember(answer, request, no, found, now)
    return answer


def _door(request: Request, no: str, status: int = 200, sentence: str = "") -> Response:
    return render(request, "phone/follow.html", status, _HEADERS, no=no, sentence=sentence)


@router.get("/s/{no}")
def status(request: Request, no: CaseNo, site: Here, now: Now, lang: Lang) -> Response:
    """How the case stands."""
    who = _let_in(request, no, site, now)
    return _again(no) if who is None else _page(request, no, who, site, now, lang)


@router.get("/s/{no}/photo/{number}")
def photo(request: Request, no: CaseNo, number: int, site: Here, now: Now) -> Response:
    """A photo of the result: as it was before, and after. What others sent along with their report is nobody else's to see."""
    who = _let_in(request, no, site, now)
    if who is None:
        return _again(no)
    with site.database.unit_of_work() as session:
        found = progress(session, no, who, now, "zh")
        case_id = case_id_of(session, found.shown_no) if found.opened else None
        rows = attachments_of(session, [case_id]).get(case_id, []) if case_id is not None else []
    row = next((r for r in rows if r["no"] == number and r["stage"] in STAGES_SHOWN and r["media"] in _PICTURES), None)
    if row is None:
        raise Refused("unknown_case", case=no)
    return FileResponse(place_of(site.settings.data_dir / "files", row["sha256"]), media_type=row["media"])


@router.post("/s/{no}", dependencies=[OwnForm])
def act(request: Request, no: CaseNo, form: Form, site: Here, now: Now, lang: Lang) -> Response:
    """Rate it, reopen it, take it back; or leave this page for good."""
    who = _let_in(request, no, site, now)
    if who is None or form.fields.get("do") == "leave":
        return _again(no, leave=True)
    if form.fields.get("do") == "add":
        return _add(request, no, form, who, site, now, lang)
    make = _ASKED.get(form.fields.get("do", ""))
    args = make(form.fields, device_of(request)) if make else Refused("answer_unsaid")
    if isinstance(args, Refused):
        return _page(request, no, who, site, now, lang, 422, sentence=refusal_in_words(args, lang), given=form.fields)
    with site.database.unit_of_work() as session:
        shown_no = progress(session, no, who, now, lang).shown_no
        intent = Intent(case_id_of(session, shown_no), form.fields["do"], Actor("resident", resident_id=who), args=args)
        (outcome,) = make_moves(session, [intent], Setting(now))
    if isinstance(outcome, Moved):
        return RedirectResponse(f"/s/{no}?done={form.fields['do']}", 303)
    sentence = say("answer.conflict", lang) if isinstance(outcome, Conflict) else refusal_in_words(outcome, lang)
    return _page(request, no, who, site, now, lang, 409, sentence=sentence, given=form.fields)


def _add(request: Request, no: str, form: Form, who: int, site: Site, now: Now, lang: str) -> Response:
    """Take what the reporter adds to the case, once, however often the form is sent."""
    given, key = form.fields, form.fields.get("key", "")
    try:
        if not _KEY.fullmatch(key):
            raise Refused("submission_key")
        said = Said(f"{who} {key}", given.get("more", "").strip(), "call" in given, kept(form.files.get("photo", ()), site.settings))
        with site.database.unit_of_work() as session:
            shown_no = progress(session, no, who, now, lang).shown_no
            add(session, case_id_of(session, shown_no), said, who, Setting(now))
    except Refused as refusal:
        return _page(request, no, who, site, now, lang, 409, sentence=refusal_in_words(refusal, lang), given=given)
    return RedirectResponse(f"/s/{no}?done=add", 303)


def _rating(given: Mapping[str, str], device: str) -> Mapping[str, Any] | Refused:
    solved, score = _SOLVED.get(given.get("solved", "")), given.get("score", "")
    if solved is None or score not in ("", "1", "2", "3", "4", "5"):
        return Refused("answer_unsaid")
    said = {"score": int(score) if score else None, "words": given.get("say", "").strip() or None}
    return {"solved": solved, "channel": "self", "device": device} | {name: value for name, value in said.items() if value is not None}


def _reason(given: Mapping[str, str], _: str) -> Mapping[str, Any]:
    return {"reason": given.get("reason", "").strip()}


#: What can be asked for here, and what is handed in for it.
_ASKED: Final[Mapping[str, Callable[[Mapping[str, str], str], Mapping[str, Any] | Refused]]] = {
    "rate": _rating,
    "reopen": _reason,
    "withdraw": _reason,
}


def _let_in(request: Request, no: str, site: Site, now: Now) -> int | None:
    """Which reporter this is, as long as he still speaks for the case."""
    who = remembered(request, no, now)
    if who is None:
        return None
    with site.database.unit_of_work() as session:
        return who if reports(session, no, who) else None


def _again(no: str, *, leave: bool = False) -> Response:
    answer = RedirectResponse("/s" if leave else f"/s?no={no}", 303)
    forget(answer, no)
    return answer


def _page(request: Request, no: str, who: int, site: Site, now: Now, lang: str, status: int = 200, **said: Any) -> Response:  # noqa: ANN401 - sentence, given
    with site.database.unit_of_work() as session:
        found = progress(session, no, who, now, lang)
    done = request.query_params.get("done", "")
    given = {**_UNTYPED, **said.get("given", {})}
    values = {"it": found, "sentence": said.get("sentence", ""), "given": given, "done": done if done in (*_ASKED, "add") else ""}
    values["key"] = given.get("key") or secrets.token_hex(10)
    return render(request, "phone/status.html", status, _HEADERS, **values)
