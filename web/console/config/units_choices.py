"""What may be chosen in forms about the organisation: units, kinds of unit, areas, categories, people; code and name each."""

from typing import Final

from services.catalogue.known import AREA_KINDS
from web.views import Words

Option = tuple[str, str]
_NEVER: Final = "DISTRICT"


def unit_options(words: Words, *, areas: bool = False) -> list[Option]:
    """Units at work in the order of the tree; `areas`: only those in whose area a case may lie."""
    known = words.known
    paths = {unit: [known.units[i].code for i in reversed(known.line(unit))] for unit in known.units}
    found = [u for u in known.units.values() if not u.retired and (not areas or u.kind in AREA_KINDS)]
    return [(u.code, str(words.unit(u.id)[1])) for u in sorted(found, key=lambda u: paths[u.id])]


def kind_options(words: Words) -> list[Option]:
    """Kinds of unit that may handle something, by name; the district itself never does."""
    found = ((code, str(words.named(name))) for code, name in words.known.kind_names.items() if code != _NEVER)
    return sorted(found, key=lambda each: each[1])


def category_options(words: Words) -> list[Option]:
    """Categories by code."""
    return [(c.code, f"{c.code} {words.named(c.name)}") for c in sorted(words.known.categories.values(), key=lambda c: c.code)]


def people_options(words: Words, units: frozenset[int] | None = None) -> list[Option]:
    """Present staff by unit and user name: post and user name; of these units only, if any are named."""
    known = words.known
    people = [p for p in known.people.values() if p.left_at is None and (units is None or p.unit_id in units)]
    return [(p.name, f"{words.named(p.title)} {p.name}") for p in sorted(people, key=lambda p: (p.unit_id, p.name))]


def code_name(code: str | None, words: Words) -> str:
    """A unit, a kind of unit or a category by its name; a category with its code; what is not known as it is written."""
    known, code = words.known, code or ""
    if code in known.unit_ids:
        return str(words.unit(known.unit_ids[code])[1])
    if code in known.categories:
        return f"{code} {words.named(known.categories[code].name)}"
    return str(words.named(known.kind_names.get(code)) or code)
