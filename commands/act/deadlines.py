"""Which deadlines result from a move: by when the work is due now, and whether a limit from outside changes anything."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from commands.screen import joined, local, name_of, word
from rules.clocks import ClockKind
from rules.facts import Thing
from services.milestones import stage_name
from wording import say

if TYPE_CHECKING:
    from services.moves import Draft, Row

_WORK: Final = (ClockKind.HANDLE, ClockKind.OVERALL)
#: The clocks that are told after a move, where they are open.
_TOLD: Final[Mapping[str, tuple[ClockKind, ...]]] = {
    "file": (ClockKind.DISPATCH, ClockKind.OVERALL),
    "refile": (ClockKind.DISPATCH, ClockKind.OVERALL),
    "dispatch": (ClockKind.ACKNOWLEDGE, *_WORK),
    "hold": (ClockKind.HOLD_REVIEW, ClockKind.HOLD_CAP),
    "resume": _WORK,
    "bind": _WORK,
    "ask_extension": (ClockKind.EXTEND, ClockKind.HANDLE),
    "grant": _WORK,
    "refuse": (ClockKind.HANDLE,),
    "reach": (ClockKind.STAGE, ClockKind.HANDLE),
}


def deadlines(draft: "Draft", action: str, thing: Thing, no: int | None) -> "list[Row]":
    """The open clocks that people ask about after this move: of the work order it was about, else of the lead's, and of the case.

    Of several milestones the next one only.
    """
    found: list[Row] = []
    order_no = _order_no(draft, thing, no)
    for kind in _TOLD.get(action, ()):
        own = [c for c in draft.clocks if c["kind"] == kind and c["order_no"] in (None, order_no) and c["stopped_at"] is None]
        found += sorted(own, key=lambda clock: clock["due_at"])[:1]
    return found


def _order_no(draft: "Draft", thing: Thing, no: int | None) -> int | None:
    if thing is Thing.ORDER:
        return no
    if thing is Thing.EXTENSION and no is not None:
        return int(draft.extensions[no]["order_no"])
    lead = draft.lead()
    return int(lead["no"]) if lead else None


def in_words(draft: "Draft", action: str, clocks: "list[Row]") -> Iterator[str]:
    """The deadlines in a sentence; after a limit from outside also that it changes nothing, where that is so."""
    if action == "bind" and _changes_nothing(draft, clocks):
        yield say("cli.bound_later", due=local(draft.case["outside_due_at"], draft.catalogue.zone))
    if clocks:
        yield say("cli.deadlines", due=joined(_told(draft, clock) for clock in clocks))


def _changes_nothing(draft: "Draft", clocks: "list[Row]") -> bool:
    """Whether every clock that it could bind runs and ends before it."""
    return bool(clocks) and all(c["running_since"] is not None and c["due_at"] < draft.case["outside_due_at"] for c in clocks)


def _told(draft: "Draft", clock: "Row") -> str:
    due = local(clock["due_at"], draft.catalogue.zone)
    provisional = say("cli.provisional_mark") if clock["provisional"] else ""
    paused = say("cli.paused_mark") if clock["running_since"] is None else ""
    return say("cli.deadline", None, clock=_named(draft, clock), due=due, marks=provisional + paused)


def _named(draft: "Draft", clock: "Row") -> str:
    """What a clock is called; a milestone by its own name."""
    if clock["stage"] is None:
        return word("clock", clock["kind"])
    return name_of(stage_name(draft.case, draft.catalogue, clock["stage"])) or str(clock["stage"])


def as_json(clocks: "list[Row]") -> list[dict[str, Any]]:
    """The deadlines as plain data; the keys are stable."""
    return [
        {
            "clock": clock["kind"],
            "order_no": clock["order_no"],
            "stage": clock["stage"],
            "due_at": clock["due_at"].isoformat(),
            "provisional": bool(clock["provisional"]),
            "paused": clock["running_since"] is None,
        }
        for clock in clocks
    ]
