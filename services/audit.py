"""Looking whether all is well: every open case under its clocks, every clock on its way, no journal altered. Changes nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from models import Case, Clock, EngineInstance, Journal, Message, RungFiring, table
from rules.clocks import OPTIONAL, Demand, key_of
from rules.facts import FINAL
from rules.ladder import moments
from rules.worktime import seconds
from services.moves import Draft, Row, entry_hash, read_drafts
from services.moves.clockwork import allowance_of, course_of, demands

_case, _clock, _journal, _firing = table(Case), table(Clock), table(Journal), table(RungFiring)
_message, _engine = table(Message), table(EngineInstance)
BATCH: Final = 500  #: cases looked at together
_FINAL: Final = [state.value for state in FINAL]
_OPEN: Final = (
    select(_case.c.id).where(_case.c.state.not_in(_FINAL), _case.c.id > bindparam("after")).order_by(_case.c.id).limit(bindparam("n"))
)
_FIRED: Final = select(_firing.c.clock_id, _firing.c.round, _firing.c.rung).where(_firing.c.clock_id.in_(bindparam("ids", expanding=True)))
_CHAINS: Final = (
    select(_journal, _case.c.no.label("case_no"), _case.c.seq.label("case_seq"), _case.c.journal_hash)
    .select_from(_case.outerjoin(_journal, _journal.c.case_id == _case.c.id))
    .where(_case.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_case.c.id, _journal.c.seq)
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be.

    Attributes:
        code: What; worded in locales/*.toml under `[finding]`.
        no: Number of the case.
        detail: What the sentence names.
    """

    code: str
    no: str
    detail: dict[str, Any] = field(default_factory=dict)


# clocks ---------------------------------------------------------------------------------------------------------------


def audit_clocks(session: Session, now: datetime, lag: timedelta) -> list[Finding]:
    """Hold every open case against the table of clocks, some hundreds at a time.

    Args:
        session: The unit of work; cases that it locks while reading are given free again batch by batch.
        now: The instant.
        lag: How late the engine may be with a rung before it counts as late.

    Returns:
        What is wrong: a clock that is missing, too many, paused or running against the state, late, or gone silent.
    """
    findings = _left_running(session)
    after = 0
    while ids := list(session.connection().execute(_OPEN, {"after": after, "n": BATCH}).scalars()):
        findings += _audit_batch(session, ids, now - lag)
        after = ids[-1]
    return findings


def _left_running(session: Session) -> list[Finding]:
    """Clocks that are still open although their case has ended."""
    joined = _clock.join(_case, _case.c.id == _clock.c.case_id)
    wanted = select(_clock, _case.c.no).select_from(joined).where(_clock.c.stopped_at.is_(None), _case.c.state.in_(_FINAL))
    return [_finding("clock_extra", row.no, dict(row._mapping)) for row in session.connection().execute(wanted)]


def _audit_batch(session: Session, ids: Sequence[int], latest: datetime) -> list[Finding]:
    drafts = read_drafts(session, ids, lock=False)
    silent = [c["id"] for d in drafts.values() for c in d.clocks if c["next_fire_at"] is None and c["running_since"] is not None]
    fired: dict[tuple[int, int], set[str]] = defaultdict(set)
    for row in session.connection().execute(_FIRED, {"ids": silent}) if silent else ():
        fired[row.clock_id, row.round].add(row.rung)
    return [finding for draft in drafts.values() for finding in _audit_case(draft, fired, latest)]


def _audit_case(draft: Draft, fired: Mapping[tuple[int, int], set[str]], latest: datetime) -> Iterator[Finding]:
    no = draft.case["no"]
    wanted = {d.key: d for d in demands(draft) if d.kind not in OPTIONAL or allowance_of(draft, d) is not None}
    own = [clock for clock in draft.clocks if clock["supervision_seq"] is None]
    counted = Counter(_key(clock) for clock in own)
    for key, demand in wanted.items():
        if not counted[key]:
            yield Finding("clock_missing", no, {"clock": demand.kind.value, "order": demand.order_no})
    for clock in own:
        key = _key(clock)
        code = "clock_extra" if key not in wanted or counted[key] > 1 else _astray(draft, clock, wanted[key], fired, latest)
        if code is not None:
            yield _finding(code, no, clock)


def _key(clock: Row) -> tuple[str, int | None, int | str | None]:
    """The demand that a clock answers."""
    return key_of(clock["kind"], clock["order_no"], clock["unit_id"], clock["stage"])


def _astray(draft: Draft, clock: Row, demand: Demand, fired: Mapping[tuple[int, int], set[str]], latest: datetime) -> str | None:
    """What is wrong with a clock that must be there; None: it is paused on hold, on its way, or has fired its last rung."""
    if clock["unit_id"] != demand.unit_id:
        return "clock_of_another_unit"
    if (clock["running_since"] is not None) != demand.running:
        return "clock_paused" if demand.running else "clock_runs_on_hold"
    if clock["running_since"] is None:
        return None
    if clock["next_fire_at"] is not None:
        return "clock_late" if clock["next_fire_at"] < latest else None
    ladder = draft.catalogue.ladders[clock["ladder"], clock["ladder_version"]]
    rungs = moments(ladder, course_of(clock, draft.catalogue.calendar_of(clock["unit_id"])), seconds(clock["started_at"]))
    return "clock_silent" if rungs and rungs[-1].rung.code not in fired[clock["id"], clock["round"]] else None


def _finding(code: str, no: str, clock: Row) -> Finding:
    return Finding(code, no, {"clock": clock["kind"], "order": clock["order_no"], "due": clock["next_fire_at"] or clock["due_at"]})


# journal --------------------------------------------------------------------------------------------------------------


def newest_cases(session: Session, count: int) -> list[int]:
    """Ids of the cases that were opened last."""
    return list(session.connection().execute(select(_case.c.id).order_by(_case.c.id.desc()).limit(count)).scalars())


def check_journal(session: Session, case_ids: Sequence[int]) -> list[Finding]:
    """Recompute the hash of every journal entry of these cases: nothing altered, nothing taken out, nothing cut off."""
    findings: list[Finding] = []
    for start in range(0, len(case_ids), BATCH):
        rows = session.connection().execute(_CHAINS, {"ids": list(case_ids[start : start + BATCH])}).mappings()
        for no, entries in groupby(rows, key=lambda row: str(row["case_no"])):
            broken = _broken(list(entries))
            if broken is not None:
                findings.append(Finding("journal_broken", no, {"entry": broken}))
    return findings


def _broken(entries: Sequence[Mapping[Any, Any]]) -> int | None:
    """The number of the first entry that does not fit the one before, or does not exist."""
    previous = ""
    for expected, entry in enumerate(entries, start=1):
        if entry["seq"] != expected or entry["previous"] != previous or entry_hash(dict(entry)) != entry["hash"]:
            return expected
        previous = entry["hash"]
    whole = entries[-1]["case_seq"] == len(entries) and entries[-1]["journal_hash"] == previous
    return None if whole else len(entries) + 1


# the engine's work ----------------------------------------------------------------------------------------------------


def oldest_rung(session: Session) -> datetime | None:
    """The moment of the oldest rung that has not fired; in the past when the engine is behind."""
    wanted = select(_clock.c.next_fire_at).where(_clock.c.next_fire_at.is_not(None)).order_by(_clock.c.next_fire_at).limit(1)
    found: datetime | None = session.connection().execute(wanted).scalar()
    return found


def engines_on_record(session: Session) -> list[Any]:
    """Engines that have not said that they stopped: alive, or dead without a word."""
    return list(session.connection().execute(select(_engine).where(_engine.c.stopped_at.is_(None)).order_by(_engine.c.id)).all())


def dead_messages(session: Session) -> int:
    """How many messages nobody tries to send any more."""
    return int(session.connection().execute(select(func.count()).select_from(_message).where(_message.c.state == "dead")).scalar_one())
