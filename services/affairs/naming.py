"""Words for what belongs to affairs, in one language: kinds, states, moves, varieties and roles."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rules.facts import Thing
from rules.handling import AFFAIRS, PARTS
from services.catalogue import Catalogue
from wording import sentences

_Named = Callable[[], Mapping[str, Any]]
_SECTIONS: Final[Mapping[str, str]] = {**dict.fromkeys(AFFAIRS, "affair"), **dict.fromkeys(PARTS, "affair_part")}
_ROLE_SECTIONS: Final[Mapping[str, str]] = {Thing.JOINT: "joint_way", Thing.FUND: "fund_source"}


def word(section: str, code: str | None, lang: str) -> str:
    """A code of ours in words; a code without a word, or a section that there is not, shows as it is."""
    return str(sentences(lang).get(section, {}).get(code, code or ""))


def thing_name(thing: str, lang: str) -> str:
    """What a thing of the table of moves is called: a case, a work order, a kind of affair or of its parts."""
    return word(_SECTIONS.get(thing, "thing"), thing, lang)


def state_name(thing: str, state: str, lang: str) -> str:
    """A state of a thing in words."""
    return word(f"{thing}_state" if thing in _SECTIONS else "state", state, lang)


def action_name(thing: str, action: str, lang: str) -> str:
    """A move of an affair or its parts in words: as its kind of affair says it, else as everything else does."""
    found = word(f"{thing}_action", action, lang)
    return word("action", action, lang) if found == action else found


def form_name(thing: str, form: str, known: Catalogue, lang: str) -> str:
    """The variety of an affair: a bench meeting, a wish, a dispute between neighbours; the code where nobody has named it."""
    if thing == Thing.TOPIC:
        category = known.categories.get(form)
        return form if category is None else str(getattr(category.name, lang))
    own = _FORMS[thing]() if thing in _FORMS else {}
    return str(own[form][lang]) if form in own else word("affair_form", form, lang)


def role_name(thing: str, role: str, lang: str) -> str:
    """What somebody or something is in an affair: a tenant, the police, a matter about facilities; free words stay as they are."""
    own = _ROLES[thing]() if thing in _ROLES else {}
    return str(own[role][lang]) if role in own else word(_ROLE_SECTIONS.get(thing, "part_role"), role, lang)


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


_FORMS: Final[Mapping[str, _Named]] = {Thing.MEETING: _meetings, Thing.DISPUTE: _disputes, Thing.CAMPAIGN: _campaigns}
_ROLES: Final[Mapping[str, _Named]] = {Thing.DIVERSION: _bodies, Thing.MATTER: _matters}
