"""例会与居民说事: a standing meeting calls the next one by itself; what people bring to it is registered and dealt with."""

from collections.abc import Mapping
from datetime import datetime, time
from functools import cache
from typing import Any, Final, cast

from rules.clocks import ClockKind
from rules.facts import Refused, Thing
from rules.handling.deliberation import MatterState, MeetingState, next_time
from seeds import read
from services.moves import affair_clocks
from services.moves.act import Act, Effect
from services.moves.affairs.base import add_part, affair_of, legible_words, move_on, open_affair, part_of, tell_person, tell_unit, when
from services.moves.affairs.deliberation import MINUTES_WITHIN, form_of, tell_called
from services.moves.affairs.given import check_size, numbers_of, rows_of
from services.moves.affairs.voices import add_voices, voices_of
from services.moves.affairs.watching import works_on
from services.moves.draft import Draft, Row
from services.moves.proof import legible

WORDS_MOST: Final = 2000
MATTERS_MOST: Final = 500  #: registered in one breath


@cache
def matter_kinds() -> Mapping[str, Mapping[str, Any]]:
    """Kinds of matters, by code (seeds/deliberation.toml)."""
    return {kind["code"]: kind for kind in read("deliberation.toml")["matter"]}


# the series -----------------------------------------------------------------------------------------------------------


def _found(draft: Draft, act: Act) -> None:
    """Found a standing meeting: `title`, `form`, `days` (0 Monday … 6), `time` (local), and where given `workdays`, `until`, `voices`."""
    form_of(act)
    data = {"days": sorted(_days(act)), "time": f"{_time(act):%H:%M}", "workdays": bool(act.args.get("workdays"))}
    until = when(act, "until")
    at = _next(draft, {"unit_id": act.actor.unit_id, "data": data}, act.now)
    if until is not None and at >= until:
        raise Refused("series_never_meets")
    texts = {name: act.text(name) for name in ("title", "body", "place", "form")}
    limits = {"convene": at.isoformat()}
    values = {"unit_id": act.actor.unit_id, "until": until, "limits": limits, "data": data}
    row = open_affair(draft, act, Thing.MEETING, MeetingState.STANDING, **values, **texts)
    add_voices(draft, act, row["seq"], rows_of(act, "voices"))


def _days(act: Act) -> set[int]:
    days = numbers_of(act, "days")
    if not all(0 <= day <= 6 for day in days):
        raise Refused("weekday_unreadable")
    return set(days)


def _time(act: Act) -> time:
    try:
        found = time.fromisoformat(act.text("time"))
    except ValueError as problem:
        raise Refused("time_unreadable", given=act.text("time")) from problem
    if found.tzinfo is not None:
        raise Refused("time_unreadable", given=act.text("time"))
    return found


def _next(draft: Draft, series: Mapping[str, Any], after: datetime) -> datetime:
    known, data = draft.catalogue, series["data"]
    worked = works_on(known.calendar_of(series["unit_id"])) if data["workdays"] else None
    return next_time(data["days"], time.fromisoformat(data["time"]), after, known.zone, worked)


def _next_if_any(draft: Draft, series: Row, after: datetime) -> datetime | None:
    """The same; None where none of its days comes, e.g. weekends on which nobody works."""
    try:
        return _next(draft, series, after)
    except Refused:
        return None


def _call_first(draft: Draft, act: Act) -> None:
    """The first meeting is called in the same breath."""
    series = draft.affairs[max(draft.new_affairs)]
    _call_one(draft, act, series, datetime.fromisoformat(series["limits"]["convene"]))
    move_on(draft, act.now, Thing.MEETING, series["seq"], "convene_first")


def _convene(draft: Draft, act: Act) -> None:
    """The meeting that was called has its moment: call the one after it; a series that is over, or has no day any more, calls none."""
    series = affair_of(draft, act)
    at = _next_if_any(draft, series, act.now)
    if at is None or (series["until"] is not None and at >= series["until"]):
        return
    _call_one(draft, act, series, at)
    series["limits"] = {**series["limits"], "convene": at.isoformat()}
    affair_clocks.begin_anew(draft, series["seq"], ClockKind.CONVENE, act.now)


def _call_one(draft: Draft, act: Act, series: Row, at: datetime) -> None:
    """One meeting of a series, with the same people; the entry that is written next opens it."""
    texts = {name: series[name] for name in ("body", "place", "form", "unit_id")}
    title = f"{series['title']} {at.astimezone(draft.catalogue.zone):%m-%d}"
    parent = {"parent_case_id": draft.case["id"], "parent_seq": series["seq"]}
    limits = {"meet": (at + MINUTES_WITHIN).isoformat()}
    row = open_affair(draft, act, Thing.MEETING, MeetingState.CALLED, title=title[-120:], at=at, limits=limits, **parent, **texts)
    people = [
        {"unit": v["unit_id"], "staff": v["staff_id"], "resident": v["requester_id"], "role": v["role"], "label": v["title"]}
        for v in voices_of(draft, series["seq"])
        if v["unit_id"] is None or not draft.catalogue.units[v["unit_id"]].retired
    ]
    add_voices(draft, act, row["seq"], people)


def _stop_if_over(draft: Draft, act: Act) -> None:
    """A series that has called no further meeting is over."""
    seq = cast(int, act.no)
    if not draft.new_affairs:
        move_on(draft, act.now, Thing.MEETING, seq, "series_over")


def upcoming(draft: Draft, series_seq: int, now: datetime) -> Row | None:
    """The meeting of a series that is to take place next; one whose minutes are merely not written yet is past."""
    called = (a for a in draft.affairs.values() if a["parent_seq"] == series_seq and a["state"] == MeetingState.CALLED and a["at"] > now)
    return min(called, key=lambda a: (a["at"], a["seq"]), default=None)


# matters --------------------------------------------------------------------------------------------------------------


def _raise_matters(draft: Draft, act: Act) -> None:
    """Register what people have brought: `matters`, each with `kind`, `words`, and where given `resident`, `people`, `solved`.

    `solved` says how it was settled on the spot; that matter waits for nothing.
    """
    series = affair_of(draft, act)
    matters = [_checked(matter) for matter in rows_of(act, "matters")]
    if len(matters) > MATTERS_MOST:
        raise Refused("too_many_matters_at_once", most=MATTERS_MOST)
    for matter in matters:
        solved = matter.pop("solved")
        done = {"state": MatterState.SOLVED, "done_at": act.now, "done_by": act.actor.name} if solved else {"state": MatterState.RAISED}
        state = done.pop("state")
        data = {"on_the_spot": solved} if solved else {}
        add_part(draft, act, series["seq"], Thing.MATTER, str(state), data=data, **matter, **done)


def _checked(matter: Mapping[str, Any]) -> Row:
    kind, words = str(matter.get("kind") or ""), str(matter.get("words") or "")
    if kind not in matter_kinds():
        raise Refused("unknown_matter", given=kind, known=", ".join(matter_kinds()))
    kept = legible("words", words, WORDS_MOST)
    people = matter.get("people", 1)
    if not kept or not isinstance(people, int) or people < 1:
        raise Refused("matters_missing")
    check_size(people)
    solved = legible("result", str(matter.get("solved") or ""), WORDS_MOST)
    return {
        "role": kind,
        "title": kept[:120],
        "words": kept,
        "quantity": people,
        "requester_id": matter.get("resident"),
        "solved": solved,
    }


def _solve(draft: Draft, act: Act) -> None:
    result = legible_words(act, "result")
    part = part_of(draft, act)
    part.update(done_at=act.now, done_by=act.actor.name, data={**part["data"], "result": result})


def _file(draft: Draft, act: Act) -> None:
    """It became a case: `case`, its id."""
    part_of(draft, act).update(done_at=act.now, done_by=act.actor.name, other_case_id=act.args["case"])


def _on_agenda(draft: Draft, act: Act) -> None:
    part = draft.parts[cast(int, act.no)]
    meeting = upcoming(draft, part["seq"], act.now)
    if meeting is None:
        raise Refused("no_meeting_ahead")
    part_of(draft, act)["data"] = {**part["data"], "meeting": meeting["no"]}


def _drop(draft: Draft, act: Act) -> None:
    reason = legible_words(act, "reason")
    part = part_of(draft, act)
    part.update(done_at=act.now, done_by=act.actor.name, data={**part["data"], "result": reason})


# who is told ----------------------------------------------------------------------------------------------------------


def _tell_next(draft: Draft, act: Act) -> None:
    for seq in sorted(draft.new_affairs):
        row = draft.affairs[seq]
        if row["parent_seq"] is not None:
            tell_called(draft, row, act)


def _tell_convened(draft: Draft, act: Act) -> None:
    """Everybody hears of the next meeting; where there is none, whoever holds the series hears that it is over."""
    if draft.new_affairs:
        _tell_next(draft, act)
        return
    series = draft.affairs[cast(int, act.no)]
    tell_unit(draft, "affair_told", act.now, series["unit_id"], series, news="series_over")


def _tell_who_came(news: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        part = draft.parts[cast(int, act.no)]
        series = draft.affairs[part["seq"]]
        tell_person(draft, "affair_resident", act.now, series, part, requester_id=part["requester_id"], news=news)

    return effect


Key = tuple[Thing, str]
EFFECTS: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "found_series"): _found,
    (Thing.MEETING, "convene"): _convene,
    (Thing.MEETING, "raise_matters"): _raise_matters,
    (Thing.MATTER, "solve_matter"): _solve,
    (Thing.MATTER, "file_matter"): _file,
    (Thing.MATTER, "put_on_agenda"): _on_agenda,
    (Thing.MATTER, "drop_matter"): _drop,
}
FOLLOWS: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "found_series"): _call_first,
    (Thing.MEETING, "convene"): _stop_if_over,
}
TOLD: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "found_series"): _tell_next,
    (Thing.MEETING, "convene"): _tell_convened,
    (Thing.MATTER, "solve_matter"): _tell_who_came("matter_solved"),
    (Thing.MATTER, "file_matter"): _tell_who_came("matter_filed"),
    (Thing.MATTER, "put_on_agenda"): _tell_who_came("matter_on_agenda"),
}
