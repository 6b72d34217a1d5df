"""Suggesting a category to whoever triages: the rules of words and the learned model together, and what the person made of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from models import Case, TriageSuggestion, begin_write, connection_of, table
from rules.facts import SYSTEM
from rules.triage import Claim, claim, urgency_of
from services.catalogue import Catalogue, catalogue
from services.mechanisms import is_on
from services.triage.calibration import NOTHING_SURE
from services.triage.model import TOP, Candidate, Learned
from services.triage.storing import active_model

EMERGENCY: Final = "P0"
RULE, MODEL, BOTH = "rule", "model", "both"
_case, _suggestion = table(Case), table(TriageSuggestion)
_TEXTS: Final = (
    select(_case.c.id, _case.c.subject, _case.c.body).where(_case.c.id.in_(bindparam("ids", expanding=True))).order_by(_case.c.id)
)
_NUMBERS: Final = select(_case.c.id, _case.c.no).where(_case.c.id.in_(bindparam("ids", expanding=True)), _case.c.sensitive.is_(None))
_LAST: Final = (
    select(_suggestion.c.case_id, func.max(_suggestion.c.no))
    .where(_suggestion.c.case_id.in_(bindparam("ids", expanding=True)))
    .group_by(_suggestion.c.case_id)
)
_CHOSEN: Final = update(_suggestion).where(_suggestion.c.case_id == bindparam("key_case"), _suggestion.c.no == bindparam("key_no"))


@dataclass(frozen=True, slots=True)
class Option:
    """A category that a case may be of.

    Attributes:
        category: Its code.
        probability: What the model gives it; None where no model was asked.
        words: What in the message speaks for it.
        cases: Numbers of the most similar cases that people filed under it.
    """

    category: str
    probability: float | None
    words: tuple[str, ...]
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What is suggested for a case.

    Attributes:
        origin: What the first option comes from: `rule`, `model` or `both`.
        model_id: The model that was asked; None: none.
        top: Options, best first; empty: nothing at all is known of it.
        urgency: An urgency found in the words; None: the category's own.
        abstained: Not sure enough to say so: the person decides, the options are a help at most.
    """

    origin: str
    model_id: int | None
    top: tuple[Option, ...]
    urgency: str | None
    abstained: bool


@dataclass(frozen=True, slots=True)
class Sure:
    """A category of which rules and model are both sure.

    Attributes:
        category: Its code.
        words: What in the message decided; shown to whoever checks.
        urgency: A higher urgency found in the words; None: the category's own.
        probability: What the model gives it; None where no model was asked.
    """

    category: str
    words: tuple[str, ...]
    urgency: str | None
    probability: float | None


def confident(session: Session, rows: Iterable[Any]) -> dict[int, Sure]:
    """What the engine may file by itself: a rule claims it, and the learned model, once there is one, is as sure of the same.

    An emergency is filed by its words alone: a false alarm costs less than a missed one. A model that was learned from too
    little to know when it is sure has no say.

    Args:
        session: The unit of work.
        rows: Cases with `id`, `subject`, `body`.

    Returns:
        By id of the case; those left out are for a person.
    """
    known = catalogue(session)
    claims = {r.id: (r, c) for r in rows if (c := claim(r.subject, r.body, known.triage_rules, known.urgent_rules)) is not None}
    _, model = active_model(session) if claims else (None, None)
    found = {case_id: Sure(c.category, c.words, c.urgency, None) for case_id, (_, c) in claims.items()}
    if model is None or model.threshold >= NOTHING_SURE:
        return found
    asked = [(case_id, row, c) for case_id, (row, c) in claims.items() if not _urgent(c, known)]
    said = model.probabilities([(row.subject, row.body) for _, row, _ in asked])
    for (case_id, _, c), chances in zip(asked, said, strict=True):
        chance = float(chances[model.classes.index(c.category)]) if c.category in model.classes else 0.0
        if chance >= model.threshold:
            found[case_id] = replace(found[case_id], probability=chance)
        else:
            del found[case_id]
    return found


def _urgent(found: Claim, known: Catalogue) -> bool:
    return EMERGENCY in (found.urgency, known.categories[found.category].urgency)


def suggest(session: Session, case_ids: Collection[int], now: datetime) -> dict[int, Suggestion]:
    """Suggest categories for cases and put that on record, so that the person who confirms sees it.

    Run again, another suggestion is added: the model may have learned since. Where smart dispatch is off nothing is suggested.

    Args:
        session: The unit of work; written to.
        case_ids: The cases.
        now: The instant.

    Returns:
        By id of the case.
    """
    if not case_ids or not is_on(session, "smart_dispatch"):
        return {}
    begin_write(session)
    found = consider(session, case_ids)
    _record(session, found, now)
    return found


def consider(session: Session, case_ids: Collection[int]) -> dict[int, Suggestion]:
    """The same without putting it on record, for whoever only looks.

    Args:
        session: The unit of work; nothing is written.
        case_ids: The cases.
    """
    if not case_ids or not is_on(session, "smart_dispatch"):
        return {}
    connection, known = connection_of(session), catalogue(session)
    model_id, model = active_model(session)
    rows = connection.execute(_TEXTS, {"ids": sorted(case_ids)}).all()
    said = model.suggest([(r.subject, r.body) for r in rows]) if model is not None else [()] * len(rows)
    numbers = _numbers(session, said)
    found = {r.id: _suggestion_of(r, each, known, model, numbers) for r, each in zip(rows, said, strict=True)}
    return {case_id: replace(each, model_id=model_id if model is not None else None) for case_id, each in found.items()}


def _numbers(session: Session, said: Iterable[Sequence[Candidate]]) -> dict[str, str]:
    """The numbers of past cases that are named; one that has become sensitive since is not."""
    ids = {int(key) for each in said for candidate in each for key, _ in candidate.nearest}
    rows = connection_of(session).execute(_NUMBERS, {"ids": sorted(ids)}) if ids else ()
    return {str(row.id): row.no for row in rows}


def _suggestion_of(
    row: Any,  # noqa: ANN401 - a result row
    said: Sequence[Candidate],
    known: Catalogue,
    model: Learned | None,
    numbers: Mapping[str, str],
) -> Suggestion:
    claimed = claim(row.subject, row.body, known.triage_rules, known.urgent_rules)
    urgency, _ = urgency_of(f"{row.subject}\n{row.body}", known.urgent_rules)
    options = [_option(each, numbers, row.id) for each in said if each.label in known.offered]
    sure = bool(options) and model is not None and (options[0].probability or 0.0) >= model.threshold
    if claimed is None:
        return Suggestion(MODEL if options else RULE, None, tuple(options), urgency, abstained=not sure)
    agreed = bool(options) and options[0].category == claimed.category
    same = next((each for each in options if each.category == claimed.category), Option(claimed.category, None, ()))
    first = replace(same, words=tuple(dict.fromkeys((*claimed.words, *same.words))))
    rest = [each for each in options if each.category != claimed.category]
    top = (first, *rest)[:TOP]
    return Suggestion(BOTH if agreed else RULE, None, top, urgency, abstained=bool(options) and not agreed)


def _option(candidate: Candidate, numbers: Mapping[str, str], own: int) -> Option:
    cases = tuple(numbers[key] for key, _ in candidate.nearest if key in numbers and key != str(own))
    return Option(candidate.label, round(candidate.probability, 4), tuple(word.text for word in candidate.words), cases)


def _record(session: Session, found: Mapping[int, Suggestion], now: datetime) -> None:
    connection = connection_of(session)
    rows = connection.execute(_LAST, {"ids": sorted(found)}).all() if found else []
    last = {row[0]: int(row[1]) for row in rows}
    values = [
        {
            "case_id": case_id,
            "no": last.get(case_id, 0) + 1,
            "at": now,
            "origin": each.origin,
            "model_id": each.model_id,
            "top": [asdict(option) for option in each.top],
            "urgency": each.urgency,
            "abstained": each.abstained,
        }
        for case_id, each in found.items()
    ]
    if values:
        connection.execute(insert(_suggestion), values)


def record_choice(session: Session, case_id: int, category: str, by: str, now: datetime) -> None:
    """Keep what a person chose beside what was suggested last; nothing where nothing was suggested, or where the engine chose.

    A person who changes the category later is kept instead; the journal has both.

    Args:
        session: The unit of work; written to.
        case_id: The case.
        category: Code of the category that was chosen.
        by: User name of whoever chose.
        now: The instant.
    """
    if by == SYSTEM.name:
        return
    connection = connection_of(session)
    newest = select(_suggestion).where(_suggestion.c.case_id == case_id).order_by(_suggestion.c.no.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    if row is None:
        return
    agreed = row.top[0]["category"] == category if row.top else None
    values = {"chosen": category, "chosen_by": by, "chosen_at": now, "agreed": agreed}
    connection.execute(_CHOSEN.values(**values), {"key_case": case_id, "key_no": row.no})
