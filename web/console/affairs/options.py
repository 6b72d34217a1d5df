"""What may be chosen in the forms of affairs: units, people, those who take part, papers, lines of an order, words of ours."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rules.facts import Actor, Thing
from rules.handling.claims import taken_of
from rules.handling.disputes import JOINT_WAYS
from rules.handling.polls import SOURCES
from rules.handling.whistle import WAYS
from seeds import read
from services.affairs.naming import word
from services.affairs.offering import Offer
from services.moves import Draft
from services.moves.affairs.deliberation import forms
from services.moves.affairs.disputes import kinds
from services.moves.affairs.elsewhere import bodies
from services.moves.affairs.standing import matter_kinds
from services.privacy.masking import masked
from web.console.affairs.words import choice_name, name_of
from web.console.move_fields import Option
from web.console.shown import capital
from web.views import Words
from web.words import translated

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """What options are drawn from.

    Attributes:
        offer: The move; None: something is opened.
        row: The affair; empty where one is opened.
        part: The part that the move is of.
        items: Errands that can be begun, and checklists of inspections, by what they are called in forms.
    """

    words: Words
    actor: Actor
    offer: Offer | None = None
    draft: Draft | None = None
    row: Row = field(default_factory=dict)
    part: Row | None = None
    items: Mapping[str, list[Option]] = field(default_factory=dict)

    def parts(self, thing: Thing) -> list[Row]:
        """Parts of one kind."""
        return list(self.draft.parts_of(self.row["seq"], thing)) if self.draft is not None else []


def units(a: Scene) -> list[Option]:
    """Every unit that there is, those of one place together."""
    known = a.words.known
    present = [unit for unit in known.units.values() if not unit.retired]
    paths = {unit.id: [known.units[i].code for i in reversed(known.line(unit.id))] for unit in present}
    return [(unit.code, a.words.unit(unit.id)[1] or unit.code) for unit in sorted(present, key=lambda u: paths[u.id])]


def others(a: Scene) -> list[Option]:
    """Every unit but the actor's own."""
    own = {a.words.known.units[i].code for i in a.actor.body}
    return [each for each in units(a) if each[0] not in own]


def areas(a: Scene) -> list[Option]:
    """Places that are a part of the district."""
    return [each for each in units(a) if each[0] in a.words.known.areas]


def staff(a: Scene) -> list[Option]:
    """Everybody of the staff, by post."""
    found = (p for p in a.words.known.people.values() if p.left_at is None)
    return [(p.name, a.words.named(p.title) or p.name) for p in sorted(found, key=lambda p: (p.unit_id, p.name))]


def agents(a: Scene) -> list[Option]:
    """Whoever works in the unit whose errand it is, or below it; where one is begun, in the actor's own."""
    top = a.row.get("unit_id") or (a.actor.body[-1] if a.actor.body else None)
    known = a.words.known
    if top is not None and known.units[top].kind == "GRID":
        top = next((u for u in a.actor.unit_line if known.units[u].kind == "COMMUNITY"), top)
    mine = (p for p in known.people.values() if p.left_at is None and (top is None or top in known.line(p.unit_id)))
    return [(p.name, a.words.named(p.title) or p.name) for p in sorted(mine, key=lambda p: (p.unit_id, p.name))]


def voices(a: Scene) -> list[Option]:
    """Those who take part, by number."""
    return [(str(v["no"]), masked(name_of(v, a.words))) for v in a.parts(Thing.VOICE)]


def sides(a: Scene) -> list[Option]:
    """The sides of a dispute, by number."""
    return [(str(v["no"]), masked(name_of(v, a.words))) for v in a.parts(Thing.VOICE) if v["data"].get("side")]


def debtors(a: Scene) -> list[Option]:
    """Who may take something on: those who take part, then units."""
    return [*((f"voice:{no}", name) for no, name in voices(a)), *((f"unit:{code}", name) for code, name in units(a))]


def papers(*, there: bool = False) -> Callable[[Scene], list[Option]]:
    """The papers of an errand; those that are not there yet, or all."""

    def found(a: Scene) -> list[Option]:
        listed = a.row["data"].get("materials") or ()
        return [(m["code"], str(m[a.words.lang])) for m in listed if there or not m["there"]]

    return found


def wants(a: Scene) -> list[Option]:
    """Lines of an order of which something is free, with how much."""
    facts = a.draft.affair_facts(a.row["seq"]) if a.draft is not None else None
    found = []
    for want in a.parts(Thing.WANT):
        free = int(want["quantity"]) - (taken_of(facts, want["no"]) if facts is not None else 0)
        if free > 0:
            left = translated("还缺%(n)s", a.words.lang, n=f"{free}{want['measure']}")
            found.append((str(want["no"]), f"{want['title']} · {left}"))
    return found


def ballot(a: Scene) -> list[Option]:
    """What is voted on, or may be answered."""
    choices = [str(each) for each in a.row["data"].get("options") or ()]
    if a.row["thing"] == Thing.MEETING:
        choices.append("abstain")
    return [(each, choice_name(each, a.words)) for each in choices]


def items_of(section: str, code: str) -> Callable[[Scene], list[Option]]:
    """Items of a checklist, kept with the affair."""
    return lambda a: [(each["code"], str(each[a.words.lang])) for each in a.row["data"].get(section) or () if each.get(code)]


def listed(name: str) -> Callable[[Scene], list[Option]]:
    """Options that were read along with the scene."""
    return lambda a: list(a.items.get(name, ()))


def ours(section: str, codes: Iterable[str]) -> Callable[[Scene], list[Option]]:
    """Codes of ours in words."""
    kept = tuple(codes)
    return lambda a: [(code, capital(word(section, code, a.words.lang))) for code in kept]


def seeded(named: Callable[[], Mapping[str, Mapping[str, Any]]]) -> Callable[[Scene], list[Option]]:
    """What the seeds name in both languages."""
    return lambda a: [(code, str(each[a.words.lang])) for code, each in named().items()]


def said(**labels: str) -> Callable[[Scene], list[Option]]:
    """Options in words of the pages."""
    return lambda a: [(code.strip("_"), translated(label, a.words.lang)) for code, label in labels.items()]


def rules(a: Scene) -> list[Option]:
    """How a meeting may vote."""
    return [(rule["code"], str(rule[a.words.lang])) for rule in read("deliberation.toml")["vote_rule"]]


def weekdays(a: Scene) -> list[Option]:
    """0 is Monday."""
    return [(str(n), day) for n, day in enumerate(translated("周一 周二 周三 周四 周五 周六 周日", a.words.lang).split())]


def scores(_: Scene) -> list[Option]:
    """One to five."""
    return [(str(n), str(n)) for n in range(5, 0, -1)]


WHISTLE_WAYS: Final = ours("way", WAYS)
TOGETHER: Final = ours("joint_way", JOINT_WAYS)
MONEY: Final = ours("fund_source", SOURCES)
BODIES: Final = seeded(bodies)
DISPUTES: Final = seeded(kinds)
MATTERS: Final = seeded(matter_kinds)
MEETINGS: Final = seeded(forms)
