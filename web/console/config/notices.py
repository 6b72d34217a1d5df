"""What tells whom: every notice with whom it is for, by which ways in which order, and whether it waits. Read-only: it is code."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from notifications.chains import Step, Who, chain_of
from notifications.notices import NOTICES, Audience, Notice
from services.channels import configured
from services.channels.checking import public_gateways
from services.deliveries.numbers import in_force
from services.templates.approvals import missing
from services.templates.stored import check_person
from web.access.visitor import Signed
from web.console.config.templates import AUDIENCES
from web.console.page import page
from web.site import Here, Lang, Now, Site
from web.views import Words
from web.words import translated

router = APIRouter(include_in_schema=False)
#: Whom a step tells, seen from the one who was to be told first, in Chinese.
_STEPS: Final = {Who.SAME: "%(channel)s", Who.DEPUTY: "B 角%(channel)s", Who.DUTY: "值班电话%(channel)s"}
_AT_ONCE: Final = "什么也不等，夜里也发"
_DEFERRED: Final = "夜间和收得够多时推迟"
#: How a notice differs from the others, by its attribute.
_TRAITS: Final = {
    "working": "按工作日算的，上班时才发",
    "expires": "过了说的时刻不发",
    "reminder": "提醒：两次之间隔一会儿，新的代替旧的",
}


@router.get("/config/notices")
def notices(request: Request, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Every notice, or those for somebody, or those whose name has a word."""
    asked, words = request.query_params, Words(who.known, lang)
    audience, searched = asked.get("to", "")[:20], asked.get("q", "")[:60].strip()
    with site.database.unit_of_work() as session:
        check_person(session, who.actor.name)
        numbers = in_force(session, now).numbers
        lacking = _lacking(session, site)
    rows = [_row(each, words, lacking) for each in NOTICES.values() if _wanted(each, audience, searched, words)]
    values: dict[str, Any] = {"rows": rows, "all": len(NOTICES), "audience": audience, "searched": searched}
    values["audiences"] = [(code, translated(name, lang)) for code, name in AUDIENCES.items()]
    return page(
        request, who, "config/notices.html", "config", **values, quiet=(f"{numbers.quiet_from:%H:%M}", f"{numbers.quiet_until:%H:%M}")
    )


def _lacking(session: Session, site: Site) -> dict[str, str]:
    """The words that some public gateway has not approved, with what it says of them."""
    gateways = public_gateways(configured(session, site.settings).values(), site.settings)
    return {each.notice: each.state or "missing" for code in gateways for each in missing(session, code, site.settings.lang)}


def _wanted(notice: Notice, audience: str, searched: str, words: Words) -> bool:
    right_people = not audience or any(to.value == audience for to, _ in notice.to)
    return right_people and searched.lower() in f"{words.word('notice', notice.code)} {notice.code}".lower()


def _row(notice: Notice, words: Words, lacking: dict[str, str]) -> dict[str, Any]:
    return {
        "name": words.word("notice", notice.code),
        "template": notice.template,
        "borrowed": words.word("notice", notice.template) if notice.template != notice.code else "",
        "to": [_told(notice, to, channel, words) for to, channel in notice.to],
        "when": [translated(said, words.lang) for said in _when(notice)],
        "lacking": lacking.get(notice.template, ""),
    }


def _when(notice: Notice) -> list[str]:
    """Whether it waits, in Chinese; what waits for nothing is not kept back in any other way either."""
    return [_AT_ONCE] if notice.urgent else [_DEFERRED, *(said for name, said in _TRAITS.items() if getattr(notice, name))]


def _told(notice: Notice, to: Audience, channel: str, words: Words) -> dict[str, str]:
    """One audience, and the ways to it, the first one first."""
    steps = chain_of(notice.code, channel, haste=0 if notice.urgent else 1, resident=to is Audience.REPORTER)
    first = Step(Who.SAME, channel)
    ways = [_step(each, words) for each in (first, *(step for step in steps if step != first))]
    return {"who": translated(AUDIENCES[to.value], words.lang), "ways": " → ".join(ways)}


def _step(step: Step, words: Words) -> str:
    return translated(_STEPS[step.who], words.lang, channel=words.word("channel", step.channel))
