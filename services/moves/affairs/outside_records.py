"""约谈、不良记录: what the moves of records about organisations outside change, and who is told."""

from collections.abc import Mapping
from typing import Final, cast

from rules.facts import Refused, Thing
from rules.handling.outside_records import RecordState
from services.catalogue import Catalogue
from services.moves.act import Act, Effect
from services.moves.affairs.base import affair_of, legible_words, open_affair, tell_unit, when
from services.moves.draft import Draft
from services.moves.proof import attach, legible

LONGEST: Final = {"organisation": 60, "reason": 1000, "basis": 500}
ANSWER_MAX: Final = 1000
OUTSIDE: Final = frozenset({"PROPERTY"})  #: kinds of unit that are organisations outside and no body of residents


def organisation_of(known: Catalogue, text: str) -> int | None:
    """The unit that an organisation is here, by its code or its name in either language; None: it has no access here."""
    written = text.strip()
    if written in known.unit_ids:
        return known.unit_ids[written]
    named = [u.id for u in known.units.values() if not u.retired and written in (known.names[u.id].zh, known.names[u.id].en)]
    return named[0] if len(named) == 1 else None


def _record(draft: Draft, act: Act) -> None:
    """Put something on record: `form`, `organisation` (its name), `unit` (its id, where it has access here), `reason`, `basis`.

    Besides, where given: `at` (when it was), `until` (until when it counts), `evidence`. A bad record says until when it counts.
    """
    known, own = draft.catalogue, act.actor.unit_id
    if own is None or own in known.gentle:
        raise Refused("may_not_record")
    unit_id = cast("int | None", act.args.get("unit")) or organisation_of(known, act.text("organisation"))
    if unit_id is not None:
        known.check_present(unit_id)
    if unit_id is not None and known.units[unit_id].kind not in OUTSIDE:
        raise Refused("not_outside", unit=known.units[unit_id].code)
    texts = {name: legible(name, act.text(name), most) for name, most in LONGEST.items()}
    at, until = when(act, "at"), when(act, "until")
    if act.text("form") == "bad_record" and until is None:
        raise Refused("record_until_missing")
    if until is not None and until <= (at or act.now):
        raise Refused("record_until_past", given=act.text("until"))
    seq = draft.case["seq"] + 1
    attach(draft, act, seq, "before")
    data = {"unit": unit_id, "organisation": texts["organisation"], "basis": texts["basis"]}
    title, moments = texts["organisation"], {"at": at or act.now, "until": until}
    open_affair(
        draft,
        act,
        Thing.RECORD,
        RecordState.IN_FORCE,
        form=act.text("form"),
        title=title,
        body=texts["reason"],
        unit_id=own,
        data=data,
        **moments,
    )


def _object(draft: Draft, act: Act) -> None:
    row = affair_of(draft, act)
    said = {"objected_by": act.actor.name, "objected_at": act.now.isoformat(), "objection": legible_words(act, "reason")}
    row["data"] = {**row["data"], **said}


def _decide(draft: Draft, act: Act) -> None:
    row = affair_of(draft, act)
    answer = legible("reason", act.text("reason"), ANSWER_MAX)
    row["data"] = {**row["data"], "decided_by": act.actor.name, "decided_at": act.now.isoformat(), "answer": answer}
    row["result"] = answer


def _lift(draft: Draft, act: Act) -> None:
    affair_of(draft, act)["result"] = legible_words(act, "reason")


def _tell_organisation(news: str) -> Effect:
    """The organisation hears, where it has access here; any other is told on paper by whoever keeps the record."""

    def effect(draft: Draft, act: Act) -> None:
        row = draft.affairs[act.no if act.no is not None else max(draft.new_affairs)]
        if row["data"]["unit"] is not None:
            tell_unit(draft, "affair_told", act.now, row["data"]["unit"], row, news=news)

    return effect


def _tell_desk(draft: Draft, act: Act) -> None:
    row = draft.affairs[cast(int, act.no)]
    tell_unit(draft, "affair_asked", act.now, draft.catalogue.desk_id, row, news="record_objected")


Key = tuple[Thing, str]
EFFECTS: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "record_outside"): _record,
    (Thing.RECORD, "object_record"): _object,
    (Thing.RECORD, "uphold_objection"): _decide,
    (Thing.RECORD, "reject_objection"): _decide,
    (Thing.RECORD, "lift_record"): _lift,
}
TOLD: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "record_outside"): _tell_organisation("record_made"),
    (Thing.RECORD, "object_record"): _tell_desk,
    (Thing.RECORD, "uphold_objection"): _tell_organisation("record_lifted"),
    (Thing.RECORD, "reject_objection"): _tell_organisation("record_stays"),
    (Thing.RECORD, "lift_record"): _tell_organisation("record_lifted"),
}
