"""Other ends: withdrawn by who reported it, voided or terminated by two people."""

from collections.abc import Mapping
from typing import Any, Final, cast

from notifications.notices import SMS
from rules.clocks import ClockKind
from rules.facts import RequestKind, RequestState, State, Thing
from rules.ladder import Post
from services.moves.act import Act, Effect
from services.moves.asking import ask, decide
from services.moves.draft import Draft
from services.moves.holding import lift
from services.moves.messages import queue_to, tell, until
from services.moves.sending import present, recall, tell_recalled
from services.recipients import Addressee


def _end(draft: Draft, act: Act) -> None:
    """Nobody works on it any more; clocks stop by themselves."""
    recall(draft, act, present(draft))
    lift(draft, act.now)
    draft.case.update(level=None, holder_unit_id=None)


def _withdraw(draft: Draft, act: Act) -> None:
    """Where others have reported it too, only this reporter leaves."""
    resident = act.actor.resident_id
    if draft.reporter_ids() != {resident}:
        _leave(draft, act, cast(int, resident))
    else:
        _end(draft, act)


def _leave(draft: Draft, act: Act, resident: int) -> None:
    for row in draft.co_reporters:
        if row["requester_id"] == resident and row["until"] is None:
            row["until"] = act.now
            draft.touched_reporters.append(row)
    if draft.case["requester_id"] == resident:
        draft.change(requester_id=None)


def _ask(kind: RequestKind) -> Effect:
    """Somebody asks for the end; who leads asks for his unit, so that nobody of that unit confirms it."""

    def effect(draft: Draft, act: Act) -> None:
        lead = draft.lead()
        own = lead["unit_id"] if lead is not None and lead["unit_id"] in act.actor.unit_line else None
        ask(draft, act, kind, unit_id=own)

    effect.__name__ = f"ask_{kind.value}"
    return effect


def _confirm(draft: Draft, act: Act) -> None:
    decide(draft, act, RequestState.GRANTED)


def _refuse(draft: Draft, act: Act) -> None:
    decide(draft, act, RequestState.REFUSED)


# who hears of it ------------------------------------------------------------------------------------------------------


def _tell_asked(draft: Draft, act: Act) -> None:
    """Those who may confirm it: what the centre's desk asks for, its head and the duty leader; what a unit asks for, the desk too."""
    lead, unit = draft.lead(), draft.requests[max(draft.new_requests)]["unit_id"]
    to = (Post("centre_head"), Post("duty")) if unit is None else (Post("centre_head"), Post("centre"))
    about: dict[str, Any] = until(draft, "confirm", None) | {"reason": act.text("reason")}
    shown = unit or (lead["unit_id"] if lead is not None else None)
    tell(draft, "end_asked", act.now, unit_id=draft.catalogue.desk_id, shown_unit_id=shown, to=to, **about)


def _tell_refused(draft: Draft, act: Act) -> None:
    """Whoever asked goes on."""
    unit = draft.requests[cast(int, act.no)]["unit_id"]
    to = () if unit is not None else (Post("centre"),)
    tell(draft, "end_refused", act.now, unit_id=unit or draft.catalogue.desk_id, to=to, reason=act.text("reason"))


def _tell_ended(code: str) -> Effect:
    """The reporters, the units that were at work, and the level that had to decide."""

    def told(draft: Draft, act: Act) -> None:
        reason = draft.requests[act.no]["reason"] if act.no is not None else act.text("reason")
        tell(draft, code, act.now, unit_id=draft.catalogue.desk_id, reason=reason)
        tell_recalled(draft, act, "case_ended", reason)
        for clock in draft.touched_clocks:
            if clock["kind"] == ClockKind.DECIDE and clock["stopped_at"] == act.now:
                tell(draft, "case_ended", act.now, unit_id=clock["unit_id"], reason=reason)

    return told


def _tell_withdrawn(draft: Draft, act: Act) -> None:
    """Who leaves a case that others have reported too hears it alone: nothing changes for the others."""
    if draft.state is State.WITHDRAWN:
        _tell_ended("withdrawn")(draft, act)
    else:
        queue_to(draft, "withdrawn", act.now, Addressee(None, SMS), act.actor.resident_id, {}, None)


EFFECTS: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "withdraw"): _withdraw,
    (Thing.CASE, "ask_void"): _ask(RequestKind.VOID),
    (Thing.CASE, "ask_terminate"): _ask(RequestKind.TERMINATE),
    (Thing.CASE, "void"): _end,
    (Thing.CASE, "terminate"): _end,
    (Thing.REQUEST, "confirm_end"): _confirm,
    (Thing.REQUEST, "refuse_end"): _refuse,
}
TOLD: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "withdraw"): _tell_withdrawn,
    (Thing.CASE, "ask_void"): _tell_asked,
    (Thing.CASE, "ask_terminate"): _tell_asked,
    (Thing.CASE, "void"): _tell_ended("voided"),
    (Thing.CASE, "terminate"): _tell_ended("terminated"),
    (Thing.REQUEST, "refuse_end"): _tell_refused,
}
