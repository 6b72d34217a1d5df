"""Reading the reference data, once per revision."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from models import (
    Absence,
    Base,
    Category,
    Diversion,
    DutyRoster,
    LadderVersion,
    LevelRow,
    Prepared,
    RemitRow,
    RouteRow,
    RoutingVersion,
    SensitiveKind,
    SlaPolicy,
    SlaRow,
    Source,
    SpecialGroup,
    Staff,
    System,
    TriageRule,
    Unit,
    UnitChange,
    UnitKind,
    UnitName,
    UrgentRule,
    connection_of,
    read_together,
    table,
)
from rules import triage
from rules.facts import Level, Refused
from rules.ladder import Ladder, Rung
from rules.remits import RouteRow as Route
from rules.remits import Routing
from rules.routing import UnitFacts
from rules.sla import Policy, Row, row_of
from services.catalogue.calendars import read_calendars
from services.catalogue.known import (
    Catalogue,
    CategoryFacts,
    FormerName,
    InForce,
    Named,
    Person,
    Reordering,
    SensitiveFacts,
    SourceFacts,
    Stretch,
)

_POST: Final = ("id", "name", "zh", "en", "unit_id", "role", "deputy_id", "left_at")
_REVISION: Final = Prepared(select(table(System).c.revision))
_cache: "WeakKeyDictionary[Engine, Catalogue]" = WeakKeyDictionary()


#: Key in Session.info: this unit of work has changed the reference data; its own reading of them, or None to read anew.
CHANGED: Final = "reference data changed"


def reference_changed(session: Session) -> None:
    """Let every process read the reference data anew; to be called in the commit that changes them, after the change."""
    session.connection().execute(update(table(System)).values(revision=table(System).c.revision + 1))
    session.info[CHANGED] = None


def catalogue(session: Session, revision: int | None = None) -> Catalogue:
    """The reference data as this unit of work must see it; read anew only when its revision has changed.

    Args:
        session: The unit of work.
        revision: The present revision, if it was read along with something else already.
    """
    engine = session.get_bind()
    if not isinstance(engine, Engine):
        raise TypeError(engine)
    known = _cache.get(engine)
    if CHANGED in session.info:  # not committed, and perhaps never: nobody else may see it
        if session.info[CHANGED] is None:
            session.info[CHANGED] = read_catalogue(session, known)
        own: Catalogue = session.info[CHANGED]
        return own
    if revision is None:
        [system] = read_together(connection_of(session), [(_REVISION, {})])
        revision = system[0]["revision"] if system else None
    if known is None or known.revision != revision:
        known = _cache[engine] = read_catalogue(session, known)
    return known


def _all(session: Session, model: type[Base]) -> list[Any]:
    return list(session.connection().execute(select(table(model))).all())


def read_catalogue(session: Session, before: Catalogue | None = None) -> Catalogue:
    """Read the reference data anew, as it stands in this unit of work, past the cache.

    Args:
        session: The unit of work.
        before: What was read last; calendars that are still the same are taken from there, because they have been laid out.

    Raises:
        Refused: `no_district`, nothing has been seeded.
    """
    system = session.connection().execute(select(table(System))).one_or_none()
    if system is None:
        raise Refused("no_district")
    calendars, above = read_calendars(session, before.calendars if before is not None else {})
    policies = sorted(_all(session, SlaPolicy), key=lambda p: p.version)
    sources = _all(session, Source)
    categories = {c.code: _category(c) for c in _all(session, Category)}
    return Catalogue(
        revision=system.revision,
        events_on=system.events_on,
        **_organisation(session),
        categories=categories,
        offered={code: facts for code, facts in categories.items() if not facts.retired},
        sources={s.code: s.entry for s in sources},
        source_facts={s.code: SourceFacts(s.entry, s.by_staff, s.concealed) for s in sources},
        diversions={d.code: Named(d.zh, d.en) for d in _all(session, Diversion)},
        sensitive={k.code: _sensitive(k) for k in _all(session, SensitiveKind)},
        routing=_routing(session),
        source_names={s.code: Named(s.zh, s.en) for s in sources},
        groups={g.code: Named(g.zh, g.en) for g in _all(session, SpecialGroup)},
        in_force=_in_force(policies),
        policies=_policies(session, [p.version for p in policies]),
        ladders_of={p.version: {name: _stamp(text) for name, text in p.ladders.items()} for p in policies},
        ladders={(r.code, r.version): Ladder(r.code, r.version, tuple(map(Rung.parse, r.rungs))) for r in _all(session, LadderVersion)},
        calendars=calendars,
        calendar_above=above,
        triage_rules=_triage_rules(session, categories),
        urgent_rules=tuple(triage.Urgent(r.urgency, tuple(r.words)) for r in _all(session, UrgentRule)),
    )


def _organisation(session: Session) -> dict[str, Any]:
    kinds = {k.code: k for k in _all(session, UnitKind)}
    rows = sorted(_all(session, Unit), key=lambda u: u.id)
    posts = session.connection().execute(select(*(table(Staff).c[n] for n in _POST)))
    people = [Person(p.id, p.name, Named(p.zh, p.en), p.unit_id, p.role, p.deputy_id, p.left_at) for p in posts]
    by_unit: dict[int, list[Person]] = defaultdict(list)
    for person in (p for p in people if p.left_at is None):
        by_unit[person.unit_id].append(person)
    return {
        "units": {u.id: _unit(u, kinds[u.kind]) for u in rows},
        "names": {u.id: Named(u.zh, u.en) for u in rows},
        "former_names": _former_names(session),
        "reorderings": _reorderings(session),
        "kind_names": {k.code: Named(k.zh, k.en) for k in kinds.values()},
        "calendars_of": {u.id: u.calendar for u in rows},
        "gentle": frozenset(u.id for u in rows if not kinds[u.kind].penalties),
        "vertical": frozenset(u.id for u in rows if kinds[u.kind].vertical),
        "people": {p.name: p for p in people},
        "by_unit": {unit: tuple(found) for unit, found in by_unit.items()},
        "absences": tuple(Stretch(a.staff_id, a.since, a.until) for a in _all(session, Absence)),
        "duties": tuple(Stretch(d.staff_id, d.since, d.until, d.unit_id) for d in _all(session, DutyRoster)),
    }


def _unit(row: Any, kind: Any) -> UnitFacts:  # noqa: ANN401 - result rows
    line = (row.parent_id, row.supervising_id)
    return UnitFacts(row.id, row.code, row.kind, *line, kind.territorial, kind.level, row.retired_at is not None, row.successor_id)


def _former_names(session: Session) -> dict[int, tuple[FormerName, ...]]:
    found: dict[int, list[FormerName]] = defaultdict(list)
    for row in sorted(_all(session, UnitName), key=lambda n: n.until):
        found[row.unit_id].append(FormerName(row.until, Named(row.zh, row.en)))
    return {unit: tuple(names) for unit, names in found.items()}


def _reorderings(session: Session) -> tuple[Reordering, ...]:
    """Merges and splits that have begun, in order: the structure changes at once, the cases follow."""
    begun = [(datetime.fromisoformat(c.to["begun_at"]), c) for c in _all(session, UnitChange) if "parents" in c.to]
    return tuple(
        Reordering(at, c.unit_id if c.kind == "merge" else None, {int(unit): parent for unit, parent in c.to["parents"].items()})
        for at, c in sorted(begun, key=lambda pair: (pair[0], pair[1].id))
    )


def _triage_rules(session: Session, categories: Mapping[str, CategoryFacts]) -> tuple[triage.Rule, ...]:
    """The words that speak now: those of a retired category are kept, and silent."""
    rows = (row for row in _all(session, TriageRule) if row.category not in categories or not categories[row.category].retired)
    return tuple(triage.Rule(row.category, tuple(row.words), tuple(row.needs), tuple(row.excludes)) for row in rows)


def _category(row: Any) -> CategoryFacts:  # noqa: ANN401 - a result row
    return CategoryFacts(
        row.code,
        Named(row.zh, row.en),
        row.kind,
        row.urgency,
        row.lead,
        tuple(row.co),
        Level(row.authority),
        row.verify,
        tuple(row.closing),
        row.retired_at is not None,
    )


def _sensitive(row: Any) -> SensitiveFacts:  # noqa: ANN401 - a result row
    return SensitiveFacts(Named(row.zh, row.en), row.report_to, tuple(row.words), tuple(row.needs), tuple(row.excludes))


def _routing(session: Session) -> Routing:
    """The published version that came into force last."""
    version = table(RoutingVersion)
    newest = (
        select(version.c.version).where(version.c.state == "published").order_by(version.c.effective_at.desc(), version.c.version.desc())
    )
    found = session.connection().execute(newest.limit(1)).scalar()
    if found is None:
        return Routing()
    remits: dict[str, set[str]] = defaultdict(set)
    for row in _of_version(session, RemitRow, found):
        remits[row.unit].add(row.category)
    return Routing(
        found,
        tuple(
            Route(r.line, r.category, r.area, r.owner, r.lead, tuple(r.co), r.basis)
            for r in sorted(_of_version(session, RouteRow, found), key=lambda r: r.line)
        ),
        {unit: frozenset(categories) for unit, categories in remits.items()},
        {(r.level, r.category): frozenset(r.may) for r in _of_version(session, LevelRow, found)},
    )


def _of_version(session: Session, model: type[Base], version: int) -> list[Any]:
    rows = table(model)
    return list(session.connection().execute(select(rows).where(rows.c.version == version)).all())


def _stamp(text: str) -> tuple[str, int]:
    """A ladder as a policy names it: code@version."""
    code, _, version = text.partition("@")
    return code, int(version)


def _in_force(policies: list[Any]) -> tuple[InForce, ...]:
    """Published versions in the order in which they come into force."""
    published = [p for p in policies if p.state == "published"]
    return tuple(InForce(p.effective_at, p.version) for p in sorted(published, key=_since))


def _since(policy: Any) -> tuple[datetime, int]:  # noqa: ANN401 - a result row
    return policy.effective_at, policy.version


def _policies(session: Session, versions: list[int]) -> dict[int, Policy]:
    rows: dict[int, list[Row]] = defaultdict(list)
    for row in _all(session, SlaRow):
        rows[row.version].append(row_of(row))
    return {version: Policy(rows[version]) for version in versions}
