"""What people type for a move, as the door wants it: ids for codes and numbers, a level for its name; for command line and pages."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from rules.facts import Level, Refused
from rules.routing import holder_at
from services.duty import moment_of
from services.moves import Draft
from services.reading import case_id_of, unit_id_of


def looked_up(session: Session, action: str, typed: Mapping[str, Any], draft: Draft) -> dict[str, Any]:
    """Everything that was handed in, looked up, and what follows from it: a level's holder, a category's own urgency.

    Args:
        session: The unit of work; nothing is changed.
        action: As in `rules.lifecycle.MOVES`.
        typed: What was typed, by name; None where nothing was.
        draft: The case.

    Raises:
        Refused: `unknown_unit`, `unknown_case`, `unknown_category`, `unknown_user`, `unknown_level`, `no_unit_at_level`,
            `unknown_stage`, `no_stages_left`, `bad_local_moment`.
    """
    args = {name: value for name, value in typed.items() if value is not None}
    for name in args.keys() & _LOOK_UP:
        args[name] = _LOOK_UP[name](session, draft, args[name])
    if action == "place" and "level" in args:
        args["holder"] = _holder(args["level"], draft)
    if action == "reach" and "stage" in args:
        _known_stage(args["stage"], draft)
    if action in ("file", "refile", "self_handle") and "category" in args:
        args = {"urgency": _own_urgency(args["category"], draft)} | args
    return args


def _unit(_: Session, draft: Draft, code: str) -> int:
    return unit_id_of(draft.catalogue, code)


def _case(session: Session, _: Draft, no: str) -> int:
    return case_id_of(session, no)


def _person(_: Session, draft: Draft, name: str) -> int:
    person = draft.catalogue.people.get(name)
    if person is None:
        raise Refused("unknown_user", user=name)
    return person.id


def _level(_: Session, __: Draft, text: str) -> Level:
    if text not in list(Level):
        raise Refused("unknown_level", given=text, known=", ".join(Level))
    return Level(text)


def _each(of: Callable[[Session, Draft, str], object]) -> Callable[[Session, Draft, Any], object]:
    return lambda session, draft, values: tuple(of(session, draft, value) for value in values)


def _moment(_: Session, draft: Draft, text: str) -> str:
    try:
        return moment_of(text, draft.catalogue.zone).isoformat()
    except ValueError:
        raise Refused("bad_local_moment", given=text) from None


_LOOK_UP: Final[Mapping[str, Callable[[Session, Draft, Any], object]]] = {
    "lead": _unit,
    "section": _unit,
    "unit": _unit,
    "person": _person,
    "co": _each(_unit),
    "into": _case,
    "cases": _each(_case),
    "level": _level,
    "due_at": _moment,
    "until": _moment,
    "before": _each(lambda _, __, note: note),
    "after": _each(lambda _, __, note: note),
}


def _known_stage(code: str, draft: Draft) -> None:
    """See to it that the case has this milestone; which is next only the door decides."""
    lead = draft.lead()
    if lead is None:
        return
    left = next(order.stages_left for order in draft.order_facts() if order.no == lead["no"])
    if code not in (*left, *lead["stages"]):
        raise Refused("unknown_stage" if left else "no_stages_left", given=code, next=left[0] if left else None)


def _own_urgency(category: str, draft: Draft) -> str:
    found = draft.catalogue.categories.get(category)
    if found is None:
        raise Refused("unknown_category", category=category)
    return found.urgency


def _holder(level: Level, draft: Draft) -> int:
    holder = holder_at(level, draft.area_line, draft.catalogue.units)
    if holder is None:
        raise Refused("no_unit_at_level", level=level.value)
    return holder
