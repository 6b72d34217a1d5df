"""Who takes part in a meeting or a dispute: units, people of the staff, residents; how they are asked and told."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from rules.facts import Refused, Thing
from rules.handling.agreeing import VoiceState
from services.moves.act import Act
from services.moves.affairs.base import add_part, tell_party, tell_unit
from services.moves.affairs.given import check_size, whole
from services.moves.draft import Draft, Row

_WHO: Final = ("unit", "staff", "resident")


def add_voices(draft: Draft, act: Act, seq: int, voices: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Add those who take part: each a `unit`, a `staff`, a `resident` (ids), or nobody on record; with `role`, `label`, `area_dm2`.

    Raises:
        Refused: `voice_twice`, `unknown_unit`, `unit_retired`, `unknown_person`; nothing is added then.
    """
    wanted = [_checked(draft, voice) for voice in voices]
    there = [_key(v["unit_id"], v["staff_id"], v["requester_id"]) for v in draft.parts_of(seq, Thing.VOICE)]
    keys = there + [_key(v["unit_id"], v["staff_id"], v["requester_id"]) for v in wanted]
    known = [key for key in keys if any(key)]
    if len(set(known)) < len(known):
        raise Refused("voice_twice")
    return [add_part(draft, act, seq, Thing.VOICE, VoiceState.INVITED, **values) for values in wanted]


def _key(*who: int | None) -> tuple[int | None, ...]:
    return who


def _checked(draft: Draft, voice: Mapping[str, Any]) -> Row:
    for name in (*_WHO, "area_dm2"):
        if voice.get(name) is not None:
            check_size(whole(voice, name, "voices"))
    unit, staff, resident = (voice.get(name) for name in _WHO)
    if unit is not None:
        draft.catalogue.check_present(unit)
    if staff is not None and staff not in draft.catalogue.by_id:
        raise Refused("unknown_person", person=staff)
    role = str(voice.get("role") or "")[:20]
    title = str(voice.get("label") or "")[:120]
    data = {"side": True} if voice.get("side") else {}
    ids = {"unit_id": unit, "staff_id": staff, "requester_id": resident}
    return {**ids, "role": role, "title": title, "area_dm2": voice.get("area_dm2"), "data": data}


def voices_of(draft: Draft, seq: int) -> list[Row]:
    """Who takes part, in the order in which they were added."""
    return draft.parts_of(seq, Thing.VOICE)


def units_of(draft: Draft, unit_id: int | None, staff_id: int | None) -> set[int]:
    """The units that somebody who takes part speaks for: the unit, or the one that the person works for."""
    person = draft.catalogue.by_id.get(staff_id) if staff_id is not None else None
    own = {person.unit_id} if person is not None else set()
    return {unit for unit in (unit_id, *own) if unit is not None}


def ask(draft: Draft, now: datetime, row: Row, part: Row, news: str, **values: object) -> None:
    """Ask whose part it is for something: a resident by the words for residents, anybody else with the moment of the clock."""
    if part["staff_id"] is None and part["requester_id"] is None and part["unit_id"] is None:
        tell_unit(draft, "affair_news", now, row["unit_id"], row, part, news=news, **values)
    else:
        tell_party(draft, "affair_resident" if part["requester_id"] else "affair_asked", now, row, part, news=news, **values)


def tell_all(draft: Draft, now: datetime, row: Row, news: str, **values: object) -> None:
    """Tell everybody who takes part and can be reached; each once."""
    for part in voices_of(draft, row["seq"]):
        if part["requester_id"] or part["staff_id"] or part["unit_id"]:
            tell_party(draft, "affair_resident" if part["requester_id"] else "affair_news", now, row, part, news=news, **values)
