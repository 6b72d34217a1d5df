"""Opening a subject file: under a code and never a name; whose it is stands in a sealed note."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Affair, connection_of, table
from rules.facts import Actor, Refused
from services.affairs import Plan, begin
from services.affairs.askers import requester_for
from services.catalogue import Catalogue, catalogue
from services.intake import alone
from services.mechanisms import require
from services.moves import Setting
from services.subjects.notes import keep
from services.subjects.reference import FORMS

_affair = table(Affair)
IDENTITY: Final = "identity"


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody or something to be looked after.

    Attributes:
        form: `household` (a household or a person) or `enterprise`.
        code: What the file is called by everybody, e.g. 晨光1-03-501; no name of a person.
        tier: 1 (seldom looked at) to 4 (day and night).
        area: Code of the unit in whose area it lies; None: that of whoever opens it.
        kind: Variety in words, e.g. 独居老人, 餐饮; seen by everybody.
        identity: Whose file it is; sealed.
        phone, name: Of the enterprise's person who confirms what is written off; None: nobody, then the staff say how they heard it.
        readers: User names of those who may read the sealed notes.
    """

    form: str
    code: str
    tier: int = 1
    area: str | None = None
    kind: str = ""
    place: str = ""
    identity: str = ""
    phone: str | None = None
    name: str | None = None
    readers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was opened, or that was open already."""

    no: str
    known: bool


def open_subject(session: Session, subject: Subject, actor: Actor, setting: Setting) -> Opened:
    """Open a file; safe to repeat: the same code of the same form in the same area is one file as long as it is not ended.

    Raises:
        Refused: `unknown_subject_form`, `mechanism_off`, `tier_missing`, `subject_title_missing`, `file_names_person`, `unknown_user`,
            `bad_phone`, and what opening an affair says.
    """
    if subject.form not in FORMS:
        raise Refused("unknown_subject_form", given=subject.form, known=", ".join(FORMS))
    thing, mechanism, action = FORMS[subject.form]
    require(session, mechanism)
    alone(session)
    here = _affair.c.area_unit_id == _area_id(catalogue(session), subject, actor)
    same = (_affair.c.thing == thing.value, _affair.c.title == subject.code.strip(), _affair.c.ended_at.is_(None), here)
    there = connection_of(session).execute(select(_affair.c.no).where(*same)).scalar()
    if there is not None:
        return Opened(str(there), known=True)
    began = begin(session, Plan(action, _args(session, subject)), actor, setting, subject.area)
    if subject.identity.strip():
        keep(session, began.case_id, began.seq, IDENTITY, subject.identity, actor, setting.now)
    return Opened(began.no, known=False)


def _area_id(known: Catalogue, subject: Subject, actor: Actor) -> int | None:
    """Where the file lies: as is said, else where whoever opens it is at work, else the district; None: there is no such place."""
    if subject.area is not None:
        return known.unit_ids.get(subject.area)
    return next((u for u in (actor.covers, *actor.unit_line) if u and known.units[u].code in known.areas), known.district_id)


def _args(session: Session, subject: Subject) -> dict[str, Any]:
    return {
        "title": subject.code.strip(),
        "tier": subject.tier,
        "kind": subject.kind or None,
        "place": subject.place or None,
        "asker": requester_for(session, subject.phone, subject.name) if subject.phone else None,
        "readers": _ids(catalogue(session), subject.readers) or None,
    }


def _ids(known: Catalogue, names: Sequence[str]) -> tuple[int, ...]:
    actors = [known.actor(name) for name in names]
    return tuple(actor.user_id for actor in actors if actor.user_id is not None)
