"""Sealed notes of a subject file: written by those who keep the file, read by few, every look on record in the commit that shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from models import AdminEntry, SubjectNote, begin_write, connection_of, table
from rules.facts import STAFF, Actor, Refused
from services.catalogue import Catalogue, catalogue
from services.moves.affairs.subject_tiers import note_kinds
from services.moves.proof import legible
from services.people.rights import on_record
from services.privacy.masking import masked
from services.subjects.reference import file_of

_note, _admin = table(SubjectNote), table(AdminEntry)
LOOK: Final = "subject_look"
NOTE_MAX: Final = 2000  #: characters
REASON_MAX: Final = 200  #: characters


@dataclass(frozen=True, slots=True)
class Note:
    """A sealed note, opened for somebody who may read it."""

    kind: str
    text: str
    written_at: datetime
    written_by: str


def write_note(session: Session, no: str, kind: str, text: str, user: str, now: datetime) -> None:
    """Add a sealed note; writing one shows none.

    Args:
        session: The unit of work.
        no: Number of the file.
        kind: One of seeds/subjects.toml: identity, health, track, family, other.
        text: What is sensitive; encrypted, and never in the journal.
        user: Somebody of the unit whose file it is, of the unit that looks, or a named reader.
        now: The instant.

    Raises:
        Refused: `unknown_affair`, `mechanism_off`, `subject_ended`, `note_kind_unknown`, `note_empty`, `text_too_long`,
            `text_unprintable`, `notes_not_yours`, `unknown_user`, `left`.
    """
    known = catalogue(session)
    actor = known.actor(user)
    ref, file, parts = file_of(session, no)
    if file["ended_at"] is not None:
        raise Refused("subject_ended", affair=ref.no)
    units = {file["unit_id"], *(p["unit_id"] for p in parts if p["thing"] == "look")}
    if not (actor.roles & STAFF and units & set(actor.body)) and not _may_read(file, actor, known):
        raise Refused("notes_not_yours", user=user)
    keep(session, ref.case_id, ref.seq, kind, text, actor, now)


def keep(session: Session, case_id: int, seq: int, kind: str, text: str, actor: Actor, now: datetime) -> None:
    """Seal a note of the file that this journal entry opened; who may is for the caller to know.

    Raises:
        Refused: `note_kind_unknown`, `note_empty`, `text_too_long`, `text_unprintable`.
    """
    if kind not in note_kinds():
        raise Refused("note_kind_unknown", given=kind, known=", ".join(note_kinds()))
    kept = legible("note", text, NOTE_MAX)
    if not kept:
        raise Refused("note_empty")
    begin_write(session)
    row = {"case_id": case_id, "seq": seq, "kind": kind, "text": kept, "written_at": now, "written_by": actor.name}
    connection_of(session).execute(insert(_note).values(row))


def read_notes(session: Session, no: str, user: str, reason: str, now: datetime, *, kinds: Sequence[str] = ()) -> list[Note]:
    """The sealed notes of a file, oldest first; who looked at what and why goes on record in this commit.

    Args:
        session: The unit of work; committed by the caller, or nothing may be shown.
        no: Number of the file.
        user: A named reader, or the head of the 网格中心 of its area.
        reason: Why; kept without numbers of people that somebody writes into it.
        now: The instant.
        kinds: Only these; none: all.

    Raises:
        Refused: `look_reason_missing`, `unknown_affair`, `mechanism_off`, `notes_not_yours`, `unknown_user`, `left`.
    """
    if not reason.strip():
        raise Refused("look_reason_missing")
    known = catalogue(session)
    actor = known.actor(user)
    begin_write(session)
    ref, file, _ = file_of(session, no)
    if not _may_read(file, actor, known):
        raise Refused("notes_not_yours", user=user)
    wanted = (_note.c.case_id == ref.case_id, _note.c.seq == ref.seq, *([_note.c.kind.in_(kinds)] if kinds else []))
    rows = connection_of(session).execute(select(_note).where(*wanted).order_by(_note.c.id))
    found = [Note(row.kind, row.text, row.written_at, row.written_by) for row in rows]
    why = masked(legible("reason", reason, REASON_MAX))
    on_record(session, actor.name, LOOK, ref.no, {"reason": why, "kinds": sorted({n.kind for n in found}), "notes": len(found)}, now)
    return found


def looks_at(session: Session, no: str, reader: Actor | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Who has looked at the sealed notes of a file and why, newest first: at, user, reason, kinds, notes.

    Args:
        session: The unit of work.
        no: Number of the file.
        reader: Who asks: whoever may read the notes, or the head of the unit whose file it is; None: the program itself.
        limit: How many at most.

    Raises:
        Refused: `unknown_affair`, `mechanism_off`, `restricted`, `looks_not_yours`.
    """
    ref, file, _ = file_of(session, no, reader)
    heads = reader is not None and "head" in reader.roles and file["unit_id"] in reader.body
    if reader is not None and not heads and not _may_read(file, reader, catalogue(session)):
        raise Refused("looks_not_yours", user=reader.name)
    query = select(_admin).where(_admin.c.action == LOOK, _admin.c.subject == ref.no).order_by(_admin.c.id.desc()).limit(limit)
    return [{"at": row.at, "user": row.actor, **row.data} for row in connection_of(session).execute(query)]


def _may_read(file: dict[str, Any], actor: Actor, known: Catalogue) -> bool:
    """Named readers, and the head of a 网格中心 that covers the place; nobody else, whatever the rank."""
    named = actor.user_id is not None and actor.user_id in file["data"]["readers"]
    return named or ("head" in actor.roles and actor.covers in known.line(file["area_unit_id"]))
