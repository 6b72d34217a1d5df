"""The words of notices: a list of every notice with its words, how long they become, and how far gateways have come with them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from notifications.notices import NOTICES, Notice
from notifications.rendering import MEDIA
from notifications.sms_text import worst_case
from notifications.variables import SMS
from rules.facts import Actor, Refused
from services.channels import configured
from services.channels.checking import public_gateways
from services.templates.approvals import awaited, rulings
from services.templates.recording import refresh
from services.templates.stored import MAY_WRITE, TemplateState, Which, check_person, versions
from services.templates.using import Words as InUse
from services.templates.using import stored_words
from settings import Settings
from web.access.visitor import Posted, Signed, Visitor
from web.console.page import page
from web.site import Here, Lang, Now, Site
from web.views import Words
from web.words import translated
from wording import LANGUAGES

router = APIRouter(include_in_schema=False)
#: Whom a notice is for, in Chinese.
AUDIENCES: Final[Mapping[str, str]] = {
    **{"reporter": "反映人", "clerk": "经办人", "head": "单位负责人", "above": "上级单位经办", "above_head": "上级单位负责人"},
    **{"centre": "中心值班", "centre_head": "中心负责人", "duty": "区值班领导", "admin": "管理员", "named": "指定的人"},
}
_OPEN: Final = (TemplateState.DRAFT, TemplateState.PROPOSED)
SHARING: Final[Mapping[str, tuple[Notice, ...]]] = {
    code: tuple(each for each in NOTICES.values() if each.template == code) for code in dict.fromkeys(n.template for n in NOTICES.values())
}


def writes(actor: Actor) -> bool:
    """Whom the pages of words are offered to; the service decides about the unit."""
    return bool(actor.roles & MAY_WRITE) and ("admin" in actor.roles or actor.covers is not None)


def drafts_of_words(session: Session, _now: object, lang: str) -> str:
    """How many words wait for a second person."""
    n, handed_in = sum(row.state == TemplateState.PROPOSED for row in versions(session)), len(awaited(session))
    said = [translated("%(n)s条用语等第二人发布", lang, n=n)] if n else []
    said += [translated("%(n)s条等网关审核结果", lang, n=handed_in)] if handed_in else []
    return translated("；", lang).join(said)


@router.get("/config/templates")
def templates(request: Request, who: Signed, site: Here, lang: Lang) -> Response:
    """Every notice with its words, for those who write them."""
    return _page(request, who, site, lang)


@router.post("/config/templates")
def ask_gateways(request: Request, form: Posted, who: Signed, site: Here, now: Now, lang: Lang) -> Response:
    """Ask every gateway that can be asked what it decided about our words."""
    if form.fields.get("do", "") != "refresh":
        raise Refused("unknown_action", action=form.fields.get("do", "")[:20])
    found, silent = refresh(site.database, site.settings, who.actor.name, lambda: now)
    words = Words(who.known, lang)
    if silent:
        said = translated("、", lang).join(words.word("channel", channel) for channel in silent)
        sentence = translated("%(channels)s没有回答，照旧；请先到“消息通道”看通不通。", lang, channels=said)
        return _page(request, who, site, lang, 409, sentence)
    return RedirectResponse(f"/config/templates?asked={len(found)}", 303)


def _page(request: Request, who: Visitor, site: Site, lang: str, status: int = 200, sentence: str = "") -> Response:
    asked = request.query_params
    medium, in_lang = asked.get("medium", SMS), asked.get("in", lang)
    searched, only = asked.get("q", "")[:60].strip(), asked.get("only", "")
    if medium not in MEDIA or in_lang not in LANGUAGES:
        raise Refused("unknown_medium", given=medium[:20], known=", ".join(MEDIA))
    with site.database.unit_of_work() as session:
        check_person(session, who.actor.name)
        rows = _rows(session, site.settings, Which("", medium, in_lang), Words(who.known, lang))
        handed_in = [each.notice for each in awaited(session)]
    shown = [row for row in rows if _asked_for(row, only, handed_in) and _fits(row, searched)]
    values: dict[str, Any] = {
        "medium": medium,
        "in_lang": in_lang,
        "searched": searched,
        "only": only,
        "media": MEDIA,
        "waiting": _waiting(rows),
        "handed_in": len(handed_in),
        "sentence": sentence,
        "asked": int(asked["asked"]) if asked.get("asked", "").isdecimal() and len(asked["asked"]) < 5 else None,
    }
    return page(request, who, "config/templates.html", "config", status, rows=shown, all=len(rows), **values)


def _waiting(rows: Sequence[Mapping[str, Any]]) -> int:
    return sum(row["open"] == TemplateState.PROPOSED.value for row in rows)


def _asked_for(row: Mapping[str, Any], only: str, handed_in: Sequence[str]) -> bool:
    return bool(row["open"]) if only == "open" else row["code"] in handed_in if only == "gateway" else True


def _fits(row: Mapping[str, Any], searched: str) -> bool:
    return not searched or any(searched.lower() in str(row[name]).lower() for name in ("name", "code", "body"))


def _rows(session: Session, settings: Settings, like: Which, words: Words) -> list[dict[str, Any]]:
    in_use, open_ones = stored_words(session), {}
    for row in versions(session):
        if row.state in _OPEN and (row.medium, row.lang) == (like.medium, like.lang):
            open_ones[row.notice] = row.state
    gateways = public_gateways(configured(session, settings).values(), settings) if like.medium == SMS else []
    said = {(row.channel, row.notice, row.lang, row.version): row.state for row in rulings(session)}
    return [
        _row(code, like, in_use, words) | {"open": open_ones.get(code, ""), "gateways": _gateways(code, like, in_use, gateways, said)}
        for code in SHARING
    ]


def _row(code: str, like: Which, in_use: InUse, words: Words) -> dict[str, Any]:
    version, text = in_use.of(code, like.medium, like.lang)
    parts = worst_case(text.body, like.lang) if like.medium == SMS else None
    return {"code": code, "name": words.word("notice", code), "to": told_to(code, words), "version": version, "subject": text.subject} | {
        "body": text.body,
        "parts": parts,
    }


def told_to(code: str, words: Words) -> list[str]:
    """Whom the notices that share these words are for."""
    names = dict.fromkeys(translated(AUDIENCES[to.value], words.lang) for notice in SHARING[code] for to, _ in notice.to)
    return list(names)


def _gateways(
    code: str, like: Which, in_use: InUse, gateways: Sequence[str], said: Mapping[tuple[str, str, str, int], str]
) -> list[tuple[str, str]]:
    """What each public gateway says of the newest words; `missing`: they were never handed in."""
    version, _ = in_use.of(code, SMS, like.lang)
    return [(channel, said.get((channel, code, like.lang, version), "missing")) for channel in gateways]
