"""Queueing notices in the same commit as what they tell of."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from notifications.notices import NOTICES, ROLES, Audience
from rules.facts import STEP_OF, SYSTEM
from services.catalogue import Person
from services.moves.draft import Draft


def tell(
    draft: Draft,
    code: str,
    now: datetime,
    *,
    unit_id: int | None = None,
    section_id: int | None = None,
    shown_unit_id: int | None = None,
    only: Collection[Audience] | None = None,
    **about: Any,  # noqa: ANN401 - template values
) -> None:
    """Queue a notice to everybody it is for.

    When there is nobody to tell, that is written in the journal and the administrators hear of it: never silence.

    Args:
        draft: The case; the notice tells of its newest journal entry.
        code: The notice.
        now: When it is queued.
        unit_id: The unit it is about; audiences are found relative to it.
        section_id: The section inside it that does the work, if there is one: its clerk hears instead of the unit's.
        shown_unit_id: The unit that the words name, when it is another than that of the audience.
        only: Of the notice's audiences, these; None for all.
        about: What only this moment knows: clock, limit, due, reason.
    """
    seq = draft.case["seq"]
    about = {"unit_id": shown_unit_id or unit_id, **{k: v for k, v in about.items() if v is not None}}
    for audience, channel in NOTICES[code].to:
        if only is not None and audience not in only:
            continue
        if audience is Audience.REPORTER:
            if draft.case["requester_id"] is not None:
                _queue(draft, code, channel, now, seq, about, requester_id=draft.case["requester_id"])
            continue
        at_work = draft.catalogue.staff(section_id, ROLES[audience]) if audience is Audience.CLERK else []
        people = at_work or _people(draft, audience, unit_id)
        for person in people:
            _queue(draft, code, channel, now, seq, about, staff_id=person.id)
        if not people:
            _nobody(draft, code, audience, unit_id, now)


def _queue(
    draft: Draft,
    code: str,
    channel: str,
    now: datetime,
    seq: int,
    about: dict[str, Any],
    *,
    staff_id: int | None = None,
    requester_id: int | None = None,
) -> None:
    who = f"s{staff_id}" if staff_id is not None else f"r{requester_id}"
    key = f"{draft.case['id']}:{seq}:{code}:{who}:{channel}"
    if any(m["dedupe_key"] == key for m in draft.messages):
        return  # one person in two audiences hears it once
    draft.messages.append(
        {
            "dedupe_key": key,
            "case_id": draft.case["id"],
            "seq": seq,
            "notice": code,
            "channel": channel,
            "staff_id": staff_id,
            "requester_id": requester_id,
            "about": about,
            "state": "queued",
            "queued_at": now,
            "attend_at": now,
        }
    )


def _nobody(draft: Draft, code: str, audience: Audience, unit_id: int | None, now: datetime) -> None:
    draft.enter(
        now,
        SYSTEM,
        step=STEP_OF[draft.state],
        thing="case",
        action="nobody_to_tell",
        data={"notice": code, "audience": audience.value, "unit_id": unit_id},
    )
    if code != "nobody_to_tell":
        tell(draft, "nobody_to_tell", now, unit_id=unit_id, reason=code)


def _people(draft: Draft, audience: Audience, unit_id: int | None) -> list[Person]:
    catalogue = draft.catalogue
    roles = ROLES[audience]
    if audience in (Audience.DUTY, Audience.ADMIN):
        return catalogue.staff(catalogue.district_id, roles)
    if audience in (Audience.CENTRE, Audience.CENTRE_HEAD):
        return catalogue.staff(catalogue.desk_id, roles)
    above = audience in (Audience.ABOVE, Audience.ABOVE_HEAD)
    return next((found for unit in _chain(draft, unit_id, above=above) if (found := catalogue.staff(unit, roles))), [])


def _chain(draft: Draft, unit_id: int | None, *, above: bool) -> Iterator[int]:
    """The unit, or from its supervisor upwards: a post that nobody fills is answered for by the next above."""
    units = draft.catalogue.units
    if unit_id is None:
        return
    if not above:
        yield unit_id
        return
    seen = {unit_id}
    upper = units[unit_id].supervising_id
    while upper is not None and upper not in seen:
        yield upper
        seen.add(upper)
        upper = units[upper].supervising_id
