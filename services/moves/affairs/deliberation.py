"""议事: what the moves of meetings change, what follows, who is told."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any, Final, cast

from rules.clocks import ClockKind
from rules.facts import Refused, State, Thing
from rules.handling.agreeing import VoiceState
from rules.handling.deliberation import MeetingState
from seeds import read
from services.moves import affair_clocks
from services.moves.act import Act, Effect, local
from services.moves.affairs import agreeing, voting
from services.moves.affairs.base import (
    affair_of,
    check_limits,
    legible_words,
    link_cases,
    move_on,
    open_affair,
    part_of,
    remark,
    tell_unit,
    when,
)
from services.moves.affairs.elsewhere import check_not_at_law
from services.moves.affairs.given import FEN_MOST, check_size, numbers_of, rows_of, texts_of, whole
from services.moves.affairs.reach import check_coming, check_limit_reach, check_reach
from services.moves.affairs.voices import add_voices, tell_all, units_of, voices_of
from services.moves.draft import Draft, Row

#: How long after its moment the minutes of a meeting may still be written.
MINUTES_WITHIN: Final = timedelta(days=1)


@cache
def forms() -> Mapping[str, Mapping[str, Any]]:
    """Forms of meetings, by code (seeds/deliberation.toml)."""
    return {form["code"]: form for form in read("deliberation.toml")["form"]}


def form_of(act: Act) -> Mapping[str, Any]:
    """The form that was handed in.

    Raises:
        Refused: `unknown_form_of_meeting`.
    """
    code = act.text("form")
    if code not in forms():
        raise Refused("unknown_form_of_meeting", given=code, known=", ".join(forms()))
    return forms()[code]


# calling --------------------------------------------------------------------------------------------------------------


def _call(draft: Draft, act: Act) -> None:
    """Call people together: `title`, `form`, and where given `at`, `place`, `body`, `limit`, `voices`, `rule`, `options`, `judged`.

    Raises:
        Refused: `unknown_form_of_meeting`, `only_hearings_of_closed`, `handled_elsewhere`,
            `options_unclear`, `judged_missing`, and what `open_affair` says.
    """
    form, at = form_of(act), when(act, "at")
    check_coming(act.now, at, MINUTES_WITHIN)
    if draft.state is State.CLOSED and not form.get("hearing"):
        raise Refused("only_hearings_of_closed")
    if not form.get("hearing"):
        check_not_at_law(draft)
    data = {**_vote(act), **_hearing(draft, act, form)}
    limits = {"meet": act.text("limit") or (at + MINUTES_WITHIN).isoformat() if at else act.text("limit")}
    limits = {kind: text for kind, text in limits.items() if text}
    check_limits(limits)
    check_limit_reach(act.now, limits.get("meet", ""))
    texts = {name: act.text(name) for name in ("title", "body", "place", "form")}
    row = open_affair(draft, act, Thing.MEETING, MeetingState.CALLED, unit_id=act.actor.unit_id, at=at, limits=limits, data=data, **texts)
    add_voices(draft, act, row["seq"], rows_of(act, "voices"))
    _check_judged(draft, row)
    link_cases(draft, row["seq"], cast(tuple[int, ...], act.args.get("cases") or ()))
    remark(draft, act, row, "affair_opened")


def _vote(act: Act) -> Row:
    """How the meeting votes, if it does: by which rule, on what, of how many."""
    code = act.text("rule")
    if not code:
        return {}
    if code not in voting.vote_rules():
        raise Refused("unknown_vote_rule", given=code, known=", ".join(voting.vote_rules()))
    options = texts_of(act, "options") or voting.default_options()
    if len(options) < 2 or len(set(options)) < len(options) or not all(options):
        raise Refused("options_unclear")
    return {"rule": code, "options": options, **{name: _all(act, name) for name in ("heads", "area_dm2")}}


def _all(act: Act, name: str) -> int | None:
    """How many heads, or how much floor area, may vote in all; None where nobody says so.

    Raises:
        Refused: `list_unreadable`, `number_too_large`.
    """
    return None if act.args.get(name) is None else check_size(whole(act.args, name, name), FEN_MOST)


def _hearing(draft: Draft, act: Act, form: Mapping[str, Any]) -> Row:
    """Whose work a hearing is about: a unit's month, or the case's own lead."""
    if not form.get("hearing"):
        return {}
    lead = draft.lead()
    judged = act.args.get("judged") or (lead["unit_id"] if lead else None)
    if judged is None:
        raise Refused("judged_missing")
    draft.catalogue.check_present(cast(int, judged))
    return {"hearing": True, "judged": judged, "month": act.text("month") or None}


def _check_judged(draft: Draft, row: Row) -> None:
    """Nobody scores the work of his own unit."""
    judged = row["data"].get("judged")
    if judged is not None and any(judged in units_of(draft, v["unit_id"], v["staff_id"]) for v in voices_of(draft, row["seq"])):
        raise Refused("judged_takes_part")


def _invite(draft: Draft, act: Act) -> None:
    """Further people take part: `voices`."""
    add_voices(draft, act, cast(int, act.no), rows_of(act, "voices"))
    _check_judged(draft, affair_of(draft, act))


def _postpone(draft: Draft, act: Act) -> None:
    at = when(act, "at")
    if at is None or at <= act.now:
        raise Refused("meeting_in_past", at=act.text("at"))
    check_reach(act.now, at)
    row = affair_of(draft, act)
    row.update(at=at, limits={**row["limits"], "meet": (at + MINUTES_WITHIN).isoformat()})
    affair_clocks.begin_anew(draft, row["seq"], ClockKind.MEET, act.now)


# holding --------------------------------------------------------------------------------------------------------------


def _hold(draft: Draft, act: Act) -> None:
    """Write the minutes: `minutes`, and `present`, the numbers of those who were there."""
    seq, minutes = cast(int, act.no), legible_words(act, "minutes")
    invited = {voice["no"] for voice in voices_of(draft, seq)}
    strangers = set(numbers_of(act, "present")) - invited
    if strangers:
        raise Refused("unknown_voice", part=min(strangers))
    row = affair_of(draft, act)
    row["data"] = {**row["data"], "minutes": minutes, "held_at": act.now.isoformat()}


def _mark_present(draft: Draft, act: Act) -> None:
    present = set(numbers_of(act, "present"))
    for voice in voices_of(draft, cast(int, act.no)):
        if voice["state"] == VoiceState.INVITED:
            voice["data"] = {**voice["data"], "present": voice["no"] in present}
            move_on(draft, act.now, Thing.VOICE, voice["no"], "come" if voice["no"] in present else "stay_away")


def _end(draft: Draft, act: Act) -> None:
    result = legible_words(act, "result")
    row = affair_of(draft, act)
    row["result"] = result
    remark(draft, act, row)


def _agree(draft: Draft, act: Act) -> None:
    """What was agreed; a meeting that votes must have carried it."""
    row = draft.affairs[cast(int, act.no)]
    tally = voting.check_carried(draft, row)
    agreeing.agree(draft, act)
    if tally is not None:
        row["data"] = {**row["data"], "tally": voting.kept(tally)}


def _fail(draft: Draft, act: Act) -> None:
    reason = legible_words(act, "reason")
    row = affair_of(draft, act)
    row.update(result=reason, data={**row["data"], "onward": act.text("onward")})
    remark(draft, act, row)


def _clear(draft: Draft, act: Act) -> None:
    agreeing.clear(draft, cast(int, act.no), act.now)


# hearings -------------------------------------------------------------------------------------------------------------


def _give_score(draft: Draft, act: Act) -> None:
    words, hand = legible_words(act, "words"), voting.by_hand(draft, act)
    part = part_of(draft, act)
    part.update(score=act.args["score"], words=words, data={**part["data"], **hand})


def _publish(draft: Draft, act: Act) -> None:
    """Publish what a hearing came to: how many were there, how many gave which score; nothing of it enters the ratings of residents."""
    seq = cast(int, act.no)
    voices = voices_of(draft, seq)
    scores = [voice["score"] for voice in voices if voice["score"] is not None]
    if not scores:
        raise Refused("nobody_scored")
    counts = {str(score): scores.count(score) for score in range(1, 6)}
    found = {"invited": len(voices), "n": len(scores), "counts": counts, "mean_x100": round(100 * sum(scores) / len(scores))}
    row = affair_of(draft, act)
    row.update(data={**row["data"], "published": found}, result=act.text("words") or None)


# who is told ----------------------------------------------------------------------------------------------------------


def tell_called(draft: Draft, row: Row, act: Act) -> None:
    """Everybody who takes part hears where and when."""
    at = local(draft, row["at"])[5:] if row["at"] else ""
    tell_all(draft, act.now, row, "meeting_called_at" if at else "meeting_called", at=at)


def _tell_called(draft: Draft, act: Act) -> None:
    tell_called(draft, draft.affairs[max(draft.new_affairs)], act)


def _tell_all(news: str) -> Effect:
    return lambda draft, act: tell_all(draft, act.now, draft.affairs[cast(int, act.no)], news)


def _tell_again(draft: Draft, act: Act) -> None:
    tell_called(draft, draft.affairs[cast(int, act.no)], act)


def _tell_agreed(draft: Draft, act: Act) -> None:
    agreeing.tell_signing(draft, draft.affairs[cast(int, act.no)], act.now)


def _tell_judged(draft: Draft, act: Act) -> None:
    row = draft.affairs[cast(int, act.no)]
    found = row["data"]["published"]
    values = {"n": found["n"], "score": f"{found['mean_x100'] / 100:.2f}"}
    tell_unit(draft, "affair_told", act.now, row["data"]["judged"], row, news="hearing_published", **values)
    tell_all(draft, act.now, row, "hearing_published", **values)


def _tell_failed(draft: Draft, act: Act) -> None:
    """All who took part hear that there is no agreement, and the unit above where it goes up."""
    row = draft.affairs[cast(int, act.no)]
    news = f"meeting_failed_{row['data']['onward']}"
    tell_all(draft, act.now, row, news)
    unit = draft.catalogue.units.get(row["unit_id"])
    if row["data"]["onward"] == "up" and unit is not None:
        tell_unit(draft, "affair_told", act.now, unit.supervising_id or unit.parent_id, row, news=news)


Key = tuple[Thing, str]
EFFECTS: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "call_meeting"): _call,
    (Thing.MEETING, "invite"): _invite,
    (Thing.MEETING, "postpone"): _postpone,
    (Thing.MEETING, "hold_meeting"): _hold,
    (Thing.MEETING, "count_votes"): voting.count_votes,
    (Thing.MEETING, "end_meeting"): _end,
    (Thing.MEETING, "publish_hearing"): _publish,
    (Thing.MEETING, "agree"): _agree,
    (Thing.MEETING, "fail_meeting"): _fail,
    (Thing.VOICE, "cast_vote"): voting.cast_vote,
    (Thing.VOICE, "give_score"): _give_score,
}
FOLLOWS: Final[Mapping[Key, Effect]] = {
    (Thing.MEETING, "hold_meeting"): _mark_present,
    (Thing.MEETING, "agree"): agreeing.ask_signatures,
    (Thing.MEETING, "fail_meeting"): _clear,
}
TOLD: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "call_meeting"): _tell_called,
    (Thing.MEETING, "postpone"): _tell_again,
    (Thing.MEETING, "cancel"): _tell_all("meeting_cancelled"),
    (Thing.MEETING, "agree"): _tell_agreed,
    (Thing.MEETING, "fail_meeting"): _tell_failed,
    (Thing.MEETING, "publish_hearing"): _tell_judged,
}
