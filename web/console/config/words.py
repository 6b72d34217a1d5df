"""Refusals of the pages of configuration: sentences that speak of commands have words of their own on a page."""

from typing import Final

from rules.facts import Refused
from web.errors import refusal_in_words
from web.words import translated

_OWN: Final = {
    "draft_outdated": "起草之后已有别的版本发布，照样发布会改回那一版改过的内容。请从现行版本重新起草；确认无误的，勾选“照样发布”。",
    "no_such_line": "这一行已经不在这一版里了。",
    "policy_not_a_draft": "这一版已不是草稿，不能再改；请另起草一个版本。",
    "confirm_what": "没有勾选要确认的行。请先勾选，或点“全部确认”。",
    "unknown_policy": "没有这个版本，请从上面的版本里选。",
    "unknown_treatment": "请选在办案件怎么办。",
    "nothing_chosen": "没有选文件。请先选一个文件。",
    "notice_incomplete": "通知没有写全这些节日的放假日子：%(holidays)s。请补全；确实如此的，看过影响后确认录入。",
    "calendar_shortens": "有%(count)s个时限会提前到期，还没有写入。请看下面的清单，确认后再录入，有关单位会收到通知。",
    "calendar_delays": "有%(count)s个时限会推后超过60天，还没有写入。请看下面的清单，确认无误后再录入。",
    "unknown_calendar": "没有这本日历，请从列表里选。",
    "day_reason_missing": "请写明原因，例如台风停工。",
    "layer_is_national": "这本日历不是全国的，请选地方、停工或单位。",
    "notice_of_other_year": "通知里没有%(year)s年的日子（有%(years)s），请核对公布的是哪一年。",
    "unknown_unit": "没有这个单位，请从列表里选。",
}


def said(refusal: Refused, lang: str) -> str:
    """A refusal in the words of a page."""
    own = _OWN.get(refusal.code)
    return translated(own, lang, **refusal.details) if own is not None else refusal_in_words(refusal, lang)
