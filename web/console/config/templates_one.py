"""The words of one notice in one medium and language: written, tried on a real case, proposed, published or refused by a second person."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from notifications.rendering import EMAIL, TemplateText
from notifications.variables import vocabulary
from rules.facts import Refused
from services.deliveries.setup import Setup, Voice
from services.templates import drafting
from services.templates.checking import TemplateRefused, worded
from services.templates.previewing import Occasion, Preview, tried
from services.templates.stored import TemplateState, Which, check_person, read_text, text_of, versions
from services.templates.using import stored_words
from services.visibility import check_visible
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.config.templates import told_to
from web.console.config.templates_gateways import gateways_shown, own_words, record_result
from web.console.page import page
from web.errors import refusal_in_words
from web.site import Here, Now, Site, case_number, language_of
from web.views import Words

router = APIRouter(include_in_schema=False)
_LONGEST: Final = 4000  #: characters of words that are written here
_ADDRESS: Final = "/config/templates/{notice}/{medium}/{in_lang}"
Decide = Callable[[Session, Which, int, str, datetime], None]
#: What a second person, or whoever takes words out of use, does with a version.
_DECISIONS: Final[Mapping[str, Decide]] = {"publish": drafting.publish, "retire": drafting.retire}


@router.get(_ADDRESS)
def one(request: Request, notice: str, medium: str, in_lang: str, who: Signed, site: Here) -> Response:
    """The words in use or a version, its preview and every version there was."""
    return _page(request, who, site, Which.of(notice[:40], medium[:10], in_lang[:5]))


@router.post(_ADDRESS)
def change(request: Request, notice: str, medium: str, in_lang: str, form: Posted, who: Signed, site: Here, now: Now) -> Response:
    """Preview what is typed, keep it as a draft, hand it on, decide about it."""
    which, what = Which.of(notice[:40], medium[:10], in_lang[:5]), form.fields.get("do", "")
    if what == "preview":
        return _page(request, who, site, which, form=form)
    try:
        if what == "ruling":
            record_result(site, which, form, who, now)
        else:
            _do(site, which, what, form, who, now)
    except Refused as refusal:
        return _page(request, who, site, which, 409, form, refusal)
    return RedirectResponse(f"{_path(which)}?done={what}", 303)


def _path(which: Which) -> str:
    return _ADDRESS.format(notice=which.notice, medium=which.medium, in_lang=which.lang)


def _do(site: Site, which: Which, what: str, form: Sent, who: Visitor, now: datetime) -> None:
    """One thing in one commit.

    Raises:
        Refused: as services/templates/drafting.py says; `unknown_action`.
    """
    user, note = who.actor.name, form.fields.get("note", "")[:200].strip()
    number = form.fields.get("version", "")
    version = int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 0
    with site.database.unit_of_work() as session:
        if what in ("draft", "propose"):
            version = drafting.draft(session, which, _typed(which, form), user, now, note)
            if what == "propose":
                drafting.propose(session, which, version, user, now, _occasion(session, site, who, form))
        elif what == "refuse":
            if not note:
                raise Refused("template_why")
            drafting.refuse(session, which, version, user, now, note)
        elif what in _DECISIONS:
            _DECISIONS[what](session, which, version, user, now)
        else:
            raise Refused("unknown_action", action=what[:20])


def _typed(which: Which, form: Sent) -> TemplateText:
    """What was typed.

    Raises:
        Refused: `template_empty`, `template_no_subject`.
    """
    subject, body = form.fields.get("subject", "")[:200].strip(), form.fields.get("body", "")[:_LONGEST]
    return read_text(which.medium, f"{subject}\n\n{body}" if which.medium == EMAIL else body)


def _occasion(session: Session, site: Site, who: Visitor, form: Sent | None) -> Occasion:
    """The case on which words are tried: one that this person sees, or the newest.

    Raises:
        Refused: `unknown_case`.
    """
    settings, no = site.settings, "" if form is None else form.fields.get("case", "").strip()
    if no:
        check_visible(session, who.actor, case_number(no))
    return Occasion(Setup(Voice(settings.lang, settings.sms_sign), {}, settings.public_url), no or None)


def _page(
    request: Request, who: Visitor, site: Site, which: Which, status: int = 200, form: Sent | None = None, refusal: Refused | None = None
) -> Response:
    lang = language_of(request)
    words = Words(who.known, lang)
    with site.database.unit_of_work() as session:
        check_person(session, who.actor.name)
        rows = versions(session, which)
        number, in_use = stored_words(session).of(which.notice, which.medium, which.lang)
        shown, start = _shown(rows, request.query_params.get("v", ""), number, in_use)
        found = _tried(session, site, who, which, form, start)
        gateways = gateways_shown(session, site.settings, which, rows, number, words, form)
    typed = {} if form is None else dict(form.fields)
    values = {"which": which, "path": _path(which), "name": words.word("notice", which.notice), "to": told_to(which.notice, words)}
    values |= {
        "number": number,
        "shown": shown,
        "typed": typed,
        "start": start,
        "mine": who.actor.name,
        "done": request.query_params.get("done", ""),
    }
    values |= _of_preview(found, lang) | {
        "names": sorted(vocabulary().of(which.medium)),
        "rows": [_version(row, words) for row in rows],
    }
    flaws = isinstance(refusal, TemplateRefused)
    values["sentence"] = own_words(refusal, lang) or refusal_in_words(refusal, lang) if refusal is not None and not flaws else ""
    if isinstance(refusal, TemplateRefused):
        values["flaws"] = [worded(flaw, lang) for flaw in refusal.flaws]
    return page(request, who, "config/template.html", "config", status, **values, **gateways)


def _shown(rows: Any, asked: str, number: int, in_use: TemplateText) -> tuple[int, TemplateText]:  # noqa: ANN401 - result rows
    """The version whose words stand in the form: the one asked for, else an open one, else those in use."""
    wanted = next((row for row in rows if str(row.version) == asked), None)
    opened = next((row for row in rows if row.state in (TemplateState.DRAFT, TemplateState.PROPOSED)), None)
    row = wanted or (opened if not asked else None)
    return (number, in_use) if row is None else (row.version, text_of(row))


def _tried(session: Session, site: Site, who: Visitor, which: Which, form: Sent | None, start: TemplateText) -> Preview | Refused:
    """What a recipient would read, or why nobody can."""
    try:
        words = start if form is None or "body" not in form.fields else _typed(which, form)
        return tried(session, which, words, _occasion(session, site, who, form))
    except Refused as refusal:
        return refusal


def _of_preview(found: Preview | Refused, lang: str) -> dict[str, Any]:
    if isinstance(found, TemplateRefused):
        return {"preview": None, "no_preview": "", "flaws": [worded(flaw, lang) for flaw in found.flaws]}
    if isinstance(found, Refused):
        return {"preview": None, "no_preview": refusal_in_words(found, lang), "flaws": []}
    return {"preview": found, "no_preview": "", "flaws": []}


def _version(row: Any, words: Words) -> dict[str, Any]:  # noqa: ANN401 - a result row
    by, decided = words.actor(row.written_by), words.actor(row.decided_by) if row.decided_by else ""
    told = {
        "version": row.version,
        "state": row.state,
        "note": row.note,
        "written_by": by,
        "written_at": row.written_at,
        "user": row.written_by,
    }
    return told | {"decided_by": decided, "decided_at": row.decided_at}
