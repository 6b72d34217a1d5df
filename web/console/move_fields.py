"""The form of a move: what it needs, and what may be handed in with it, each as a field; one table for every move of a case."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rules.facts import Actor, Level, RequestKind, Thing
from rules.reasons import REASONS
from services.catalogue import Catalogue
from services.catalogue.codes import URGENCIES
from services.choices import Choice
from services.milestones import stage_name
from services.moves import Draft
from services.moves.rating import STAFF_CHANNELS
from services.moves.supervising import FORMS, RANKS
from web.access.visitor import Sent
from web.views import Words
from web.words import translated

Option = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Around:
    """What options are drawn from."""

    choice: Choice
    draft: Draft
    actor: Actor
    words: Words

    @property
    def known(self) -> Catalogue:
        """The reference data."""
        return self.draft.catalogue


@dataclass(frozen=True, slots=True)
class Kind:
    """How something is handed in.

    Attributes:
        kind: Kind of input, as templates/console/_field.html draws it.
        label: In Chinese, as in the catalogues of pages.
        options: What may be chosen.
    """

    kind: str
    label: str
    hint: str = ""
    options: Callable[[Around], list[Option]] | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form, in the language of the page."""

    name: str
    kind: str
    label: str
    hint: str
    required: bool
    options: Sequence[Option]
    value: Any


def _units(a: Around) -> list[Option]:
    present = [unit for unit in a.known.units.values() if not unit.retired]
    paths = {unit.id: [a.known.units[i].code for i in reversed(a.known.line(unit.id))] for unit in present}
    return [(unit.code, a.words.unit(unit.id)[1] or unit.code) for unit in sorted(present, key=lambda u: paths[u.id])]


def _sections(a: Around) -> list[Option]:
    own = a.draft.orders[a.choice.no or 0]["unit_id"]
    below = (u for u in a.known.units.values() if u.id != own and own in a.known.line(u.id) and not u.retired)
    return [(unit.code, a.words.unit(unit.id)[1] or unit.code) for unit in below]


def _people(a: Around) -> list[Option]:
    """Of a work order those of its unit, of a case everybody."""
    top = a.draft.orders[a.choice.no]["unit_id"] if a.choice.thing is Thing.ORDER and a.choice.no else a.known.district_id
    mine = (p for p in a.known.people.values() if p.left_at is None and top in a.known.line(p.unit_id))
    return [(p.name, a.words.named(p.title) or p.name) for p in sorted(mine, key=lambda p: (p.unit_id, p.name))]


def _categories(a: Around) -> list[Option]:
    return [(c.code, f"{c.code} {a.words.named(c.name)}") for c in sorted(a.known.offered.values(), key=lambda c: c.code)]


def _reasons(a: Around) -> list[Option]:
    kind = RequestKind(a.choice.action.removeprefix("ask_"))  # hold is ordered as it is asked for
    return [(code, a.words.word("reason", code)) for code in REASONS[kind]]


def _stages(a: Around) -> list[Option]:
    order = a.draft.facts(a.choice.no).order
    left = order.stages_left[:1] if order is not None else ()
    return [(code, a.words.named(stage_name(a.draft.case, a.known, code)) or code) for code in left]


def _ratings(a: Around) -> list[Option]:
    return [(str(e["no"]), str(e["no"])) for e in a.draft.evaluations]


def _words(section: str, codes: Iterable[str]) -> Callable[[Around], list[Option]]:
    return lambda a: [(code, a.words.word(section, code)) for code in codes]


def _said(**labels: str) -> Callable[[Around], list[Option]]:
    return lambda a: [(code, translated(label, a.words.lang)) for code, label in labels.items()]


def _channels(a: Around) -> list[Option]:
    """Of a diversion the channels that there are, of a rating how it came to us."""
    if a.choice.action == "divert":
        return [(code, a.words.named(name) or code) for code, name in a.known.diversions.items()]
    return _said(**dict(zip(STAFF_CHANNELS, ("电话", "纸质", "上门"), strict=True)))(a)


#: Everything that may be handed in with a move of a case.
FIELDS: Final[Mapping[str, Kind]] = {
    "reason": Kind("textarea", "理由"),
    "result": Kind("textarea", "结果"),
    "demand": Kind("textarea", "要求"),
    "words": Kind("textarea", "评价的话"),
    "category": Kind("select", "事项类别", options=_categories),
    "urgency": Kind("select", "紧急程度", "不选则按类别", _words("urgency", sorted(URGENCIES))),
    "lead": Kind("select", "主办单位", options=_units),
    "co": Kind("many", "协办单位", "可选多家", _units),
    "unit": Kind("select", "单位", options=_units),
    "section": Kind("select", "科室或站所", options=_sections),
    "person": Kind("select", "人员", options=_people),
    "level": Kind("select", "级别", options=_words("level", [level.value for level in Level])),
    "code": Kind("select", "原因", options=_reasons),
    "kind": Kind("select", "敏感件种类", options=lambda a: [(c, a.words.named(s.name) or c) for c, s in a.known.sensitive.items()]),
    "stage": Kind("select", "阶段", options=_stages),
    "into": Kind("text", "并入的案件编号", "例如 BH-20261120-0001"),
    "cases": Kind("lines", "一并督办的案件编号", "一行一件"),
    "amount": Kind("span", "延长多少"),
    "limit": Kind("span", "整改时限", "不填则按政策"),
    "due_at": Kind("moment", "外部时限"),
    "until": Kind("moment", "到什么时候"),
    "by": Kind("select", "谁定的时限", options=_said(upstream="上级交办", note="领导批示")),
    "form": Kind("select", "督办形式", options=_words("supervision", FORMS)),
    "rank": Kind("select", "督办等级", options=_words("supervision", RANKS)),
    "channel": Kind("select", "渠道", options=_channels),
    "rating": Kind("select", "第几条评价", "不选则为全部差评", _ratings),
    "solved": Kind("yesno", "解决了吗", options=_said(yes="解决了", no="没有解决")),
    "score": Kind("select", "满意度", "1到5分", lambda _: [(str(n), str(n)) for n in range(1, 6)]),
    "with_co": Kind("check", "协办单位一并延长"),
    "override": Kind("check", "职责清单之外仍要派（须写理由）"),
    "before": Kind("evidence", "整改前的情况"),
    "after": Kind("evidence", "整改后的情况"),
    "photos_before": Kind("files", "处理前的照片"),
    "photos_after": Kind("files", "处理后的照片"),
}
#: What may be left out although a need names it: something follows from the rest.
OPTIONAL: Final = frozenset({"co", "urgency", "score"})
#: What may be handed in besides what is needed, by action.
MORE: Final[Mapping[str, tuple[str, ...]]] = {
    "dispatch": ("override", "reason"),
    "reassign": ("override",),
    "add_co": ("override",),
    "divert": ("channel",),
    "grant": ("amount", "with_co", "reason"),
    "approve_hold": ("until", "reason"),
    "confirm_end": ("reason",),
    "ask_return": ("unit",),
    "ask_hold": ("until",),
    "hold": ("code", "until"),
    "prolong_hold": ("amount",),
    "supervise": ("form", "rank", "limit", "cases", "before"),
    "sign": ("rank", "demand"),
    "rate": ("words", "channel"),
    "close": ("reason",),
    "contact": ("reason",),
    "control": ("reason",),
    "resume": ("reason",),
    "report_up": ("reason",),
    "skip_levels": ("reason",),
    "place": ("reason",),
    "uphold_appeal": ("rating",),
    "appeal": ("rating",),
    "finish": ("photos_before", "photos_after"),
    "self_handle": ("category", "urgency", "photos_before", "photos_after"),
}
PHOTOS: Final[Mapping[str, str]] = {"photos_before": "before", "photos_after": "after"}  #: field → stage of the files
_SPANS: Final = ("wd", "wh", "h", "m")


def names_of(choice: Choice) -> tuple[str, ...]:
    """What the form of a move asks for, in order."""
    return tuple(dict.fromkeys((*choice.needs, *MORE.get(choice.action, ()))))


def fields_of(around: Around, typed: Mapping[str, Any]) -> list[Field]:
    """The fields of a move's form, with what was typed."""
    lang = around.words.lang
    found = []
    for name in names_of(around.choice):
        kind = FIELDS[name]
        required = name in around.choice.needs and name not in OPTIONAL
        options = kind.options(around) if kind.options is not None else []
        label, hint = translated(kind.label, lang), translated(kind.hint, lang) if kind.hint else ""
        found.append(Field(name, kind.kind, label, hint, required, options, typed.get(name)))
    return found


def spans(lang: str) -> list[Option]:
    """Units of a length of time."""
    return list(zip(_SPANS, (translated(word, lang) for word in ("个工作日", "个工作时", "小时", "分钟")), strict=True))


# what was typed -------------------------------------------------------------------------------------------------------


def typed_in(form: Sent, choice: Choice) -> dict[str, Any]:
    """What was typed into the fields of a move, as the door's arguments are typed; files stay aside."""
    values = {name: _READ.get(FIELDS[name].kind, _text)(form, name) for name in names_of(choice) if FIELDS[name].kind != "files"}
    return {name: value for name, value in values.items() if value not in (None, ())}


def _text(form: Sent, name: str) -> str | None:
    return form.fields.get(name, "").strip() or None


def _number(form: Sent, name: str) -> int | str | None:
    text = _text(form, name)
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 4 else text


def _select(form: Sent, name: str) -> int | str | None:
    return _number(form, name) if name in ("score", "rating") else _text(form, name)


def _span(form: Sent, name: str) -> str | None:
    text, unit = _text(form, name), form.fields.get(f"{name}_unit", "")
    return f"{text}{unit if text.isdigit() and unit in _SPANS else ''}" if text is not None else None


_READ: Final[Mapping[str, Callable[[Sent, str], Any]]] = {
    "select": _select,
    "many": lambda form, name: tuple(v for v in form.many.get(name, ()) if v),
    "lines": lambda form, name: tuple(line.strip() for line in form.fields.get(name, "").splitlines() if line.strip()),
    "yesno": lambda form, name: {"yes": True, "no": False}.get(form.fields.get(name, "")),
    "check": lambda form, name: True if name in form.fields else None,
    "span": _span,
    "evidence": lambda form, name: tuple(filter(None, [_text(form, name)])),
}
