"""Calling residents back (回访): who is still to be asked, and what they said; never asked by who handled the case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import CallBack, Case, begin_write, connection_of, table
from rules.facts import STEP_OF, Actor, Refused
from services.catalogue import Catalogue, catalogue
from services.moves import Row, read_drafts, write_drafts
from services.moves.messages import tell
from services.moves.proof import legible
from services.moves.rating import is_bad
from services.privacy.seeing import may_open
from services.ratings.samples import only_centre
from services.ratings.slips import may_ask
from services.reading import case_id_of

NOTE_MAX: Final = 500
_case, _call = table(Case), table(CallBack)
#: Of the case: what is shown, and what decides who may see it.
_SHOWN: Final = ("no", "subject")
_DECIDES: Final = ("sensitive", "readers", "requester_id", "area_unit_id")
#: What is not shown of a sensitive case: its words, what kind of thing it is and what was answered.
_OF_PEOPLE: Final = ("subject", "stratum", "note", "reached", "solved", "score")


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of one call.

    Attributes:
        reached: Whether anybody was.
        solved: Whether it is solved, if anybody was.
        score: 1 very dissatisfied to 5 very satisfied; None: not said.
        note: In his own words.
    """

    reached: bool
    solved: bool | None = None
    score: int | None = None
    note: str = ""


def record(session: Session, no: str, heard: Heard, actor: Actor, now: datetime) -> None:
    """Write down what a resident of the sample said; the centre hears at once of who is not content.

    Args:
        session: The unit of work; committed by the caller.
        no: Number of the case.
        heard: What was said.
        actor: Who called: the centre or staff over the place, of a unit that did not handle it.
        now: The instant, aware UTC.

    Raises:
        Refused: `unknown_case`, `not_drawn`, `call_back_done`, `answer_missing`, `text_too_long`, `text_unprintable`, `restricted`,
            `not_yours`, `rates_own_work`.
    """
    begin_write(session)
    case_id = case_id_of(session, no)
    _open(session, case_id, no)
    if heard.reached == (heard.solved is None):
        raise Refused("answer_missing")
    drafts = read_drafts(session, [case_id])
    draft, note = drafts[case_id], legible("note", heard.note, NOTE_MAX)
    may_ask(draft, actor)
    said = {"reached": heard.reached, "solved": heard.solved, "score": heard.score, "note": note}
    values = {"done_at": now, "done_by": actor.name, **said}
    connection_of(session).execute(update(_call).where(_call.c.case_id == case_id).values(values))
    draft.enter(now, actor, step=STEP_OF[draft.state].value, thing="case", action="called_back", data={"reached": heard.reached})
    if heard.reached and is_bad({"solved": heard.solved, "score": heard.score}):
        lead = draft.lead()
        tell(draft, "call_back_bad", now, unit_id=draft.catalogue.desk_id, shown_unit_id=lead["unit_id"] if lead else None)
    write_drafts(session, drafts.values())


def _open(session: Session, case_id: int, no: str) -> None:
    found = connection_of(session).execute(select(_call.c.done_at).where(_call.c.case_id == case_id)).first()
    if found is None:
        raise Refused("not_drawn", no=no)
    if found.done_at is not None:
        raise Refused("call_back_done", no=no)


def call_backs(session: Session, actor: Actor, draw: str | None = None, *, open_only: bool = False) -> list[Row]:
    """The sample as the centre looks at it, in the order of the draws; of a sensitive case the number only, to who may not open it.

    Raises:
        Refused: `centre_only`.
    """
    known = catalogue(session)
    only_centre(known, actor)
    of_case = (_case.c[name] for name in _SHOWN + _DECIDES)
    wanted: Any = select(*_call.c, *of_case).join(_case, _case.c.id == _call.c.case_id).order_by(_call.c.id)
    if draw is not None:
        wanted = wanted.where(_call.c.draw == draw)
    if open_only:
        wanted = wanted.where(_call.c.done_at.is_(None))
    return [_as_seen(row, actor, known) for row in connection_of(session).execute(wanted).mappings()]


def _as_seen(row: Mapping[Any, Any], actor: Actor, known: Catalogue) -> Row:
    told = {name: value for name, value in row.items() if name not in ("id", "case_id", *_DECIDES)}
    return told if may_open(row, actor, known) else told | dict.fromkeys(_OF_PEOPLE)
