"""Words for what belongs to affairs, in the language of this process; the words themselves are in services/affairs/naming.py."""

from typing import TYPE_CHECKING

from services.affairs import naming
from wording import language, say

if TYPE_CHECKING:
    from services.catalogue import Catalogue


def thing_word(thing: str) -> str:
    """What a thing of the table of moves is called: a case, a work order, a kind of affair or of its parts."""
    return naming.thing_name(thing, language())


def state_word(thing: str, state: str) -> str:
    """A state of a thing in words."""
    return naming.state_name(thing, state, language())


def action_word(thing: str, action: str) -> str:
    """A move of an affair or its parts in words: as its kind of affair says it, else as everything else does."""
    return naming.action_name(thing, action, language())


def affair_name(no: str, part: int | None = None) -> str:
    """An affair by its number, or a part of it."""
    return no if part is None else say("beside.part", no=no, part=part)


def form_word(thing: str, form: str, known: "Catalogue") -> str:
    """The variety of an affair: a bench meeting, a wish, a dispute between neighbours; the code where nobody has named it."""
    return naming.form_name(thing, form, known, language())


def role_word(thing: str, role: str) -> str:
    """What somebody or something is in an affair: a tenant, the police, a matter about facilities; free words stay as they are."""
    return naming.role_name(thing, role, language())
