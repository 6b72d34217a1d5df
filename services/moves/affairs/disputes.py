"""矛盾纠纷: what the moves of a dispute change, what follows, who is told. Its way to other bodies is in `diverting`."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, cast

from rules.facts import Refused, Thing
from rules.handling.disputes import DisputeState, DiversionState, SittingState
from rules.sensitive import Words, sensitive_kind
from seeds import read
from services.moves.act import Act, Effect, local
from services.moves.affairs import agreeing
from services.moves.affairs.base import (
    add_part,
    affair_of,
    legible_words,
    link_cases,
    open_affair,
    part_of,
    remark,
    tell_unit,
    when,
)
from services.moves.affairs.deliberation import MINUTES_WITHIN
from services.moves.affairs.elsewhere import body_of, check_not_at_law
from services.moves.affairs.given import rows_of
from services.moves.affairs.reach import check_reach
from services.moves.affairs.voices import add_voices, tell_all, units_of, voices_of
from services.moves.affairs.watching import spare, tell_origin
from services.moves.draft import Draft, Row
from services.moves.restricting import restrict_at_intake

PARTY, MEDIATOR = "party", "mediator"


@cache
def kinds() -> Mapping[str, Mapping[str, Any]]:
    """Kinds of disputes, by code (seeds/disputes.toml)."""
    return {kind["code"]: kind for kind in read("disputes.toml")["kind"]}


# opening --------------------------------------------------------------------------------------------------------------


def _open(draft: Draft, act: Act) -> None:
    """Put a dispute on record: `title`, `kind`, and where given `unit` (pushed to), `voices`, `source` (body), `pending`, `reference`.

    Raises:
        Refused: `unknown_kind`, `unknown_body`, `handled_elsewhere`, and what `add_voices` says.
    """
    kind = act.text("kind")
    if kind not in kinds():
        raise Refused("unknown_dispute", given=kind, known=", ".join(kinds()))
    _check_not_elsewhere(draft, act)
    unit = cast(int, act.args.get("unit") or act.actor.unit_id)
    draft.catalogue.check_present(unit)
    source = act.text("source")
    texts = {name: act.text(name) for name in ("title", "body", "place")}
    data = {"source": source or None, "judicial": act.args.get("judicial", True)}
    row = open_affair(draft, act, Thing.DISPUTE, DisputeState.RAISED, form=kind, unit_id=unit, data=data, **texts)
    add_voices(draft, act, row["seq"], _sided(act))
    if source:
        here = {"role": source, "unit_id": act.actor.unit_id, "data": {"way": "from", "reference": act.text("reference") or None}}
        body_of(source)
        add_part(draft, act, row["seq"], Thing.DIVERSION, DiversionState.HERE, **here)
    link_cases(draft, row["seq"], cast(tuple[int, ...], act.args.get("cases") or ()))
    remark(draft, act, row, "affair_opened")


def _check_not_elsewhere(draft: Draft, act: Act) -> None:
    """What a court, an arbitration or the petition office has before it is not handled here as well."""
    pending = act.text("pending")
    if pending and body_of(pending)["legal"]:
        raise Refused("handled_elsewhere", body=body_of(pending)["zh"])
    check_not_at_law(draft)


def _sided(act: Act) -> list[Mapping[str, Any]]:
    """Those who take part; whose role is that of a party is a side and has to sign."""
    return [{**voice, "side": voice.get("role") == PARTY} for voice in rows_of(act, "voices")]


def _restrict(draft: Draft, act: Act) -> None:
    """A sensitive kind, or words of title and text that give one away, close the case up to named readers; who opened it is one of them."""
    sensitive = kinds()[act.text("kind")].get("sensitive") or _given_away(draft, act)
    if sensitive is None or draft.case["sensitive"] is not None:
        return
    restrict_at_intake(draft, sensitive, act)
    if act.actor.user_id is not None and act.actor.user_id not in draft.case["readers"]:
        draft.change(readers=[*draft.case["readers"], act.actor.user_id])


def _given_away(draft: Draft, act: Act) -> str | None:
    """The kind of sensitive case that title and text speak of, by the same words as a report."""
    rules = (Words(code, kind.words, kind.needs, kind.excludes) for code, kind in draft.catalogue.sensitive.items())
    found = sensitive_kind(f"{act.text('title')}\n{act.text('body')}", rules)
    return None if found is None else found[0]


# in the mediation room ------------------------------------------------------------------------------------------------


def _take_up(draft: Draft, act: Act) -> None:
    """Take it up: where given `room`."""
    room = legible_words(act, "room")
    row = affair_of(draft, act)
    row.update(staff_id=act.actor.user_id, data={**row["data"], "room": room or None})


def _push(draft: Draft, act: Act) -> None:
    """Push it to another unit: `unit`, `reason`."""
    unit = cast(int, act.args["unit"])
    draft.catalogue.check_present(unit)
    affair_of(draft, act).update(unit_id=unit, staff_id=None)


def _name_mediators(draft: Draft, act: Act) -> None:
    """Name mediators: `voices`; nobody brings sides together of which he, or the unit that he works for, is one.

    Raises:
        Refused: `mediator_is_party`.
    """
    seq = cast(int, act.no)
    sides = [v for v in voices_of(draft, seq) if v["data"].get("side")]
    named = rows_of(act, "voices")
    if any(_same(draft, side, voice) for side in sides for voice in named):
        raise Refused("mediator_is_party")
    plain = [{**voice, "role": MEDIATOR, "side": False} for voice in named]
    add_voices(draft, act, seq, plain)
    affair_of(draft, act)


def _same(draft: Draft, side: Row, voice: Mapping[str, Any]) -> bool:
    """Whether a voice is that side: the person, the unit, or somebody who works for it."""
    if voice.get("resident") is not None and side["requester_id"] == voice["resident"]:
        return True
    return bool(units_of(draft, side["unit_id"], side["staff_id"]) & units_of(draft, voice.get("unit"), voice.get("staff")))


def _set_sitting(draft: Draft, act: Act) -> None:
    """Set a sitting: `at`, and where given `place`."""
    at = when(act, "at")
    if at is None or at <= act.now - MINUTES_WITHIN:
        raise Refused("meeting_in_past", at=act.text("at"))
    check_reach(act.now, at)
    check_not_at_law(draft, but=act.no)
    row = affair_of(draft, act)
    limits = {"meet": (at + MINUTES_WITHIN).isoformat()}
    data = {"at": at.isoformat(), "place": act.text("place")[:120] or (row["data"].get("room") or "")}
    add_part(draft, act, row["seq"], Thing.SITTING, SittingState.SET, role="sitting", limits=limits, data=data)


def _hold_sitting(draft: Draft, act: Act) -> None:
    minutes = legible_words(act, "minutes")
    part_of(draft, act).update(done_at=act.now, done_by=act.actor.name, words=minutes)


def _call_off(draft: Draft, act: Act) -> None:
    reason = legible_words(act, "reason")
    part_of(draft, act).update(words=reason)


def _over(draft: Draft, act: Act) -> None:
    """Nothing of it is waited for any more, and whoever sent it to us hears so."""
    spare(draft, cast(int, act.no), act.now)
    tell_origin(draft, cast(int, act.no), act.now)


def _agree(draft: Draft, act: Act) -> None:
    """What the sides have agreed on, as `agreeing.agree` takes it.

    Raises:
        Refused: `sides_missing`, `handled_elsewhere`, and what `agreeing.agree` says.
    """
    if sum(bool(v["data"].get("side")) for v in voices_of(draft, cast(int, act.no))) < 2:
        raise Refused("sides_missing")
    check_not_at_law(draft, but=act.no)
    agreeing.agree(draft, act)


def _spare_and_ask(draft: Draft, act: Act) -> None:
    """No further sitting is needed once there is an agreement; everybody who has to signs."""
    spare(draft, cast(int, act.no), act.now)
    agreeing.ask_signatures(draft, act)


def _resume(draft: Draft, act: Act) -> None:
    """It was not kept: what was agreed is off, and they talk again."""
    seq = cast(int, act.no)
    agreeing.clear(draft, seq, act.now)
    spare(draft, seq, act.now)


def _end(draft: Draft, act: Act) -> None:
    reason = legible_words(act, "reason")
    row = affair_of(draft, act)
    row["result"] = reason
    remark(draft, act, row)


# who is told ----------------------------------------------------------------------------------------------------------


def _tell_pushed(draft: Draft, act: Act) -> None:
    row = draft.affairs[act.no if act.no is not None else max(draft.new_affairs)]
    tell_unit(draft, "affair_asked", act.now, row["unit_id"], row, news="dispute_pushed")


def _tell_sitting(draft: Draft, act: Act) -> None:
    part = draft.parts[max(draft.new_parts)]
    row = draft.affairs[part["seq"]]
    at = local(draft, when(Act(act.actor, part["data"], act.now), "at") or act.now)[5:]
    tell_all(draft, act.now, row, "sitting_set", at=at)


def _tell_agreed(draft: Draft, act: Act) -> None:
    agreeing.tell_signing(draft, draft.affairs[cast(int, act.no)], act.now)


def _tell_ended(news: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        tell_all(draft, act.now, draft.affairs[cast(int, act.no)], news)

    return effect


Key = tuple[Thing, str]
EFFECTS: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "open_dispute"): _open,
    (Thing.DISPUTE, "take_up_dispute"): _take_up,
    (Thing.DISPUTE, "push_dispute"): _push,
    (Thing.DISPUTE, "name_mediators"): _name_mediators,
    (Thing.DISPUTE, "set_sitting"): _set_sitting,
    (Thing.DISPUTE, "agree"): _agree,
    **{(Thing.DISPUTE, action): _end for action in ("fail_dispute", "withdraw_dispute")},
    (Thing.SITTING, "hold_sitting"): _hold_sitting,
    (Thing.SITTING, "call_off"): _call_off,
}
FOLLOWS: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "open_dispute"): _restrict,
    (Thing.DISPUTE, "agree"): _spare_and_ask,
    (Thing.DISPUTE, "resume_talks"): _resume,
    **{(Thing.DISPUTE, action): _over for action in ("fail_dispute", "withdraw_dispute")},
}
TOLD: Final[Mapping[Key, Effect]] = {
    **dict.fromkeys(((Thing.CASE, "open_dispute"), (Thing.DISPUTE, "push_dispute")), _tell_pushed),
    (Thing.DISPUTE, "set_sitting"): _tell_sitting,
    (Thing.DISPUTE, "agree"): _tell_agreed,
    (Thing.DISPUTE, "fail_dispute"): _tell_ended("dispute_failed"),
    (Thing.DISPUTE, "resume_talks"): _tell_ended("dispute_resumed"),
}
