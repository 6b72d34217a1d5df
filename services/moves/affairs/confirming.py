"""After the sides of a dispute have agreed: visits and the court; and what police and grid do together, with two signatures."""

from collections.abc import Mapping
from typing import Final, cast

from rules.facts import Refused, Thing
from rules.handling.agreeing import Phase
from rules.handling.disputes import COURT_DAYS, JointState
from services.moves.act import Act, Effect
from services.moves.affairs.agreeing import clear
from services.moves.affairs.base import add_part, affair_of, legible_words, move_on, part_of, tell_unit
from services.moves.affairs.fulfilling import after_part, complete
from services.moves.affairs.given import numbers_of
from services.moves.affairs.voices import tell_all
from services.moves.affairs.watching import spare
from services.moves.draft import Draft


def _visit(draft: Draft, act: Act) -> None:
    """A follow-up visit: `kept`, `result`."""
    result = legible_words(act, "result")
    part = part_of(draft, act)
    part.update(done_at=act.now, done_by=act.actor.name, words=result, data={**part["data"], "kept": act.args["kept"]})


def _after_visit(draft: Draft, act: Act) -> None:
    """What was not kept is off, and they talk again; else it is looked whether anything is waited for."""
    seq = draft.parts[cast(int, act.no)]["seq"]
    if act.args["kept"]:
        complete(draft, seq, act.now)
    elif draft.affairs[seq]["state"] == Phase.AGREED:
        clear(draft, seq, act.now)
        spare(draft, seq, act.now)
        move_on(draft, act.now, Thing.DISPUTE, seq, "talks_reopened")


def _tell_visited(draft: Draft, act: Act) -> None:
    """Everybody, and whoever brings the sides together, hears that it was not kept."""
    if not act.args["kept"]:
        row = draft.affairs[draft.parts[cast(int, act.no)]["seq"]]
        tell_all(draft, act.now, row, "dispute_resumed")
        tell_unit(draft, "affair_told", act.now, row["unit_id"], row, news="dispute_resumed")


def _ask_court(draft: Draft, act: Act) -> None:
    part = part_of(draft, act)
    part["data"] = {**part["data"], "asked_at": act.now.isoformat(), "sides": numbers_of(act, "sides")}
    part["limits"] = {**part["limits"], "solve": f"{COURT_DAYS * 24}h"}


def _decided(draft: Draft, act: Act) -> None:
    """What the court, or the sides themselves, have said: `reference`, or `reason`."""
    words = legible_words(act, "reference" if act.text("reference") else "reason")
    part_of(draft, act).update(done_at=act.now, done_by=act.actor.name, words=words)


def _lapse(draft: Draft, act: Act) -> None:
    part_of(draft, act).update(done_at=act.now, done_by=act.actor.name)


# police and grid on one record ----------------------------------------------------------------------------------------


def _act_jointly(draft: Draft, act: Act) -> None:
    """Write down what police and grid have done together: `way`, `words`, `unit` (who has to sign as well).

    Raises:
        Refused: `signs_own_record`, `unknown_unit`, `joint_needs_police`.
    """
    other = cast(int, act.args.get("unit") or 0)
    draft.catalogue.check_present(other)
    if other in act.actor.body:
        raise Refused("signs_own_record")
    units = draft.catalogue.units
    if not any(units[unit].kind == "POLICE" for unit in (other, act.actor.unit_id) if unit is not None):
        raise Refused("joint_needs_police")
    words = legible_words(act, "words")
    data = {"by": act.actor.name, "by_unit": act.actor.unit_id, "at": act.now.isoformat()}
    row = affair_of(draft, act)
    add_part(draft, act, row["seq"], Thing.JOINT, JointState.ONE_SIDED, role=act.text("way"), unit_id=other, words=words, data=data)


def _countersign(draft: Draft, act: Act) -> None:
    """The other side has looked: it was so, or it was not, and why."""
    words = legible_words(act, "reason")
    part = part_of(draft, act)
    part.update(done_at=act.now, done_by=act.actor.name, data={**part["data"], **({"contested": words} if words else {})})


def _tell_joint(draft: Draft, act: Act) -> None:
    part = draft.parts[max(draft.new_parts)]
    tell_unit(draft, "affair_asked", act.now, part["unit_id"], draft.affairs[part["seq"]], part, news="joint_to_check")


def _tell_court(news: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        row = draft.affairs[draft.parts[cast(int, act.no)]["seq"]]
        tell_all(draft, act.now, row, news)
        tell_unit(draft, "affair_news", act.now, row["unit_id"], row, news=news)

    return effect


Key = tuple[Thing, str]
_DECIDED: Final = ("confirm_court", "reject_court", "waive_court")
_LOOKED: Final = ("check_joint", "contest_joint")
EFFECTS: Final[Mapping[Key, Effect]] = {
    (Thing.SITTING, "visit"): _visit,
    (Thing.JUDICIAL, "ask_court"): _ask_court,
    **{(Thing.JUDICIAL, action): _decided for action in _DECIDED},
    (Thing.JUDICIAL, "lapse_window"): _lapse,
    (Thing.DISPUTE, "act_jointly"): _act_jointly,
    **{(Thing.JOINT, action): _countersign for action in _LOOKED},
}
FOLLOWS: Final[Mapping[Key, Effect]] = {
    (Thing.SITTING, "visit"): _after_visit,
    **{(Thing.JUDICIAL, action): after_part for action in (*_DECIDED, "lapse_window")},
    **{(Thing.JOINT, action): after_part for action in _LOOKED},
}
TOLD: Final[Mapping[Key, Effect]] = {
    (Thing.SITTING, "visit"): _tell_visited,
    (Thing.DISPUTE, "act_jointly"): _tell_joint,
    (Thing.JUDICIAL, "confirm_court"): _tell_court("court_confirmed"),
    (Thing.JUDICIAL, "reject_court"): _tell_court("court_rejected"),
    (Thing.JUDICIAL, "lapse_window"): _tell_court("court_not_asked"),
}
