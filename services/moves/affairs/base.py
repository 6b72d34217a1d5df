"""What the effects of every mechanism share: opening an affair, its parts, moves that follow, who is told."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast

from models import Affair, AffairPart, table
from rules.facts import STEP_OF, SYSTEM, Actor, Refused, Thing
from rules.handling import AFFAIRS
from rules.ladder import Post
from rules.lifecycle import TABLE
from rules.sla import NONE
from rules.worktime import Limit
from services.moves.act import Act
from services.moves.affairs.once import once
from services.moves.draft import Asks, Draft, Row
from services.moves.messages import nobody, queue, readers, tell
from services.moves.proof import legible
from services.recipients import NAMED, Addressee, Roll

FURTHEST: Final = timedelta(days=3 * 366)  #: how far ahead a moment may lie; further is a slip of the pen
LONGEST: Final = {"title": 120, "body": 4000, "place": 120, "words": 2000, "result": 2000}


def _empty(model: type[Affair] | type[AffairPart]) -> Row:
    """A row in which nothing is said: what has a default of its own has it."""
    return {c.name: _default(c.default) for c in table(model).c}


def _default(given: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's own default of a column: none, a value, or what makes one
    if given is None:
        return None
    return given.arg(None) if callable(given.arg) else given.arg


def open_affair(draft: Draft, act: Act, thing: Thing, state: str, **values: object) -> Row:
    """Open an affair in the journal of this case file: the entry of the move that is being made opens it.

    Args:
        draft: The case file; its affairs must have been read (the door does).
        act: The move.
        thing: Kind of affair.
        state: Its first state.
        values: Columns of `models.Affair`; `title` is needed. `area_unit_id` is the case file's where none is given.

    Raises:
        Refused: `title_missing`, `text_not_legible` and what `legible` says.
    """
    if draft.affair_no is None:
        raise LookupError("nobody gives out numbers here")
    seq = int(draft.case["seq"]) + 1
    texts = {name: legible(name, str(values.get(name) or ""), LONGEST[name]) for name in ("title", "body", "place")}
    if not texts["title"]:
        raise Refused("title_missing")
    limits = cast("Mapping[str, str]", values.get("limits") or {})
    check_limits(limits)
    check_ahead(limits, act.now)
    own = {"case_id": draft.case["id"], "seq": seq, "thing": thing.value, "no": draft.affair_no(AFFAIRS[thing].prefix), "state": state}
    stamped = {"opened_at": act.now, "opened_by": act.actor.name, "area_unit_id": draft.case["area_unit_id"]}
    draft.affairs[seq] = {**_empty(Affair), **stamped, **values, **texts, **own, "cases": []}
    draft.new_affairs.add(seq)
    return draft.affairs[seq]


def add_part(draft: Draft, act: Act, seq: int, thing: Thing, state: str, **values: object) -> Row:
    """Add a part to an affair; its number is the next one within the case file.

    Raises:
        Refused: `limit_unreadable`.
    """
    limits = cast("Mapping[str, str]", values.get("limits") or {})
    check_limits(limits)
    check_ahead(limits, act.now)
    no = max(draft.parts, default=0) + 1
    own = {"case_id": draft.case["id"], "no": no, "seq": seq, "thing": thing.value, "state": state, "added_at": act.now}
    draft.parts[no] = {**_empty(AffairPart), **values, **own}
    draft.new_parts.add(no)
    return draft.parts[no]


def check_limits(limits: Mapping[str, str]) -> None:
    """See to it that limits can be read: `3wd`, `30m`, or a moment as ISO writes it, with its zone.

    Raises:
        Refused: `limit_unreadable`.
    """
    for text in limits.values():
        try:
            if text != NONE and moment_of(text) is None:
                Limit.parse(text)
        except (TypeError, ValueError) as problem:
            raise Refused("limit_unreadable", given=text) from problem


def check_ahead(limits: Mapping[str, str], now: datetime) -> None:
    """See to it that a limit that names a moment names one to come, within three years.

    Raises:
        Refused: `moment_past`, `moment_too_far`.
    """
    for moment in (found for text in limits.values() if text != NONE and (found := moment_of(text)) is not None):
        if moment <= now:
            raise Refused("moment_past", given=moment.isoformat())
        if moment > now + FURTHEST:
            raise Refused("moment_too_far", given=moment.isoformat())


def moment_of(text: str) -> datetime | None:
    """The moment that a limit names instead of a length; None where it is a length.

    Raises:
        ValueError: it looks like a moment and has no zone.
    """
    if "T" not in text:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def when(act: Act, name: str) -> datetime | None:
    """A moment that was handed in as ISO writes it; None where none was.

    Raises:
        Refused: `moment_unreadable`.
    """
    text = act.text(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise Refused("moment_unreadable", given=text) from problem
    if moment.tzinfo is None:
        raise Refused("moment_unreadable", given=text)
    return moment


def legible_words(act: Act, name: str) -> str:
    """What somebody wrote, as it is kept.

    Raises:
        Refused: `text_too_long`, `text_unprintable`.
    """
    return legible(name, act.text(name), LONGEST.get(name, LONGEST["words"]))


def affair_of(draft: Draft, act: Act) -> Row:
    """The affair that a move of an affair is about, to be changed: what is changed is written."""
    return touch_affair(draft, cast(int, act.no))


def part_of(draft: Draft, act: Act) -> Row:
    """The part that a move of a part is about, to be changed: what is changed is written."""
    return touch_part(draft, cast(int, act.no))


def touch_affair(draft: Draft, seq: int, **values: object) -> Row:
    """Change an affair."""
    draft.affairs[seq].update(values)
    draft.touched_affairs.add(seq)
    return draft.affairs[seq]


def touch_part(draft: Draft, no: int, **values: object) -> Row:
    """Change a part."""
    draft.parts[no].update(values)
    draft.touched_parts.add(no)
    return draft.parts[no]


def link_cases(draft: Draft, seq: int, case_ids: Iterable[int]) -> None:
    """Have an affair be about further cases; those it is about already are left out."""
    row = touch_affair(draft, seq)
    for case_id in case_ids:
        if case_id not in row["cases"] and case_id != draft.case["id"]:
            row["cases"].append(case_id)
            row.setdefault("linked", []).append(case_id)


def remark(draft: Draft, act: Act, row: Row, action: str = "affair_moved") -> None:
    """The further cases of an affair that the batch has read say in their own journals what became of it.

    Args:
        draft: The case file with which it is kept.
        act: The move.
        row: The affair.
        action: `affair_opened` or `affair_moved`.
    """
    for case_id in row["cases"]:
        other = draft.others.get(case_id)
        if other is not None and other is not draft:
            data = {"affair": row["no"], "case": row["case_id"], "seq": row["seq"]}
            other.enter(act.now, act.actor, step=STEP_OF[other.state].value, thing="case", action=action, data=data)


def asks(draft: Draft) -> Asks:
    """Where a move asks for what it cannot see in its draft.

    Raises:
        LookupError: nothing is being made with this draft.
    """
    if draft.beyond is None:
        raise LookupError("nobody answers here")
    return draft.beyond


def move_on(draft: Draft, now: datetime, thing: Thing, no: int, action: str, actor: Actor = SYSTEM, **data: object) -> None:
    """Make a move of an affair or of a part that follows from another one; its row in the table says `follows`.

    Raises:
        KeyError: the table has no such move in this state.
    """
    row = touch_affair(draft, no) if thing in AFFAIRS else touch_part(draft, no)
    move = TABLE[thing, action, row["state"]]
    before, row["state"] = row["state"], move.to.value
    end_if_over(row, thing, now, actor)
    draft.enter(
        now, actor, step=move.step.value, thing=thing.value, thing_no=no, action=action, before=before, after=move.to.value, data=data
    )


def end_if_over(row: Row, thing: Thing, now: datetime, actor: Actor) -> None:
    """An affair that has come to an end has its moment; one that goes on again has none."""
    if thing not in AFFAIRS:
        return
    over = row["state"] in AFFAIRS[thing].ends
    if over and row["ended_at"] is None:
        row.update(ended_at=now, ended_by=actor.name)
    elif not over:
        row.update(ended_at=None, ended_by=None)


# who is told ----------------------------------------------------------------------------------------------------------


def about(draft: Draft, row: Row, part: Row | None = None, **more: object) -> Row:
    """What a notice of an affair carries: which one it is, and the moment of its open clock."""
    no = part["no"] if part is not None else None
    clock = next((c for c in draft.clocks if c["affair_seq"] == row["seq"] and c["part_no"] == no), None)
    due = {"clock": clock["kind"], "due": clock["due_at"].isoformat(), "provisional": clock["provisional"] or None} if clock else {}
    return {"affair": row["seq"], "part": no, **due, **more}


def tell_unit(draft: Draft, code: str, now: datetime, unit_id: int | None, row: Row, part: Row | None = None, **more: object) -> None:
    """Tell the people of a unit of an affair; `news` names a sentence of locales/affairs/affairs.*.toml where the notice takes one."""
    tell(draft, code, now, unit_id=unit_id, **about(draft, row, part, **more))
    once(draft, row)


def tell_party(draft: Draft, code: str, now: datetime, row: Row, part: Row, **more: Any) -> None:  # noqa: ANN401 - template values
    """Tell whose part it is: the person or the resident, else the people of the unit, else the unit whose affair it is."""
    if part["staff_id"] is None and part["requester_id"] is None:
        tell_unit(draft, code, now, part["unit_id"] or row["unit_id"], row, part, **more)
    else:
        tell_person(draft, code, now, row, part, staff_id=part["staff_id"], requester_id=part["requester_id"], **more)


def tell_person(
    draft: Draft,
    code: str,
    now: datetime,
    row: Row,
    part: Row | None = None,
    *,
    staff_id: int | None = None,
    requester_id: int | None = None,
    channel: str = "sms",
    **more: Any,  # noqa: ANN401 - template values
) -> None:
    """Tell one person of the staff, or one resident; nobody where neither is given.

    Of a sensitive case only readers hear: the first of them who is there in place of somebody who is none.
    """
    person = draft.catalogue.by_id.get(staff_id) if staff_id is not None else None
    if person is None and requester_id is None:
        return
    values, roll = {"unit_id": row["unit_id"], **about(draft, row, part, **more)}, Roll(draft.catalogue, now)
    told = readers(draft, [Addressee(person, channel, requester_id=None if person else requester_id)], roll)
    for each in told:
        queue(draft, code, now, each, values)
    once(draft, row)
    if not told:
        nobody(draft, code, Post(NAMED), row["unit_id"], now)


def tell_asker(draft: Draft, code: str, now: datetime, row: Row, **more: Any) -> None:  # noqa: ANN401 - template values
    """Tell the resident for whom it is done."""
    tell_person(draft, code, now, row, requester_id=row["asker_id"], **more)
