"""Putting kept files with a case: along with the report, or later by people of ours; their hashes stand in the journal."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from models import Attachment, begin_write, connection_of, table
from rules.facts import FINAL, RELATIONS, STEP_OF, Actor, OrderState, Refused, Who
from services.attachments.files import Kept
from services.moves.draft import Draft, Row
from services.moves.intents import Setting
from services.moves.proof import NOTE_MAX, legible
from services.moves.snapshot import read_drafts
from services.moves.write import write_drafts

_attachment = table(Attachment)
STAGES: Final = ("report", "before", "after", "paper", "other")
AT_ONCE: Final = 9  #: files of one report, or added in one go: as many as a phone's chat sends together
MOST: Final = 99  #: files of one case
AFTER_THE_END: Final = frozenset({"paper", "other"})  #: what may still come when a case has ended
_TOUCHING: Final = (Who.CENTRE, Who.HOLDER, Who.VERIFIER)
_SEEING: Final = (Who.READER, Who.SIGNER)  #: who of ours may see a sensitive case
_OF_CASES = select(_attachment).where(_attachment.c.case_id.in_(bindparam("ids", expanding=True)))
_IN_ORDER = _OF_CASES.order_by(_attachment.c.case_id, _attachment.c.no)


@dataclass(frozen=True, slots=True)
class Belongs:
    """What some files show, and of which part of the case.

    Attributes:
        stage: One of `STAGES`.
        order_no: Work order they belong to; None: that of the unit of whoever adds them, if it has one.
        note: A sentence about them.
    """

    stage: str
    order_no: int | None = None
    note: str = ""


def check_number(pieces: Sequence[object]) -> None:
    """Refuse more files at once than people need.

    Raises:
        Refused: `too_many_files`.
    """
    if len(pieces) > AT_ONCE:
        raise Refused("too_many_files", most=AT_ONCE)


def add_with_reports(session: Session, pieces: Mapping[int, Sequence[Kept]], now: datetime, zone: tzinfo, by: Mapping[int, str]) -> None:
    """Put files with new cases, in the commit that opens them.

    Args:
        session: The unit of work.
        pieces: Case id → files.
        now: The instant.
        zone: Where cameras that gave no zone were.
        by: Case id → who handed it in.
    """
    rows = [
        {**_row(piece, zone), "case_id": i, "no": no, "stage": "report", "order_no": None, "note": "", "added_at": now, "added_by": by[i]}
        for i, found in pieces.items()
        for no, piece in enumerate(found, start=1)
    ]
    if rows:
        connection_of(session).execute(insert(_attachment), rows)


def attach(session: Session, case_id: int, pieces: Sequence[Kept], belongs: Belongs, actor: Actor, setting: Setting) -> list[int]:
    """Put files with a case that there is; one journal entry names their hashes.

    May be run twice: a file that is there already for the same stage is not added again.

    Returns:
        The numbers of the files within the case, in the order given.

    Raises:
        Refused: `unknown_case`, `restricted`, `no_files`, `too_many_files`, `unknown_attachment_stage`, `not_yours_to_attach`,
            `no_such_order`, `attached_too_late`, `text_too_long`, `text_unprintable`.
    """
    check_number(pieces)
    if not pieces:
        raise Refused("no_files")
    if belongs.stage not in STAGES:
        raise Refused("unknown_attachment_stage", given=belongs.stage, known=", ".join(STAGES))
    note = legible("note", belongs.note, NOTE_MAX)
    begin_write(session)
    draft = read_drafts(session, [case_id]).get(case_id)
    if draft is None:
        raise Refused("unknown_case", case=case_id)
    order_no = _order_of(draft, actor, belongs)
    there = attachments_of(session, [case_id]).get(case_id, [])
    about = {"case_id": case_id, "stage": belongs.stage, "order_no": order_no, "note": note}
    about |= {"added_at": setting.now, "added_by": actor.name}
    new, numbers = _numbered(pieces, there, about, draft.catalogue.zone)
    if new:
        _enter(draft, new, about, actor, setting)
        write_drafts(session, [draft])
        connection_of(session).execute(insert(_attachment), new)
    return numbers


def add_of_reporter(session: Session, draft: Draft, pieces: Sequence[Kept], actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Put files with a case that its reporter sends in later; the journal entry that tells of them is the caller's.

    Returns:
        What that entry says of them.

    Raises:
        Refused: `too_many_files`.
    """
    case_id = draft.case["id"]
    there = attachments_of(session, [case_id]).get(case_id, [])
    about = {"case_id": case_id, "stage": "report", "order_no": None, "note": "", "added_at": now, "added_by": actor.name}
    new, numbers = _numbered(pieces, there, about, draft.catalogue.zone)
    if new:
        connection_of(session).execute(insert(_attachment), new)
    return told(numbers, pieces)


def attachments_of(session: Session, case_ids: Sequence[int]) -> dict[int, list[Row]]:
    """The files of some cases, in order; a case that has none is left out."""
    found: dict[int, list[Row]] = defaultdict(list)
    for row in connection_of(session).execute(_IN_ORDER, {"ids": sorted(case_ids)}).mappings():
        found[row["case_id"]].append(dict(row))
    return dict(found)


def told(numbers: Sequence[int], pieces: Sequence[Kept]) -> list[dict[str, Any]]:
    """What a journal entry says of files: by number and hash, never by a name that somebody gave them."""
    return [{"no": no, "sha256": piece.sha256} for no, piece in zip(numbers, pieces, strict=True)]


def _order_of(draft: Draft, actor: Actor, belongs: Belongs) -> int | None:
    """The work order that the files belong to, once it is sure that this person may touch the case."""
    present = [no for no, order in draft.orders.items() if order["state"] != OrderState.RECALLED]
    own = [no for no in present if RELATIONS[Who.UNIT](actor, draft.facts(no))]
    facts = draft.facts()
    if facts.sensitive is not None and not any(RELATIONS[who](actor, facts) for who in _SEEING):
        raise Refused("restricted")
    if not own and not any(RELATIONS[who](actor, facts) for who in _TOUCHING):
        raise Refused("not_yours_to_attach")
    if draft.state in FINAL and belongs.stage not in AFTER_THE_END:
        raise Refused("attached_too_late", stage=belongs.stage)
    if belongs.order_no is not None and belongs.order_no not in present:
        raise Refused("no_such_order", order=belongs.order_no)
    return belongs.order_no if belongs.order_no is not None else (own[-1] if own else None)


def _numbered(pieces: Sequence[Kept], there: Sequence[Row], about: Row, zone: tzinfo) -> tuple[list[Row], list[int]]:
    """The rows to add, and the number of each file; one that is there for the same stage keeps its number."""
    known = {(row["stage"], row["order_no"], row["sha256_given"]): row["no"] for row in there}
    new: list[Row] = []
    numbers = []
    for piece in pieces:
        key = (about["stage"], about["order_no"], piece.given)
        if key not in known:
            known[key] = len(there) + len(new) + 1
            new.append({**_row(piece, zone), **about, "no": known[key]})
        numbers.append(known[key])
    if len(there) + len(new) > MOST:
        raise Refused("too_many_files", most=MOST)
    return new, numbers


def _enter(draft: Draft, new: Sequence[Row], about: Row, actor: Actor, setting: Setting) -> None:
    files = [{"no": row["no"], "sha256": row["sha256"]} for row in new]
    data = {"stage": about["stage"], "order": about["order_no"], "files": files}
    draft.run_id = setting.run_id
    data = {name: value for name, value in data.items() if value is not None}
    draft.enter(setting.now, actor, step=STEP_OF[draft.state].value, thing="case", action="attach", data=data)


def _row(piece: Kept, zone: tzinfo) -> Row:
    taken = piece.taken
    return {
        "name": piece.name,
        "media": piece.media,
        "sha256": piece.sha256,
        "sha256_given": piece.given,
        "size": piece.size,
        "width": piece.width,
        "height": piece.height,
        "taken_at": taken.moment(zone),
        "taken_lat": taken.place.lat if taken.place else None,
        "taken_lon": taken.place.lon if taken.place else None,
        "taken_accuracy_m": taken.accuracy_m,
    }
