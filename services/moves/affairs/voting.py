"""Votes at a meeting: by which rule (seeds/deliberation.toml), and how they came out."""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from rules.facts import Refused, Thing
from rules.handling.agreeing import VoiceState
from rules.shares import Ballot, Bar, Count, Tally, VoteRule, count
from seeds import read
from services.moves.act import Act
from services.moves.affairs.base import affair_of, legible_words, part_of
from services.moves.draft import Draft, Row


@cache
def vote_rules() -> Mapping[str, VoteRule]:
    """How votes may be counted, by code."""
    return {
        rule["code"]: VoteRule(rule["code"], _bars(rule["quorum"]), _bars(rule["majority"]), rule["source"], rule.get("of_present", False))
        for rule in read("deliberation.toml")["vote_rule"]
    }


def default_options() -> list[str]:
    """What a meeting votes on where nobody says otherwise; the first one is for it."""
    return list(read("deliberation.toml")["defaults"]["options"])


def _bars(written: Mapping[str, str]) -> Mapping[str, Bar]:
    return {measure: Bar.parse(text) for measure, text in written.items()}


def tally_of(draft: Draft, row: Row) -> Tally | None:
    """How the votes of a meeting stand; None where it does not vote.

    Raises:
        Refused: `area_missing_of_voters`: the rule counts floor area, and of a voter nobody has said how much is his.
    """
    code = row["data"].get("rule")
    if code is None:
        return None
    rule = vote_rules()[code]
    voices = [v for v in draft.parts_of(row["seq"], Thing.VOICE) if may_vote(v)]
    ballots = [Ballot(v["data"].get("choice"), v["area_dm2"] or 0, _was_there(v)) for v in voices]
    heads = max(row["data"].get("heads") or 0, len(voices))
    area = max(row["data"].get("area_dm2") or 0, sum(v["area_dm2"] or 0 for v in voices))
    if "area" in rule.quorum and not all(v["area_dm2"] for v in voices):
        raise Refused("area_missing_of_voters")
    return count(rule, row["data"]["options"], ballots, Count(heads, area))


def may_vote(voice: Row) -> bool:
    """Whether a voice is one of those who decide: a resident, or whoever has a floor area; units and staff are guests otherwise."""
    return bool(voice["area_dm2"]) or (voice["unit_id"] is None and voice["staff_id"] is None)


def _was_there(voice: Row) -> bool:
    """As the minutes say; a signature given or refused afterwards changes nothing of it."""
    return bool(voice["data"].get("present", voice["state"] == VoiceState.PRESENT))


def kept(tally: Tally) -> dict[str, Any]:
    """A tally as it is kept with the meeting."""
    plain = {name: _plain(getattr(tally, name)) for name in ("eligible", "part", "abstained", "silent")}
    options = {option: _plain(found) for option, found in tally.options.items()}
    return {**plain, "options": options, "quorate": tally.quorate, "won": tally.won}


def _plain(found: Count) -> dict[str, int]:
    return {"heads": found.heads, "area_dm2": found.area}


def check_carried(draft: Draft, row: Row) -> Tally | None:
    """See to it that a meeting that votes has voted for something before it agrees on it.

    Where it voted for or against, being for it must have won.

    Raises:
        Refused: `area_missing_of_voters`, `no_quorum`, `vote_not_carried`.
    """
    tally = tally_of(draft, row)
    if tally is None:
        return None
    if not tally.quorate:
        raise Refused("no_quorum", heads=tally.part.heads, of=tally.eligible.heads)
    usual = default_options()
    if tally.won is None or (row["data"]["options"] == usual and tally.won != usual[0]):
        raise Refused("vote_not_carried")
    return tally


def cast_vote(draft: Draft, act: Act) -> None:
    """Somebody votes, or the vote given on paper is written down; voting again takes the place of what was said before.

    Raises:
        Refused: `guest_has_no_vote`.
    """
    hand = by_hand(draft, act)
    part = part_of(draft, act)
    if not may_vote(part):
        raise Refused("guest_has_no_vote")
    part["data"] = {**part["data"], "choice": act.text("choice"), **hand}


def by_hand(draft: Draft, act: Act) -> dict[str, Any]:
    """Who gave a vote or a score: the voter himself, or somebody of the staff from a paper, and where that is."""
    part, actor = draft.parts[cast(int, act.no)], act.actor
    if actor.resident_id is not None:
        own = part["requester_id"] == actor.resident_id
    else:
        own = (part["staff_id"] is not None and part["staff_id"] == actor.user_id) or part["unit_id"] in actor.body
    return {"own_hand": own, "by": actor.name, "paper": legible_words(act, "paper") or None}


def count_votes(draft: Draft, act: Act) -> None:
    """Count the votes and keep the count.

    Raises:
        Refused: `meeting_does_not_vote`, `area_missing_of_voters`.
    """
    tally = tally_of(draft, draft.affairs[cast(int, act.no)])
    if tally is None:
        raise Refused("meeting_does_not_vote")
    row = affair_of(draft, act)
    row["data"] = {**row["data"], "tally": kept(tally)}
