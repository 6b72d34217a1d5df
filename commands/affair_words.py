"""Words for what belongs to affairs: kinds, states, varieties and roles have sections of their own, or names in the seeds."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from commands.screen import word
from rules.facts import Thing
from rules.handling import AFFAIRS, PARTS
from wording import language, say

if TYPE_CHECKING:
    from services.catalogue import Catalogue

_SECTIONS: Final[Mapping[str, str]] = {**dict.fromkeys(AFFAIRS, "affair"), **dict.fromkeys(PARTS, "affair_part")}


def thing_word(thing: str) -> str:
    """What a thing of the table of moves is called: a case, a work order, a kind of affair or of its parts."""
    return word(_SECTIONS.get(thing, "thing"), thing)


def state_word(thing: str, state: str) -> str:
    """A state of a thing in words."""
    return word(f"{thing}_state" if thing in _SECTIONS else "state", state)


def action_word(thing: str, action: str) -> str:
    """A move of an affair or its parts in words: as its kind of affair says it, else as everything else does."""
    found = word(f"{thing}_action", action)
    return word("action", action) if found == action else found


def affair_name(no: str, part: int | None = None) -> str:
    """An affair by its number, or a part of it."""
    return no if part is None else say("beside.part", no=no, part=part)


def form_word(thing: str, form: str, known: "Catalogue") -> str:
    """The variety of an affair: a bench meeting, a wish, a dispute between neighbours; the code where nobody has named it."""
    if thing == Thing.TOPIC:
        category = known.categories.get(form)
        return form if category is None else str(getattr(category.name, language()))
    return _named(_FORMS[thing](), form) if thing in _FORMS else word("affair_form", form)


def role_word(thing: str, role: str) -> str:
    """What somebody or something is in an affair: a tenant, the police, a matter about facilities; free words stay as they are."""
    return _named(_ROLES[thing](), role) if thing in _ROLES else word(_ROLE_SECTIONS.get(thing, "part_role"), role)


def _named(named: Mapping[str, Any], code: str) -> str:
    return str(named[code][language()]) if code in named else word("part_role", code)


def _meetings() -> Mapping[str, Any]:
    from services.moves.affairs.deliberation import forms

    return forms()


def _disputes() -> Mapping[str, Any]:
    from services.moves.affairs.disputes import kinds

    return kinds()


def _campaigns() -> Mapping[str, Any]:
    from services.campaigns import templates

    return {code: {"zh": each.zh, "en": each.en} for code, each in templates().items()}


def _bodies() -> Mapping[str, Any]:
    from services.moves.affairs.elsewhere import bodies

    return bodies()


def _matters() -> Mapping[str, Any]:
    from services.moves.affairs.standing import matter_kinds

    return matter_kinds()


_Named = Callable[[], Mapping[str, Any]]
_FORMS: Final[Mapping[str, _Named]] = {Thing.MEETING: _meetings, Thing.DISPUTE: _disputes, Thing.CAMPAIGN: _campaigns}
_ROLES: Final[Mapping[str, _Named]] = {Thing.DIVERSION: _bodies, Thing.MATTER: _matters}
_ROLE_SECTIONS: Final[Mapping[str, str]] = {Thing.JOINT: "joint_way", Thing.FUND: "fund_source"}
