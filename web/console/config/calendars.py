"""The working calendars: which days are worked, from when to when; whatever is changed is shown with what it moves, and then confirmed."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from rules.facts import Refused
from services.calendars import (
    CalendarUnconfirmed,
    Done,
    Loading,
    NoticeDay,
    NoticeRefused,
    OneDay,
    add_calendar,
    catch_up,
    change_calendars,
    load,
    read_notice,
    set_day,
    set_hours,
    use,
)
from services.calendars.checks import check_may_change
from services.calendars.layers import Edit
from services.calendars.written import hours_of, readable, short
from services.catalogue import catalogue
from web.access.visitor import Posted, Sent, Signed, Visitor
from web.console.config.calendars_shown import effect, shown
from web.console.config.sla import check_looks
from web.console.config.words import said
from web.console.page import page
from web.site import Here, Lang, Now, Site, language_of
from web.views import Words
from web.words import translated
from wording import say

router = APIRouter(include_in_schema=False)
PATH: Final = "/config/calendars"
_NOT_KEPT: Final = frozenset({"csrf", "go", "confirm"})
_COLUMNS: Final = {"date": "日期", "working": "上班", "name": "名称", "source": "来源"}
Maker = Callable[[Sent, str, datetime], tuple[Edit, dict[str, str]]]


@router.get(PATH)
def calendar_page(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """A calendar with one month as a grid."""
    check_looks(who)
    return _page(request, who, site, now)


@router.post(PATH)
def change(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Show what a change would move, or make it; what is refused is said on the page, with what was typed."""
    fields = dict(form.fields)
    try:
        make = EDITS.get(fields.get("do", ""))
        if make is None:
            raise Refused("unknown_action", action=fields.get("do", ""))
        _may(site, who)
        edit, more = make(form, who.person.name, now)
        fields |= more
        if fields.get("go") != "do":
            return _page(request, who, site, now, fields=fields, done=_try(site, edit, who, now))
        _do(site, edit, who, now, confirm=fields.get("confirm") == "yes")
    except CalendarUnconfirmed as refusal:
        return _page(request, who, site, now, 409, fields=fields, done=Done(True, list(refusal.moves)), sentences=[said(refusal, lang)])
    except NoticeRefused as refusal:
        return _page(request, who, site, now, 409, fields=fields, sentences=_faults(refusal, lang))
    except Refused as refusal:
        check_looks(who)
        return _page(request, who, site, now, 409, fields=fields, sentences=[said(refusal, lang)])
    return RedirectResponse(f"{PATH}?c={fields.get('code') or fields.get('c', '')}&m={fields.get('m', '')}&done=changed", 303)


def _may(site: Site, who: Visitor) -> None:
    with site.database.unit_of_work() as session:
        check_may_change(session, who.person.name)


def _try(site: Site, edit: Edit, who: Visitor, now: datetime) -> Done:
    """Make a change and take it back: what it would do."""
    with site.database.unit_of_work() as session:
        done = change_calendars(session, edit, who.person.name, now, confirm=True)
        session.rollback()
    return done


def _do(site: Site, edit: Edit, who: Visitor, now: datetime, *, confirm: bool) -> None:
    with site.database.unit_of_work() as session:
        done = change_calendars(session, edit, who.person.name, now, confirm=confirm)
    with site.database.unit_of_work() as session:
        catch_up(session, done, now)


def _faults(refusal: NoticeRefused, lang: str) -> list[str]:
    """What is wrong with a notice, line by line."""
    found = []
    for fault in refusal.faults[:10]:
        key = f"notice_fault.{fault.code}" if fault.field else f"reject.{fault.code}"
        reason = say(key, lang, given=fault.given, detail=fault.given)
        place = {"line": fault.line} | ({"field": translated(_COLUMNS[fault.field], lang)} if fault.field else {})
        found.append(say("notice_fault.field" if fault.field else "notice_fault.line", lang, reason=reason, **place))
    return [translated("通知里有%(n)s处不对，没有写入。", lang, n=len(refusal.faults)), *found]


def _page(
    request: Request,
    who: Visitor,
    site: Site,
    now: datetime,
    status: int = 200,
    *,
    fields: Mapping[str, str] | None = None,
    done: Done | None = None,
    sentences: list[str] | None = None,
) -> Response:
    asked, typed = request.query_params, dict(fields or {})
    code, month = (typed.get(key, asked.get(key, "")) for key in ("c", "m"))
    with site.database.unit_of_work() as session:
        words = Words(catalogue(session), language_of(request))
        view = shown(session, who.actor, words, code, month, now)
        would = effect(session, who.actor, done, words, now) if done is not None else None
    kept = {name: value for name, value in typed.items() if name not in _NOT_KEPT}
    told: dict[str, Any] = {"sentences": sentences or [], "typed": typed, "kept": kept, "would": would, "done": asked.get("done", "")}
    return page(request, who, "config/calendars.html", "calendars", status, **view, **told)


# edits ----------------------------------------------------------------------------------------------------------------


def _text(form: Sent, name: str) -> str:
    return form.fields.get(name, "").strip()


def _notice(form: Sent, by: str, now: datetime) -> tuple[Edit, dict[str, str]]:
    """A notice from the file that was chosen, else from the text of the form; the text is what is carried on."""
    files = form.files.get("file", ())
    written = files[0].file.read() if files else _text(form, "text").encode()
    name = Path(files[0].filename or "").name[-60:] if files else ""
    if not written.strip():
        raise Refused("nothing_chosen")
    with TemporaryDirectory() as folder:
        path = Path(folder) / (name if name.strip(".") and name.isprintable() else "notice.csv")
        path.write_bytes(written)
        days = read_notice(path)
    source, year = _text(form, "source") or name[:60] or by, _text(form, "year")
    of_year = int(year) if year.isdecimal() and len(year) == 4 else None
    loading = Loading(_text(form, "c"), days, short("source", source), now, None, of_year)
    return load(loading), {"text": as_text(days), "source": source}


def as_text(days: list[NoticeDay]) -> str:
    """A notice as lines that `read_notice` reads."""
    lines = [",".join((day.day.isoformat(), "1" if day.working else "0", _cell(day.name), _cell(day.source))) for day in days]
    return "\n".join(("date,working,name,source", *lines))


def _cell(text: str) -> str:
    quoted = text.replace('"', '""')
    return f'"{quoted}"' if set(text) & set(',"\n') else text


def _day(form: Sent, by: str, _now: datetime) -> tuple[Edit, dict[str, str]]:
    working = {"on": True, "off": False}.get(_text(form, "working"))
    reason = short("reason", _text(form, "reason"))
    if working is not None and not reason:
        raise Refused("day_reason_missing")
    source = short("source", _text(form, "source") or by)
    return set_day(OneDay(_text(form, "c"), readable(_text(form, "day")), working, _text(form, "layer"), reason, source)), {}


def _hours(form: Sent, _by: str, _now: datetime) -> tuple[Edit, dict[str, str]]:
    first, last = (readable(text) if text else None for text in (_text(form, "first"), _text(form, "last")))
    texts = _text(form, "hours").replace("，", " ").replace("、", " ").replace("–", "-").replace("：", ":").split()
    scope, windows = hours_of(texts, _text(form, "days"), first, last)
    return set_hours(_text(form, "c"), scope, windows), {}


def _add(form: Sent, _by: str, _now: datetime) -> tuple[Edit, dict[str, str]]:
    zh, en = (short(name, _text(form, name)) for name in ("zh", "en"))
    return add_calendar(_text(form, "code"), zh, en, _text(form, "c"), _text(form, "layer")), {}


def _use(form: Sent, _by: str, _now: datetime) -> tuple[Edit, dict[str, str]]:
    return use(_text(form, "unit"), _text(form, "c"), below=_text(form, "below") == "yes"), {}


#: What the page's forms change.
EDITS: Final[Mapping[str, Maker]] = {"load": _notice, "day": _day, "hours": _hours, "add": _add, "use": _use}
