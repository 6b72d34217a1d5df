"""Queueing notices in the same commit as what they tell of."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from notifications.notices import NOTICES, OF_SENSORS, Notice
from rules.delivery import NOW, SOON, WORKING
from rules.facts import SENSOR, STEP_OF, SYSTEM
from rules.ladder import Post
from rules.worktime import Limit
from services.moves.draft import Draft
from services.recipients import Addressee, Roll, recipient_of

_URGENT: Final = ("P0", "P1")


def tell(
    draft: Draft,
    code: str,
    now: datetime,
    *,
    unit_id: int | None = None,
    section_id: int | None = None,
    shown_unit_id: int | None = None,
    to: Sequence[Post] = (),
    without: Collection[int] = (),
    roll: Roll | None = None,
    **about: Any,  # noqa: ANN401 - template values
) -> None:
    """Queue a notice to everybody it is for; who is away is replaced (services/recipients.py).

    When there is nobody to tell, that is written in the journal and the administrators hear of it: never silence.

    Args:
        draft: The case; the notice tells of its newest journal entry.
        code: The notice.
        now: When it is queued.
        unit_id: The unit it is about; audiences are found relative to it.
        section_id: The section inside it that does the work, if there is one: its clerk hears instead of the unit's.
        shown_unit_id: The unit that the words name, when it is another than that of the audience.
        to: Posts instead of the notice's own.
        without: Ids of people who cannot be told.
        roll: Who is there, if somebody has looked already.
        about: What only this moment knows: clock, limit, due, reason.
    """
    seq, values = draft.case["seq"], {"unit_id": shown_unit_id or unit_id, **about}
    roll = roll or Roll(draft.catalogue, now)
    for post, people in roll.addressees(code, unit_id, section_id, to=to, without=without, named=draft.case["escalate_to_id"]):
        told = readers(draft, people, roll, without)
        for each in told:
            queue(draft, code, now, each, values, seq)
        if not told:
            nobody(draft, code, post, unit_id, now)


def readers(draft: Draft, people: Sequence[Addressee], roll: Roll, without: Collection[int] = ()) -> Sequence[Addressee]:
    """Of a sensitive case only named readers hear; the first of them who is there in place of those who may not."""
    case = draft.case
    if case["sensitive"] is None:
        return people
    may = [each for each in people if each.person is None or each.person.id in case["readers"]]
    return may or [Addressee(person, people[0].channel) for person in roll.there(case["readers"], without)[:1] if people]


def until(draft: Draft, kind: str, order_no: int | None) -> dict[str, Any]:
    """The kind of a clock, and the moment until which it runs, marked where the official calendar is not out yet."""
    clock = next((c for c in draft.clocks if c["kind"] == kind and c["order_no"] == order_no), None)
    return {"clock": kind} | ({"due": clock["due_at"].isoformat(), "provisional": clock["provisional"] or None} if clock else {})


def queue(draft: Draft, code: str, now: datetime, to: Addressee, about: Mapping[str, Any], seq: int | None = None) -> None:
    """Queue a notice to one recipient, or to every reporter of the case; nothing for anonymous ones, and never the same twice.

    Args:
        draft: The case.
        code: The notice.
        now: When it is queued.
        to: Who is told, and how.
        about: Values for the words; empty ones are left out.
        seq: The journal entry that it tells of; None for the newest.
    """
    reporters = [to.requester_id] if to.requester_id is not None else sorted(draft.reporter_ids())
    residents = reporters if to.person is None else [None]
    for requester_id in residents:
        queue_to(draft, code, now, to, requester_id, about, seq)


def queue_to(
    draft: Draft, code: str, now: datetime, to: Addressee, requester_id: int | None, about: Mapping[str, Any], seq: int | None
) -> None:
    """Queue a notice to one recipient: `to.person`, or where that is None the resident with this id; never the same twice.

    Reminders of what a device reported have words of their own.
    """
    code = OF_SENSORS.get(code, code) if draft.case["source"] == SENSOR else code
    seq = draft.case["seq"] if seq is None else seq
    who = recipient_of(to.person.id if to.person else None, requester_id)
    key = f"{draft.case['id']}:{seq}:{code}:{who}:{to.channel}"
    if any(m["dedupe_key"] == key for m in draft.messages):
        return
    notice = NOTICES[code]
    instead = {"instead_of": to.instead_of.name if to.instead_of else None}
    draft.messages.append(
        {
            "dedupe_key": key,
            "case_id": draft.case["id"],
            "seq": seq,
            "notice": code,
            "channel": to.channel,
            "staff_id": to.person.id if to.person else None,
            "requester_id": requester_id,
            "recipient": who,
            "haste": haste_of(draft, notice, about),
            "reminder": notice.reminder,
            "useful_until": datetime.fromisoformat(about["due"]) if notice.expires and about.get("due") else None,
            "about": {k: v for k, v in {**about, **instead}.items() if v is not None},
            "state": "queued",
            "queued_at": now,
            "attend_at": now,
        }
    )


def haste_of(draft: Draft, notice: Notice, about: Mapping[str, Any]) -> int:
    """How a message waits: what is urgent, or speaks of a clock that runs day and night, for nothing.

    Returns:
        0 it waits for nothing, 1 as soon as may be, 2 in working time only.
    """
    if notice.urgent or draft.case["urgency"] in _URGENT or _is_natural(draft, about):
        return NOW
    return WORKING if notice.working else SOON


def _is_natural(draft: Draft, about: Mapping[str, Any]) -> bool:
    """Whether the clock that a message speaks of runs through nights and holidays."""
    kind, limit = about.get("clock"), about.get("limit")
    if kind is None:
        return False
    due = about.get("due")
    same = (c["limit"] for c in draft.clocks if c["kind"] == kind and (due is None or c["due_at"].isoformat() == due))
    found = next(same, limit)
    return found is not None and Limit.parse(found).natural


def nobody(draft: Draft, code: str, post: Post, unit_id: int | None, now: datetime) -> None:
    """Say in the journal that a notice found nobody in a post, and tell the administrators."""
    draft.enter(
        now,
        SYSTEM,
        step=STEP_OF[draft.state].value,
        thing="case",
        action="nobody_to_tell",
        data={"notice": code, "audience": f"{post.role}+{post.up}" if post.up else post.role, "unit_id": unit_id},
    )
    if code == "nobody_to_tell":
        return
    if draft.case["sensitive"] is None:
        tell(draft, "nobody_to_tell", now, unit_id=unit_id, reason=code)
    else:
        _tell_by_number(draft, unit_id, now)


def _tell_by_number(draft: Draft, unit_id: int | None, now: datetime) -> None:
    """Tell the administrators, who read no sensitive case, its number and nothing else: the message speaks of no case."""
    about = {"no": draft.case["no"], "unit_id": unit_id}
    for _, people in Roll(draft.catalogue, now).addressees("nobody_to_tell", unit_id):
        for each in people:
            queue_to(draft, "nobody_to_tell", now, each, None, about, draft.case["seq"])
            draft.messages[-1] |= {"case_id": None, "seq": None}
