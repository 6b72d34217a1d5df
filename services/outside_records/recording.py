"""Putting something on record about organisations outside: a whole list in a few statements, all of it or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Affair, connection_of, table
from rules.facts import Actor, Facts, State, Thing
from rules.lifecycle import allowed
from services.affairs import find as find_affair
from services.affairs.whose import naming_whose
from services.catalogue import Catalogue, catalogue
from services.intake import Report, submit
from services.mechanisms import require
from services.moves import Intent, Moved, Setting, make_moves, one
from services.moves.affairs.outside_records import organisation_of
from wording import say

CODE: Final = "outside_records"  #: the mechanism
SOURCE: Final = "affair"
ACTION: Final = "record_outside"
_affair = table(Affair)


@dataclass(frozen=True, slots=True)
class Record:
    """What is put on record.

    Attributes:
        form: `interview` or `bad_record`.
        organisation: Code of a unit outside, or the name of a company that has no access here.
        reason: What it is about.
        basis: The rule that it rests on.
        at: When it was; None: now.
        until: Until when it counts; a bad record must have it.
        evidence: What shows it: sentences, and kept files (`Kept.as_evidence`).
    """

    form: str
    organisation: str
    reason: str
    basis: str
    at: datetime | None = None
    until: datetime | None = None
    evidence: tuple[str | Mapping[str, Any], ...] = ()


def record(session: Session, wanted: Sequence[Record], actor: Actor, setting: Setting) -> list[str]:
    """Put on record, all or nothing; the organisations that have access here hear of it.

    Args:
        session: The unit of work; must be given up when this raises.
        wanted: The records.
        actor: Somebody of a unit that may.
        setting: The instant.

    Returns:
        Their numbers, in order.

    Raises:
        Refused: `mechanism_off`, `not_yours`, `record_form_missing`, `record_basis_missing`, `may_not_record`, `not_outside`,
            `record_until_missing`, `record_until_past`, `text_too_long`.
    """
    require(session, CODE)
    known = catalogue(session)
    facts = Facts(State.BESIDE, "P3", area_line=known.line(known.district_id))
    args = [_args(known, each) for each in wanted]
    for each in args:
        allowed(Thing.CASE, ACTION, facts, actor, each)
    reports = [Report(_title(each), _title(each), source=SOURCE) for each in args]
    files = submit(session, reports, setting, actor, state=State.BESIDE)
    intents = [Intent(file.case_id, ACTION, actor, args=each) for file, each in zip(files, args, strict=True)]
    for outcome in make_moves(session, intents, setting) if intents else ():
        if not isinstance(outcome, Moved):
            raise outcome
    ids = [file.case_id for file in files]
    numbers = {row.case_id: row.no for row in connection_of(session).execute(select(_affair).where(_affair.c.case_id.in_(ids)))}
    return [str(numbers[i]) for i in ids]


def _title(args: Mapping[str, Any]) -> str:
    form = say(f"record_form.{args['form']}", "zh")
    return f"{form} {args['organisation']}"[:200]


def _args(known: Catalogue, wanted: Record) -> dict[str, Any]:
    """What the move takes: an organisation that has access here by its unit, under its own name, any other by its name."""
    unit = organisation_of(known, wanted.organisation)
    given = {
        "form": wanted.form,
        "organisation": known.names[unit].zh if unit is not None else wanted.organisation.strip(),
        "unit": unit,
        "reason": wanted.reason,
        "basis": wanted.basis,
        "at": wanted.at.isoformat() if wanted.at else None,
        "until": wanted.until.isoformat() if wanted.until else None,
        "before": wanted.evidence or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def act(session: Session, no: str, action: str, actor: Actor, setting: Setting, **args: Any) -> Moved:  # noqa: ANN401 - of the move
    """Object to a record, decide about the objection, lift a record.

    Raises:
        Refused: `mechanism_off`, `unknown_affair`, and what the table says.
    """
    require(session, CODE)
    ref = find_affair(session, no, Thing.RECORD)
    with naming_whose(session, ref.case_id, ref.seq):
        return one(make_moves(session, [Intent(ref.case_id, action, actor, Thing.RECORD, ref.seq, args)], setting))
