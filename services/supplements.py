"""What a reporter adds to a case that is under way (追加说明): words, photos, a wish to be called; whoever has to act next hears of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from models import Supplement, begin_write, connection_of, table
from rules.facts import FINAL, OPEN_ORDER, STEP_OF, Actor, OrderState, Refused
from services.attachments import Kept, check_number
from services.attachments.adding import add_of_reporter
from services.choices import WITH_UNITS, waited_for
from services.moves.draft import Draft
from services.moves.intents import Setting
from services.moves.messages import tell
from services.moves.proof import legible
from services.moves.snapshot import read_drafts
from services.moves.write import write_drafts
from services.privacy.masking import masked

WORDS_MAX: Final = 1000  #: characters
MOST: Final = 20  #: of one reporter and case
_supplement = table(Supplement)


@dataclass(frozen=True, slots=True)
class Said:
    """What is added.

    Attributes:
        key: Of the form: the same key twice is one.
        words: In the reporter's own words.
        call_back: Would like to be called.
        files: Photos, kept already.
    """

    key: str
    words: str = ""
    call_back: bool = False
    files: tuple[Kept, ...] = field(default=(), repr=False)


def add(session: Session, case_id: int, said: Said, requester_id: int, setting: Setting) -> bool:
    """Put what a reporter adds with the case: a journal entry, photos, a notice to whoever has to act next. May be run twice.

    The words stand in their own row, not in the journal, which forgets nothing; they go when the case is anonymised.

    Args:
        session: The unit of work; committed by the caller.
        case_id: The case.
        said: What is added.
        requester_id: One of the reporters of the case.
        setting: The instant.

    Returns:
        Whether it is new.

    Raises:
        Refused: `unknown_case`, also for somebody who is no reporter of it; `supplement_too_late`, `supplement_empty`,
            `supplement_too_many`, `too_many_files`, `text_too_long`, `text_unprintable`.
    """
    words = legible("words", said.words, WORDS_MAX)
    check_number(said.files)
    if not (words or said.files or said.call_back):
        raise Refused("supplement_empty")
    begin_write(session)
    draft = read_drafts(session, [case_id]).get(case_id)
    if draft is None or requester_id not in draft.reporter_ids():
        raise Refused("unknown_case", case=case_id)
    if _known(session, said.key):
        return False
    _check(session, draft, requester_id)
    actor = Actor("resident", resident_id=requester_id)
    files = add_of_reporter(session, draft, said.files, actor, setting.now) if said.files else []
    data = {"files": files or None, "call_back": said.call_back or None, "words": len(words) or None}
    draft.run_id = setting.run_id
    told = {name: value for name, value in data.items() if value is not None}
    seq = draft.enter(setting.now, actor, step=STEP_OF[draft.state].value, thing="case", action="supplement", data=told)
    for unit in _concerned(draft):
        tell(draft, "call_wanted" if said.call_back else "supplemented", setting.now, unit_id=unit)
    write_drafts(session, [draft])
    row = {"case_id": case_id, "seq": seq, "key": said.key, "requester_id": requester_id, "at": setting.now, "words": words}
    connection_of(session).execute(insert(_supplement).values(**row, call_back=said.call_back))
    return True


def _known(session: Session, key: str) -> bool:
    return connection_of(session).execute(select(_supplement.c.seq).where(_supplement.c.key == key)).first() is not None


def _check(session: Session, draft: Draft, requester_id: int) -> None:
    if draft.state in FINAL:
        raise Refused("supplement_too_late")
    mine = (_supplement.c.case_id == draft.case["id"], _supplement.c.requester_id == requester_id)
    if connection_of(session).execute(select(func.count()).select_from(_supplement).where(*mine)).scalar_one() >= MOST:
        raise Refused("supplement_too_many", most=MOST)


def _concerned(draft: Draft) -> list[int]:
    """Units that work on it; where nobody does, the one that everybody waits for, at last the desk."""
    working = [o["unit_id"] for o in draft.orders.values() if OrderState(o["state"]) in OPEN_ORDER] if draft.state in WITH_UNITS else []
    unit = waited_for(draft) or draft.catalogue.desk_id
    return list(dict.fromkeys(working)) or ([unit] if unit is not None else [])


def supplements_of(session: Session, case_id: int, requester_id: int | None = None) -> list[Mapping[str, Any]]:
    """What was added to a case, oldest first: when, words with numbers blotted out, whether a call is wanted.

    Args:
        session: The unit of work; nothing is changed.
        case_id: The case; only for somebody who may open it.
        requester_id: Only what this reporter has added; None: everybody.
    """
    wanted = select(_supplement.c.at, _supplement.c.words, _supplement.c.call_back).where(_supplement.c.case_id == case_id)
    if requester_id is not None:
        wanted = wanted.where(_supplement.c.requester_id == requester_id)
    rows = connection_of(session).execute(wanted.order_by(_supplement.c.seq)).mappings()
    return [dict(row) | {"words": masked(row["words"])} for row in rows]
