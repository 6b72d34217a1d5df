"""Learning from what people have decided: the cases that somebody filed, and the words by which the categories are known."""

from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Case, Journal, connection_of, table
from rules.facts import SYSTEM, Refused, Thing
from services.catalogue import Catalogue, catalogue
from services.triage import storing
from services.triage.calibration import FOLDS
from services.triage.evaluation import unseen
from services.triage.rules_editing import check_person
from services.triage.texts import Lesson, Message, Prototype
from services.triage.training import Trained

LEAST: Final = 20  #: confirmed decisions without which nothing is learned
MOST: Final = 2000  #: newest decisions that are learned from: of older ones, the district's ways may have changed
FILING: Final = ("file", "refile", "self_handle")
_case, _journal = table(Case), table(Journal)
_LAST: Final = (
    select(_journal.c.case_id, func.max(_journal.c.seq).label("seq"))
    .where(_journal.c.thing == Thing.CASE.value, _journal.c.action.in_(FILING))
    .group_by(_journal.c.case_id)
    .subquery()
)
#: Cases whose category was last given by a person. Sensitive ones are never learned from: what is learned is shown to others.
_DECIDED: Final = (
    select(_case.c.id, _case.c.subject, _case.c.body, _case.c.category, _case.c.requester_id, _journal.c.actor)
    .join(_LAST, _LAST.c.case_id == _case.c.id)
    .join(_journal, (_journal.c.case_id == _LAST.c.case_id) & (_journal.c.seq == _LAST.c.seq))
    .where(_journal.c.actor != SYSTEM.name, _case.c.category.is_not(None), _case.c.sensitive.is_(None))
)


def decided(session: Session) -> list[Message]:
    """The newest confirmed decisions, newest first."""
    rows = connection_of(session).execute(_DECIDED.order_by(_case.c.id.desc()).limit(MOST))
    return [Message(str(r.id), f"r{r.requester_id}" if r.requester_id else f"c{r.id}", r.subject, r.body, r.category) for r in rows]


def decisions(session: Session) -> int:
    """How many confirmed decisions there are."""
    return int(connection_of(session).execute(select(func.count()).select_from(_DECIDED.subquery())).scalar_one())


def lesson(session: Session) -> Lesson:
    """Everything there is to learn from now.

    Raises:
        Refused: `too_few_decisions`.
    """
    known = catalogue(session)
    messages = [m for m in decided(session) if m.label in known.offered]
    authors, labels = {m.author for m in messages}, {m.label for m in messages}
    if len(messages) < LEAST or len(authors) < FOLDS or len(labels) < 2:
        raise Refused("too_few_decisions", count=len(messages), least=LEAST, people=FOLDS)
    return Lesson(messages, prototypes(known), tuple(sorted(known.offered)))


def prototypes(known: Catalogue) -> list[Prototype]:
    """What each category is known by before anybody has filed a case under it: its name, and the words of its rules."""
    names = [Prototype(each.name.zh, code) for code, each in sorted(known.offered.items())]
    return names + [Prototype("，".join(rule.words), rule.category) for rule in known.triage_rules]


def keep(session: Session, trained: Trained, by: str, now: datetime) -> int:
    """Store what was learned, and let it suggest from now on.

    Returns:
        The id of the model.

    Raises:
        Refused: `unknown_user`, `not_your_rules`.
    """
    check_person(session, by)
    figures = unseen(trained, trained.model.classes)
    return storing.store(session, trained.model, figures, len(trained.truth), by, now)
