"""The words of triage, edited by people: every change is checked at the door, holds from the next message on, and is on record."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.orm import Session

from models import AdminEntry, TriageRule, UrgentRule, begin_write, connection_of, table
from rules.facts import Refused
from rules.triage import HARMLESS, THRESHOLD, Rule, Urgent, claim, spoken, tidy, urgency_of
from services.catalogue import URGENCIES, Catalogue, catalogue, reference_changed

MAY: Final = frozenset({"admin", "head", "dispatcher"})  #: roles that may edit, if they are of the centre or the district
SHORTEST: Final = 2  #: characters of a word: a single one stands in half of all messages
LONGEST: Final = 60
OF_CATEGORY, OF_URGENCY = "r", "u"
_ALARMS: Final = frozenset({*URGENCIES, HARMLESS})
_NO: Final = re.compile(r"([ru])(\d{1,9})")
_entry = table(AdminEntry)


@dataclass(frozen=True, slots=True)
class Words:
    """What a rule says, or is to say; None: left as it is.

    Attributes:
        words: Any of them speaks for it.
        needs: One of them must be there too.
        excludes: None of them may be there.
    """

    words: tuple[str, ...] | None = None
    needs: tuple[str, ...] | None = None
    excludes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as people see it.

    Attributes:
        no: `r12` of a category, `u3` of an urgency.
        target: The category's code, the urgency, or `no` (phrases without danger).
        words: Any of them speaks for it.
        needs: One of them must be there too.
        excludes: None of them may be there.
    """

    no: str
    target: str
    words: tuple[str, ...]
    needs: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As data, for programs and for the record."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Spoke:
    """A rule whose words stand in a message, and what they count there."""

    rule: RuleRow
    words: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What the rules make of a message.

    Attributes:
        category: Code of the category that is claimed; None: left to a person.
        words: Words that decided.
        urgency: An urgency found in the words; None: the category's own.
        spoke: Every rule whose words stand in it, strongest first.
        threshold: The score from which on a category is claimed.
    """

    category: str | None
    words: tuple[str, ...]
    urgency: str | None
    spoke: tuple[Spoke, ...]
    threshold: float = THRESHOLD


def split(text: str) -> tuple[str, ...]:
    """The words that somebody wrote in a row, with blanks or commas between them; each as messages are read, none twice."""
    return tuple(dict.fromkeys(tidy(word) for word in re.split(r"[\s,，、;；]+", text) if word))


def listed(session: Session) -> list[RuleRow]:
    """All rules: those of categories by category, then those of urgencies in the order in which they were made."""
    connection = connection_of(session)
    kinds = (OF_CATEGORY, OF_URGENCY)
    rows = [_row_of(kind, row) for kind in kinds for row in connection.execute(select(_table_of(kind)))]
    return sorted(rows, key=lambda row: (row.no[0], row.target if row.no[0] == OF_CATEGORY else "", int(row.no[1:])))


def add(session: Session, target: str, words: Words, by: str, now: datetime) -> RuleRow:
    """Make a rule.

    Args:
        session: The unit of work.
        target: Code of a category; `P0` to `P3` or `no` for words of urgency.
        words: What it says.
        by: User name of whoever makes it.
        now: The instant.

    Raises:
        Refused: `unknown_user`, `not_your_rules`, `unknown_category`, `category_retired`, `rule_without_words`, `bad_word`,
            `urgent_words_only`.
    """
    begin_write(session)
    known = check_person(session, by)
    kind = OF_URGENCY if target in _ALARMS else OF_CATEGORY
    if kind == OF_CATEGORY and target not in known.categories:
        raise Refused("unknown_category", category=target)
    if kind == OF_CATEGORY and target not in known.offered:
        raise Refused("category_retired", category=target)
    wanted = RuleRow("", target, words.words or (), words.needs or (), words.excludes or ())
    where, values = _checked(kind, wanted)
    made = connection_of(session).execute(insert(where).returning(where.c.id), values).scalar_one()
    row = RuleRow(f"{kind}{made}", wanted.target, wanted.words, wanted.needs, wanted.excludes)
    _keep(session, "rule_added", row.no, {"after": row.plain()}, by, now)
    return row


def change(session: Session, no: str, words: Words, by: str, now: datetime) -> tuple[RuleRow, RuleRow]:
    """Give a rule other words; what is None stays.

    Returns:
        The rule as it was, and as it is.

    Raises:
        Refused: `unknown_user`, `not_your_rules`, `unknown_rule`, `rule_without_words`, `bad_word`, `urgent_words_only`.
    """
    begin_write(session)
    check_person(session, by)
    before = found(session, no)
    after = replace(before, **{name: value for name, value in asdict(words).items() if value is not None})
    where, values = _checked(before.no[0], after, frozenset((*before.words, *before.needs, *before.excludes)))
    if after != before:
        connection_of(session).execute(update(where).where(where.c.id == int(before.no[1:])).values(values))
        _keep(session, "rule_changed", before.no, {"before": before.plain(), "after": after.plain()}, by, now)
    return before, after


def drop(session: Session, no: str, by: str, now: datetime) -> RuleRow:
    """Take a rule away; what it said stays on record.

    Raises:
        Refused: `unknown_user`, `not_your_rules`, `unknown_rule`.
    """
    begin_write(session)
    check_person(session, by)
    before = found(session, no)
    where = _table_of(before.no[0])
    connection_of(session).execute(delete(where).where(where.c.id == int(before.no[1:])))
    _keep(session, "rule_dropped", before.no, {"before": before.plain()}, by, now)
    return before


def found(session: Session, no: str) -> RuleRow:
    """The rule of this number.

    Raises:
        Refused: `unknown_rule`.
    """
    match = _NO.fullmatch(no.strip().lower())
    if match is not None:
        where = _table_of(match[1])
        row = connection_of(session).execute(select(where).where(where.c.id == int(match[2]))).one_or_none()
        if row is not None:
            return _row_of(match[1], row)
    raise Refused("unknown_rule", rule=no)


def attempt(session: Session, subject: str, body: str) -> Trial:
    """Say what the rules make of a message, and which of them spoke; nothing is written."""
    known = catalogue(session)
    claimed = claim(subject, body, known.triage_rules, known.urgent_rules)
    urgency, alarms = urgency_of(f"{subject}\n{body}", known.urgent_rules)
    spoke = [each for row in listed(session) if (each := _spoke(row, subject, body)) is not None]
    spoke.sort(key=lambda each: (-each.score, each.rule.no))
    words = claimed.words if claimed is not None else alarms
    return Trial(claimed.category if claimed is not None else None, words, urgency, tuple(spoke))


def _spoke(row: RuleRow, subject: str, body: str) -> Spoke | None:
    if row.no[0] == OF_URGENCY:
        _, words = urgency_of(f"{subject}\n{body}", (Urgent(OF_URGENCY, row.words),))  # alone: phrases without danger are named too
        return Spoke(row, words, 0.0) if words else None
    alone = claim(subject, body, (Rule(row.target, row.words, row.needs, row.excludes),), (), threshold=0.0)
    return Spoke(row, alone.words, alone.score) if alone is not None else None


def _table_of(kind: str) -> Table:
    return table(TriageRule if kind == OF_CATEGORY else UrgentRule)


def _row_of(kind: str, row: Any) -> RuleRow:  # noqa: ANN401 - a result row
    if kind == OF_URGENCY:
        return RuleRow(f"{kind}{row.id}", row.urgency, tuple(row.words))
    return RuleRow(f"{kind}{row.id}", row.category, tuple(row.words), tuple(row.needs), tuple(row.excludes))


def _checked(kind: str, row: RuleRow, kept: frozenset[str] = frozenset()) -> tuple[Table, Mapping[str, Any]]:
    """The table of a rule and its columns, once nothing is wrong with its words; those that it had before may be shorter."""
    if not row.words:
        raise Refused("rule_without_words")
    for word in (each for each in (*row.words, *row.needs, *row.excludes) if each not in kept):
        if not SHORTEST <= len(word) <= LONGEST or not any(c.isalnum() for c in word) or (kind == OF_URGENCY and not _is_spoken(word)):
            raise Refused("bad_word", word=word, least=SHORTEST, most=LONGEST)
    if kind == OF_CATEGORY:
        return _table_of(kind), {"category": row.target, "words": list(row.words), "needs": list(row.needs), "excludes": list(row.excludes)}
    if row.needs or row.excludes:
        raise Refused("urgent_words_only")
    return _table_of(kind), {"urgency": row.target, "words": list(row.words)}


def _is_spoken(word: str) -> bool:
    try:
        spoken(word)
    except ValueError:
        return False
    return True


def check_person(session: Session, by: str) -> Catalogue:
    """The reference data, if this person may change how triage decides: words, or the model.

    Raises:
        Refused: `unknown_user`, `not_your_rules`.
    """
    known = catalogue(session)
    actor = known.actor(by)
    if not actor.roles & MAY or actor.unit_id not in (known.district_id, known.desk_id):
        raise Refused("not_your_rules", user=by)
    return known


def _keep(session: Session, action: str, no: str, data: Mapping[str, object], by: str, now: datetime) -> None:
    row = {"at": now, "actor": by, "action": action, "subject": no, "data": dict(data)}
    connection_of(session).execute(insert(_entry), row)
    reference_changed(session)
