"""The rules of points, in versions: what earns how much on which board, within which caps. Version 1 is seeds/points.toml."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, NoReturn

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from models import PointScheme, begin_write, connection_of, table
from rules.facts import Refused
from seeds import read
from services.catalogue import Named, catalogue
from services.mechanisms import require
from services.moves.proof import legible
from services.people.rights import administrator, on_record

MECHANISM: Final = "points"
VERIFIED, SOLVED, GIVEN = "verified", "solved", "given"
OUTCOMES: Final = (VERIFIED, SOLVED, GIVEN)
REPORTERS: Final = ("first", "later")
NOTE_MAX: Final = 500  #: characters
CODE_MAX: Final = 20
MOST: Final = 10_000  #: of any number in the rules
_scheme = table(PointScheme)
_WHOLE: Final = {"cap_per_day": 1, "within_days": 1, "expire_days": 0}  #: numbers of the scheme, each with the least


@dataclass(frozen=True, slots=True)
class Board:
    """A board that points count on (社情民意, 志愿服务): so many earned there are a stamp."""

    code: str
    name: Named
    stamp_every: int


@dataclass(frozen=True, slots=True)
class Rule:
    """What earns points.

    Attributes:
        outcome: verified, solved or given.
        reporter: first, or later: his or her own report was merged into that of another.
        per_day: How often at most for reports of one local day; 0: as often as may be.
        sources, categories, urgencies: Only these; empty: any.
    """

    code: str
    name: Named
    board: str
    outcome: str
    points: int
    per_day: int
    reporter: str = "first"
    sources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()

    def fits(self, outcome: str, reporter: str, about: Mapping[str, str | None]) -> bool:
        """Whether it is about such a report: `about` names its source, category and urgency."""
        wanted = ((self.sources, "source"), (self.categories, "category"), (self.urgencies, "urgency"))
        return (self.outcome, self.reporter) == (outcome, reporter) and all(not codes or about[name] in codes for codes, name in wanted)


@dataclass(frozen=True, slots=True)
class Scheme:
    """One version of the rules.

    Attributes:
        since: For what is reported from then on; None: from the beginning.
        cap_per_day: Points at most for reports of one local day.
        within_days: A report that takes longer to its outcome earns nothing.
        expire_days: Points that nobody has used for so long expire; 0: never.
    """

    version: int
    since: datetime | None
    cap_per_day: int
    within_days: int
    expire_days: int
    boards: Mapping[str, Board]
    rules: tuple[Rule, ...]

    @property
    def within(self) -> timedelta:
        """How long a report may take to its outcome."""
        return timedelta(days=self.within_days)

    def rule_for(self, outcome: str, reporter: str, about: Mapping[str, str | None]) -> Rule | None:
        """The first rule that fits; None: such a report earns nothing."""
        return next((rule for rule in self.rules if rule.fits(outcome, reporter, about)), None)


def parsed(content: Mapping[str, Any], version: int, since: datetime | None = None) -> Scheme:
    """A version of the rules from its data.

    Raises:
        Refused: with the place: `points_scheme_missing`, `points_scheme_number`, `points_scheme_code`, `points_scheme_twice`,
            `points_scheme_unknown`, `points_scheme_list`.
    """
    head = content.get("scheme")
    if not isinstance(head, Mapping):
        _refuse("scheme", "points_scheme_missing")
    numbers = {name: _number(head, name, f"scheme.{name}", least) for name, least in _WHOLE.items()}
    boards = [
        Board(_code(row, at), _named(row, at), _number(row, "stamp_every", f"{at}.stamp_every", 1)) for at, row in _rows(content, "board")
    ]
    by_code = {board.code: board for board in boards}
    rules = tuple(_rule(row, at, by_code) for at, row in _rows(content, "rule"))
    for codes in ([board.code for board in boards], [rule.code for rule in rules]):
        if len(set(codes)) < len(codes):
            _refuse(next(code for code in codes if codes.count(code) > 1), "points_scheme_twice")
    return Scheme(version, since, **numbers, boards=by_code, rules=rules)


def _rule(row: Mapping[str, Any], at: str, boards: Mapping[str, Board]) -> Rule:
    for name, known in (("board", boards), ("outcome", OUTCOMES), ("reporter", REPORTERS)):
        if row.get(name, "first" if name == "reporter" else None) not in known:
            _refuse(f"{at}.{name}", "points_scheme_unknown")
    points, per_day = _number(row, "points", f"{at}.points", 1), _number(row, "per_day", f"{at}.per_day", 0)
    only = {name: _codes(row, name, at) for name in ("sources", "categories", "urgencies")}
    return Rule(
        _code(row, at), _named(row, at), row["board"], row["outcome"], points, per_day, reporter=row.get("reporter", "first"), **only
    )


def _rows(content: Mapping[str, Any], name: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    rows = content.get(name)
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
        _refuse(name, "points_scheme_missing")
    return [(f"{name}[{no}]", row) for no, row in enumerate(rows, start=1)]


def _number(row: Mapping[str, Any], name: str, at: str, least: int) -> int:
    value = row.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MOST:
        _refuse(at, "points_scheme_number")
    return value


def _code(row: Mapping[str, Any], at: str) -> str:
    code = row.get("code")
    if not isinstance(code, str) or not code.isascii() or not code.replace("_", "").isalnum() or len(code) > CODE_MAX:
        _refuse(f"{at}.code", "points_scheme_code")
    return code


def _named(row: Mapping[str, Any], at: str) -> Named:
    for lang in ("zh", "en"):
        if not isinstance(row.get(lang), str) or not row[lang].strip():
            _refuse(f"{at}.{lang}", "points_scheme_missing")
    return Named(row["zh"], row["en"])


def _codes(row: Mapping[str, Any], name: str, at: str) -> tuple[str, ...]:
    codes = row.get(name, [])
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        _refuse(f"{at}.{name}", "points_scheme_list")
    return tuple(codes)


def _refuse(at: str, code: str) -> NoReturn:
    raise Refused(code, at=at)


@cache
def seeded() -> Scheme:
    """Version 1: the rules that the program comes with."""
    return parsed(read("points.toml"), 1)


def schemes(session: Session) -> list[Scheme]:
    """All versions, the oldest first."""
    rows = connection_of(session).execute(select(_scheme).order_by(_scheme.c.version))
    return [seeded(), *(parsed(row.content, row.version, row.effective_at) for row in rows)]


def in_force(versions: Iterable[Scheme], moment: datetime) -> Scheme:
    """The version that holds for what is reported at a moment."""
    return [each for each in versions if each.since is None or each.since <= moment][-1]


def publish(session: Session, content: Mapping[str, Any], since: datetime, note: str, by: str, now: datetime) -> int:
    """Put another version in force; what was reported before stays under the version of its day.

    Args:
        session: The unit of work.
        content: In the form of seeds/points.toml.
        since: From when on, aware; not in the past, not before the version ahead of it.
        note: Why.
        by: User name of an administrator.
        now: The instant.

    Returns:
        The number of the version.

    Raises:
        Refused: `mechanism_off`, `admins_only`, `unknown_user`, `left`, `points_scheme_past`, `text_too_long`, `text_unprintable`,
            and what `parsed` says.
    """
    require(session, MECHANISM)
    begin_write(session)
    actor = administrator(catalogue(session), by)
    newest = schemes(session)[-1]
    parsed(content, newest.version + 1)
    if since < now or (newest.since is not None and since < newest.since):
        raise Refused("points_scheme_past", given=since.isoformat())
    row = {"version": newest.version + 1, "effective_at": since, "content": dict(content), "note": legible("note", note, NOTE_MAX)}
    connection_of(session).execute(insert(_scheme).values(**row, published_at=now, published_by=actor.name))
    on_record(session, actor.name, "points_rules_published", str(row["version"]), {"from": since.isoformat()}, now)
    return newest.version + 1
