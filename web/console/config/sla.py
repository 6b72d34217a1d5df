"""Time limits (办理时限): what is in force, drafts that are edited row by row, tried, and published by a second person."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from rules.facts import Refused
from rules.sla import COUNTS, KINDS, NONE, Row
from services.catalogue import catalogue
from services.policies import drafting, editing
from services.policies.publishing import publish
from services.policies.stored import Treatment, policy_file
from services.policy_files import read_policy_file
from services.policy_files.sheets import write_xlsx
from services.policy_files.values import PolicyRefused, worded
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.config.sla_shown import URGENCIES, row_form, shown, unit_options_of
from web.console.config.sla_trial import DAYS, trial
from web.console.config.words import said
from web.console.nav import leads
from web.console.page import page
from web.site import Here, Lang, Now, Site, language_of
from web.views import Words

router = APIRouter(include_in_schema=False)
PATH: Final = "/config/sla"
LONGEST: Final = 255  #: of a note or a reason
_NAMED: Final = ("category", "urgency", "source", "area", "special_group")
_NOTHING: Final = {"u": "", "q": "", "only": ""}  #: filters that are not set
#: Does something with a version (0: none); gives back the address that follows.
Deed = Callable[[Session, int, Sent, str, datetime], str]


@router.get(PATH)
def limits_page(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """A version of the time limits; with `try`, what it would do."""
    check_looks(who)
    return _page(request, who, site, now)


@router.get(PATH + "/{version}.xlsx")
def workbook(version: int, who: Signed, site: Here) -> Response:
    """A version as a workbook, to be edited and brought back."""
    check_looks(who)
    with site.database.unit_of_work() as session:
        written = write_xlsx(policy_file(session, version))
    headers = {"Content-Disposition": f'attachment; filename="policy-v{version}.xlsx"'}
    return Response(written, media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", headers=headers)


@router.post(PATH)
def change(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Draft, edit, confirm, hand in, publish or turn down; what is refused is said on the page, with what was typed."""
    deed, version = DEEDS.get(form.fields.get("do", "")), number(form.fields.get("v", ""))
    try:
        if deed is None:
            raise Refused("unknown_action", action=form.fields.get("do", ""))
        with site.database.unit_of_work() as session:
            there = deed(session, version, form, who.person.name, now)
    except PolicyRefused as refusal:
        check_looks(who)
        return _page(request, who, site, now, 409, form, [worded(problem, lang) for problem in refusal.problems])
    except Refused as refusal:
        check_looks(who)
        return _page(request, who, site, now, 409, form, [said(refusal, lang)])
    return RedirectResponse(there, 303)


def check_looks(who: Visitor) -> None:
    """See to it that somebody may look at the rules of time: centres, duty leaders, administrators.

    Raises:
        Refused: `config_only`.
    """
    if not leads(who.actor):
        raise Refused("config_only", user=who.actor.name)


def _page(
    request: Request,
    who: Visitor,
    site: Site,
    now: datetime,
    status: int = 200,
    form: Sent | None = None,
    sentences: Sequence[str] = (),
) -> Response:
    typed = dict(form.fields) if form is not None else {}
    asked = dict(request.query_params) if form is None else {"v": typed.get("v", ""), "edit": typed.get("line", "")}
    words = Words(who.known, language_of(request))
    with site.database.unit_of_work() as session:
        words = Words(catalogue(session), words.lang)
        view = shown(session, who.actor, words, number(asked.get("v", "")), asked, now)
        view["form"] = _form(session, view, asked.get("edit", ""), typed, words)
        view["tried"] = _tried(session, who, words, view["v"], asked, now)
    more = {"units": unit_options_of(words), "urgencies": [(u, words.word("urgency", u)) for u in URGENCIES], "days": DAYS}
    today = now.astimezone(who.known.zone).date()
    told = {"sentences": sentences, "typed": typed, "done": asked.get("done", ""), "today": today, "asked": _NOTHING | asked}
    return page(request, who, "config/sla.html", "sla", status, **view, **more, **told)


def _form(session: Session, view: Mapping[str, Any], edit: str, typed: Mapping[str, str], words: Words) -> dict[str, Any] | None:
    """The form of a row, where one is asked for in a draft."""
    if not edit or not view["is_draft"] or not view["may_edit"]:
        return None
    line = number(edit)
    rows = policy_file(session, view["v"]).rows
    row = next((each for each in rows if each.line == line), None)
    return row_form(row, typed, words)


def _tried(session: Session, who: Visitor, words: Words, version: int, asked: Mapping[str, str], now: datetime) -> dict[str, Any] | None:
    if asked.get("try") not in list(Treatment):
        return None
    days = min(number(asked.get("days", "")), max(DAYS))
    return trial(session, who.actor, words, version, Treatment(asked["try"]), days, now)


def number(text: str) -> int:
    """A number from the address or a form; 0: none."""
    return int(text) if text.isdecimal() and len(text) < 7 else 0


# deeds ----------------------------------------------------------------------------------------------------------------


def _at(version: int, done: str = "", place: str = "") -> str:
    return f"{PATH}?v={version}{f'&done={done}' if done else ''}{place}"


def _start(session: Session, _version: int, _form: Sent, by: str, now: datetime) -> str:
    return _at(editing.start(session, by, now), "drafted")


def _bring(session: Session, _version: int, form: Sent, by: str, now: datetime) -> str:
    """A draft from a workbook or TOML file."""
    drafting.check_person(session, by)
    files = form.files.get("file", ())
    if not files:
        raise Refused("nothing_chosen")
    name = Path(files[0].filename or "").name[-60:]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "policy"
        path.write_bytes(files[0].file.read())
        written = read_policy_file(path)
    return _at(drafting.draft(session, written, name, by, now), "drafted")


def _row(session: Session, version: int, form: Sent, by: str, now: datetime) -> str:
    """Write the row of the form: that of its line anew, or one more."""
    line = number(form.fields.get("line", ""))
    before = next((each for each in policy_file(session, version).rows if each.line == line), None)
    if line and before is None:
        raise Refused("no_such_line", line=line, version=version)
    category, urgency, source, area, group = (form.fields.get(name) or None for name in _NAMED)
    row = before or Row(0, category, urgency, source, area, group)
    limits = limits_of(form.fields)
    kept = replace(row, limits=limits, basis=form.fields.get("basis", "").strip()[:60])
    written = editing.put_row(session, version, kept, by, now)
    return _at(version, "", f"#row-{written}")


def limits_of(fields: Mapping[str, str]) -> dict[str, str]:
    """The limits of the form of a row as they are written in a policy: `30m`, `3wd`, `none`, a number of times."""
    found: dict[str, str] = {}
    extra = fields.get("more_kind", "")
    for kind in KINDS:
        source = "more" if kind == extra else kind
        count, unit = fields.get(f"n_{source}", "").strip(), fields.get(f"u_{source}", "")
        if unit == NONE:
            found[kind] = NONE
        elif count:
            found[kind] = count if kind in COUNTS else f"{count}{unit}"
    return found


def _drop(session: Session, version: int, form: Sent, by: str, now: datetime) -> str:
    editing.drop_row(session, version, number(form.fields.get("line", "")), by, now)
    return _at(version, "", "#rows")


def _confirm(session: Session, version: int, form: Sent, by: str, _now: datetime) -> str:
    lines = [number(line) for line in form.many.get("line", ())]
    if not lines and form.fields.get("all") != "yes":
        raise Refused("confirm_what")
    drafting.confirm(session, version, by, () if form.fields.get("all") == "yes" else lines)
    return _at(version, "confirmed", "#rows")


def _submit(session: Session, version: int, form: Sent, by: str, now: datetime) -> str:
    editing.submit(session, version, form.fields.get("note", "").strip()[:LONGEST], day(form.fields.get("from", "")), by, now)
    return _at(version, "submitted")


def day(text: str) -> date | None:
    """A day of a form; nothing: none.

    Raises:
        Refused: `bad_day`.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused("bad_day", given=text) from None


def _publish(session: Session, version: int, form: Sent, by: str, now: datetime) -> str:
    given = form.fields.get("treatment", "")
    if given not in list(Treatment):
        raise Refused("unknown_treatment", given=given, known=", ".join(Treatment))
    first, anyway = day(form.fields.get("from", "")), form.fields.get("anyway") == "yes"
    publish(session, version, by, Treatment(given), first, now, anyway=anyway)
    return _at(version, "published")


def _turn_down(session: Session, version: int, form: Sent, by: str, now: datetime) -> str:
    editing.turn_down(session, version, form.fields.get("reason", "").strip()[:LONGEST], by, now)
    return _at(version, "turned_down")


#: What the page's forms do.
DEEDS: Final[Mapping[str, Deed]] = {
    "draft": _start,
    "bring": _bring,
    "row": _row,
    "drop": _drop,
    "confirm": _confirm,
    "submit": _submit,
    "publish": _publish,
    "turn_down": _turn_down,
}
