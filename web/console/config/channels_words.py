"""What is said of channels on a page: fields by their labels, what was found in words of the form, refusals without commands."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from notifications.outcome import Finding
from rules.facts import Refused
from services.channels.forms import Described
from services.channels.kinds import Field, Kind, Part
from web.errors import refusal_in_words
from web.words import translated
from wording import say, sentences

_OWN: Final = {
    "channel_taken": "通道“%(channel)s”已经有了；要换掉它，请在列表里点它的“更换”。",
    "unknown_channel": "没有通道“%(channel)s”，请从列表里选。",
    "channel_is_paused": "通道“%(channel)s”停用着，请先启用再试。",
    "channel_unusable": "这样用不了，没有保存。请改下面说的几项。",
    "template_unapproved": "通道“%(channel)s”是公共短信网关，测试用语还没有审核通过：请先报备，再到“消息用语”里登记审核结果。",
}
#: What is found in words of the command line has words of the form under this section.
_FORM: Final = "channel_form"
_FIELD_VALUES: Final = ("part", "option")


def said(refusal: Refused, lang: str) -> str:
    """A refusal in the words of a page."""
    own = _OWN.get(refusal.code)
    return translated(own, lang, **refusal.details) if own is not None else refusal_in_words(refusal, lang)


def label(kind: Kind, name: str, lang: str) -> str:
    """What a field is called on the form of a kind of channel."""
    known = sentences(lang)["channel_field"]
    return str(known.get(f"{kind.scheme}_{name}") or known.get(name, name))


def found(finding: Finding, kind: Kind, lang: str) -> str:
    """What was found about a channel, in words that speak of the form's fields."""
    code = finding.key.partition(".")[2]
    values = {name: label(kind, value, lang) if name in _FIELD_VALUES else value for name, value in finding.values.items()}
    return say(f"{_FORM}.{code}" if code in sentences(lang)[_FORM] else finding.key, lang, **values)


def findings_shown(findings: Sequence[Finding], kind: Kind, lang: str) -> list[dict[str, Any]]:
    """What was found, each once."""
    shown = {found(each, kind, lang): each.ok for each in findings}
    return [{"ok": ok, "text": text} for text, ok in shown.items()]


def fields_shown(kind: Kind, present: Described | None, typed: Mapping[str, str] | None, lang: str) -> list[dict[str, Any]]:
    """The fields of a form with what stands in them: what was typed, else what is on record, else what is proposed; no secrets."""
    same = present if present is not None and present.kind == kind else None
    return [_field(each, kind, same, typed, lang) for each in kind.fields]


def _field(each: Field, kind: Kind, same: Described | None, typed: Mapping[str, str] | None, lang: str) -> dict[str, Any]:
    kept = same is not None and each.name in same.kept
    there = typed.get(each.name, "") if typed is not None else same.shown.get(each.name, "") if same is not None else each.otherwise
    if each.choices and not there:
        there = each.otherwise
    hints = sentences(lang)["channel_hint"]
    hint = next((name for name in (f"{kind.scheme}_{each.name}", each.name) if name in hints), None)
    return {
        "name": each.name,
        "label": label(kind, each.name, lang),
        "hint": say(f"channel_hint.{hint}", lang) if hint else "",
        "value": "" if each.secret else there,
        "kept": kept,
        "needed": each.needed and not kept,
        "hidden": each.part in (Part.PASSWORD, Part.WHOLE) or (each.secret and each.part is Part.OPTION),
        "choices": [(choice, _choice(each.name, choice, lang)) for choice in each.choices],
        "open": not each.otherwise,
        "rare": each.rare,
    }


def _choice(name: str, choice: str, lang: str) -> str:
    known = sentences(lang)["channel_choice"]
    return str(known.get(f"{name}_{choice}") or known[choice])
