"""Messages that wait: when each goes out, why not yet, whom it is for, and what digests carry."""

from collections import Counter
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from services.channels import configured
from services.channels.stored import check_administrator
from services.deliveries.numbers import in_force
from services.messages.waiting import Waiting, waiting
from web.access.visitor import Signed
from web.console.config.channels import for_whom
from web.console.page import page
from web.site import Here, Now, language_of
from web.spoken import day_time
from web.views import Words
from web.words import translated
from wording import sentences

router = APIRouter(include_in_schema=False)
_MOST: Final = 200  #: on a page
_BY_STATE: Final = {"queued": "排着队，就要发", "failed_temp": "上次没发成，再试", "unknown": "没有回话，先问网关"}


@router.get("/config/channels/waiting")
def waits(request: Request, who: Signed, site: Here, now: Now) -> Response:
    """Everything that is still to be sent."""
    words, channel = Words(who.known, language_of(request)), request.query_params.get("channel", "")[:20]
    with site.database.unit_of_work() as session:
        check_administrator(session, who.actor.name)
        codes = list(configured(session, site.settings))
        numbers = in_force(session, now).numbers
        found = waiting(session, channel=channel or None, most=_MOST)
    rows = [_row(each, words, now) for each in found]
    values: dict[str, Any] = {"rows": rows, "most": _MOST, "channel": channel, "why": Counter(row["why"] for row in rows).most_common()}
    values["channels"] = [(code, words.word("channel", code)) for code in codes]
    return page(
        request, who, "config/waiting.html", "config", **values, quiet=(f"{numbers.quiet_from:%H:%M}", f"{numbers.quiet_until:%H:%M}")
    )


def _row(each: Waiting, words: Words, now: datetime) -> dict[str, Any]:
    known = sentences(words.lang)["delivery_error"]
    ours = str(known[each.reason]) if each.reason in known else translated(_BY_STATE[each.state], words.lang)
    zone, lang = words.known.zone, words.lang
    return {
        **{
            "no": each.no,
            "notice": words.word("notice", each.notice),
            "channel": words.word("channel", each.channel),
            "tries": each.attempts,
        },
        **{"to": for_whom(each.to, words), "why": ours, "carries": each.carries, "due": each.at <= now},
        "at": day_time(each.at, now, zone, lang),
        "queued": day_time(each.queued_at, now, zone, lang),
        "until": day_time(each.useful_until, now, zone, lang) if each.useful_until else "",
    }
