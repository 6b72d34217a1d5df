"""How triage stands: what was suggested and chosen, where people disagreed, which model suggests."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Case, TriageSuggestion, connection_of, table
from services.triage import storing
from services.triage.learning import decisions
from services.triage.meaning import semantic_state

SHOWN: Final = 50  #: disagreements that are listed
_case, _suggestion = table(Case), table(TriageSuggestion)
_COUNTS: Final = (
    select(_suggestion.c.origin, _suggestion.c.abstained, _suggestion.c.agreed, func.count().label("n"))
    .where(_suggestion.c.chosen.is_not(None))
    .group_by(_suggestion.c.origin, _suggestion.c.abstained, _suggestion.c.agreed)
)
_DIFFERENT: Final = (
    select(_case.c.no, _suggestion.c.top, _suggestion.c.origin, _suggestion.c.chosen, _suggestion.c.chosen_by, _suggestion.c.chosen_at)
    .join(_case, _case.c.id == _suggestion.c.case_id)
    .where(_suggestion.c.agreed.is_(False))
    .order_by(_suggestion.c.chosen_at.desc(), _suggestion.c.case_id.desc())
    .limit(SHOWN)
)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A case that a person filed otherwise than was suggested."""

    no: str
    suggested: str
    probability: float | None
    words: tuple[str, ...]
    origin: str
    chosen: str
    chosen_by: str
    chosen_at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """How people judged suggestions.

    Attributes:
        chosen: Cases that a person filed after a suggestion.
        sure: Those of them where the suggestion was sure.
        sure_agreed: Those of them where the person agreed.
        agreed: All where the person chose what was suggested first.
    """

    chosen: int
    sure: int
    sure_agreed: int
    agreed: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How triage stands.

    Attributes:
        model: What is on record about the model that suggests; None: none was learned.
        damaged: Its bytes are not those that were stored: only rules suggest.
        decisions: Confirmed decisions there are to learn from.
        semantic: Whether embeddings can be used here.
        tally: How people judged suggestions.
    """

    model: dict[str, Any] | None
    damaged: bool
    decisions: int
    semantic: str
    tally: Tally


def tally(session: Session) -> Tally:
    """How people judged the suggestions, so far."""
    rows = connection_of(session).execute(_COUNTS).all()
    sure = [r for r in rows if not r.abstained]
    return Tally(
        chosen=sum(r.n for r in rows),
        sure=sum(r.n for r in sure),
        sure_agreed=sum(r.n for r in sure if r.agreed),
        agreed=sum(r.n for r in rows if r.agreed),
    )


def disagreements(session: Session) -> list[Disagreement]:
    """The newest cases that a person filed otherwise than was suggested, newest first."""
    return [
        Disagreement(
            row.no,
            row.top[0]["category"],
            row.top[0]["probability"],
            tuple(row.top[0]["words"]),
            row.origin,
            row.chosen,
            row.chosen_by,
            row.chosen_at,
        )
        for row in connection_of(session).execute(_DIFFERENT)
    ]


def standing(session: Session) -> Standing:
    """How triage stands now."""
    model_id, model = storing.active_model(session)
    row = storing.about(session, model_id) if model_id is not None else None
    return Standing(
        model=dict(row._mapping) if row is not None else None,
        damaged=model_id is not None and model is None,
        decisions=decisions(session),
        semantic=semantic_state(),
        tally=tally(session),
    )
