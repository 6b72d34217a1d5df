"""How much is sent to whom and when nobody is disturbed: the numbers of delivery, changed in versions by an administrator."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from rules.delivery_numbers import Numbers
from rules.facts import Refused
from services.channels.stored import check_administrator
from services.deliveries.numbers import change, differences, in_force
from web.access.visitor import Posted, Signed, Visitor
from web.console.page import page
from web.errors import refusal_in_words
from web.site import Here, Lang, Now, Site, language_of
from web.views import Words
from wording import say

router = APIRouter(include_in_schema=False)
#: Group → its numbers, as they are shown.
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "每人最多收几条": ("per_minute", "per_quarter_hour", "per_day", "per_notice_day", "digest_from", "reminder_gap_minutes"),
    "夜间免打扰": ("quiet_from", "quiet_until"),
    "没发成再试": ("attempts", "back_off_seconds", "jitter_percent", "ask_seconds", "ask_urgent_seconds", "unknown_hours"),
    "通道出故障": (
        *("breaker_failures", "breaker_pause_seconds", "breaker_longest_seconds", "well_minutes"),
        *("down_patience_minutes", "hurry_seconds", "receipt_wait_seconds"),
    ),
    "各通道限速": ("channel_per_second", "channel_per_minute"),
}


@router.get("/config/limits")
def limits(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """The numbers in force."""
    return _page(request, who, site, now)


@router.post("/config/limits")
def set_limits(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Write a new version with what was changed; in force at once."""
    typed = {name: form.fields[name][:200].strip() for names in GROUPS.values() for name in names if name in form.fields}
    try:
        with site.database.unit_of_work() as session:
            before = in_force(session, now)
            old = {name: as_typed(value) for name, value in before.numbers.stored().items()}
            after = change(session, {name: value for name, value in typed.items() if value != old[name]}, who.actor.name, now)
            if not differences(before.numbers, after.numbers):
                raise Refused("limits_none")
    except Refused as refusal:
        return _page(request, who, site, now, 409, typed, refusal_in_words(_named(refusal, lang), lang))
    return RedirectResponse("/config/limits?done=set", 303)


def _named(refusal: Refused, lang: str) -> Refused:
    """The same with the numbers called as the page calls them."""
    known = {name for names in GROUPS.values() for name in names}
    return Refused(refusal.code, **{k: say(f"limit_of.{v}", lang) if v in known else v for k, v in refusal.details.items()})


def as_typed(value: Any) -> str:  # noqa: ANN401 - a stored number
    """A stored number as people type it."""
    if isinstance(value, dict):
        return ",".join(f"{code}:{number}" for code, number in value.items())
    return ",".join(str(part) for part in value) if isinstance(value, list) else str(value)


def _page(
    request: Request,
    who: Visitor,
    site: Site,
    now: datetime,
    status: int = 200,
    typed: Mapping[str, str] | None = None,
    sentence: str = "",
) -> Response:
    lang = language_of(request)
    with site.database.unit_of_work() as session:
        check_administrator(session, who.actor.name)
        found = in_force(session, now)
    own, usual = found.numbers.stored(), Numbers().stored()
    rows = {
        group: [
            {
                **{"name": name, "says": say(f"limit_of.{name}", lang), "value": (typed or {}).get(name, as_typed(own[name]))},
                "usual": as_typed(usual[name]) if own[name] != usual[name] else None,
            }
            for name in names
        ]
        for group, names in GROUPS.items()
    }
    values = {"groups": rows, "version": found.version, "since": found.since, "sentence": sentence}
    by = Words(who.known, lang).actor(found.changed_by) if found.changed_by else ""
    return page(request, who, "config/limits.html", "config", status, by=by, done=request.query_params.get("done", ""), **values)
