"""Who acts in a replay: the first of a unit's people whose work it is; of a sensitive case that is whom the door names as a reader."""

from typing import Final

from rules.facts import Actor
from services.catalogue import Catalogue
from services.moves import Draft

#: Who of a unit does the work, best first.
DOES: Final = ("clerk", "worker", "dispatcher", "duty_leader", "head")


def of_unit(known: Catalogue, unit_id: int | None, roles: tuple[str, ...] = DOES) -> Actor:
    """Somebody who works in a unit, always the same.

    Raises:
        LookupError: nobody of these roles works there.
    """
    people = known.staff(unit_id, roles)
    if not people:
        raise LookupError(f"nobody works in unit {unit_id}")
    return known.actor(people[0].name)


def centre(known: Catalogue) -> Actor:
    """A dispatcher of the district's 网格中心."""
    return of_unit(known, known.desk_id, ("dispatcher",))


def checker(draft: Draft) -> Actor:
    """Who looks at the result: of the unit expected to, or, where only named readers may, the centre, else the duty leader."""
    known, facts = draft.catalogue, draft.facts()
    asked = of_unit(known, draft.check_unit())
    if facts.sensitive is None:
        return asked
    readers = (asked, centre(known), of_unit(known, known.district_id))
    return next(a for a in readers if a.user_id in facts.readers and not facts.tried & set(a.unit_line))
