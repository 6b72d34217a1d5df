"""Queueing notices in the same commit as what they tell of."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from rules.facts import STEP_OF, SYSTEM
from rules.ladder import Post
from services.moves.draft import Draft
from services.recipients import Addressee, Roll


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
    for post, people in (roll or Roll(draft.catalogue, now)).addressees(code, unit_id, section_id, to=to, without=without):
        for each in _readers(draft, people):
            queue(draft, code, now, each, values, seq)
        if not people:
            nobody(draft, code, post, unit_id, now)


def _readers(draft: Draft, people: Sequence[Addressee]) -> Sequence[Addressee]:
    """Of a sensitive case only named readers hear; the first of them in place of those who may not."""
    case = draft.case
    if case["sensitive"] is None:
        return people
    may = [each for each in people if each.person is None or each.person.id in case["readers"]]
    instead = [draft.catalogue.by_id[i] for i in case["readers"] if i in draft.catalogue.by_id][:1]
    return may or [Addressee(person, people[0].channel) for person in instead if people]


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
    residents = sorted(draft.reporter_ids()) if to.person is None else [None]
    for requester_id in residents:
        queue_to(draft, code, now, to, requester_id, about, seq)


def queue_to(
    draft: Draft, code: str, now: datetime, to: Addressee, requester_id: int | None, about: Mapping[str, Any], seq: int | None
) -> None:
    """Queue a notice to one recipient: `to.person`, or where that is None the resident with this id; never the same twice."""
    seq = draft.case["seq"] if seq is None else seq
    who = f"s{to.person.id}" if to.person else f"r{requester_id}"
    key = f"{draft.case['id']}:{seq}:{code}:{who}:{to.channel}"
    if any(m["dedupe_key"] == key for m in draft.messages):
        return
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
            "about": {k: v for k, v in {**about, **instead}.items() if v is not None},
            "state": "queued",
            "queued_at": now,
            "attend_at": now,
        }
    )


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
    if code != "nobody_to_tell":
        tell(draft, "nobody_to_tell", now, unit_id=unit_id, reason=code)
