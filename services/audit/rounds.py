"""Auditing all cases at once for `doctor`, and a few at a time, round after round, for the engine."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from models import AuditRound, begin_write, connection_of, table
from services.audit.cases import audit_cases
from services.audit.clocks import Look
from services.audit.findings import Finding
from services.audit.windows import next_window

BATCH: Final = 500  #: cases looked at together
FIRST: Final = 5  #: findings of a round that are named on record
LAG: Final = timedelta(minutes=2)  #: how late a rung may fire before a person should look
_round = table(AuditRound)


@dataclass(frozen=True, slots=True)
class Round:
    """All cases, looked at once.

    Attributes:
        cases: How many were looked at.
        counts: How many findings of each kind.
        first: The first few findings: code and number of the case.
    """

    started_at: datetime
    finished_at: datetime
    cases: int
    counts: Mapping[str, int]
    first: Sequence[Mapping[str, str]]

    @property
    def findings(self) -> int:
        """How many there are."""
        return sum(self.counts.values())


@dataclass(slots=True)
class Watch:
    """How far an engine has come on its round, and what it has found; kept in its memory only.

    Attributes:
        after: Id of the last case looked at.
        began: Beginning of the present round; None: none is under way.
        looked_at: Last time that anything was looked at.
        last: The last whole round.
    """

    after: int = 0
    began: datetime | None = None
    looked_at: datetime | None = None
    cases: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    first: list[dict[str, str]] = field(default_factory=list)
    last: Round | None = None

    @property
    def found(self) -> Counter[str]:
        """What the last whole round has found, and where the present one has found more, that."""
        return self.counts | Counter(self.last.counts if self.last is not None else {})


def audit_clocks(session: Session, now: datetime, lag: timedelta, batch: int = BATCH) -> list[Finding]:
    """Hold every open case, every open supervision order and every open clock against what must be, some hundreds at a time.

    Args:
        session: The unit of work; nothing is locked.
        now: The instant.
        lag: How late the engine may be with a rung before it counts as late.
        batch: How many cases are read together.

    Returns:
        What is wrong; rows that cannot be read are findings too (`audit_failed`).
    """
    findings: list[Finding] = []
    after: int | None = 0
    while after is not None:
        window = next_window(session, after, batch)
        findings += [*window.orphans, *audit_cases(session, window.ids, Look(now, now - lag))]
        after = window.upto
    return findings


def look_on(session: Session, watch: Watch, now: datetime, batch: int = BATCH) -> Round | None:
    """Look at the next few cases of the round; the last ones end it, and the next call begins anew.

    Returns:
        The round, if this was its end.
    """
    window = next_window(session, watch.after, batch)
    findings = [*window.orphans, *audit_cases(session, window.ids, Look(now, now - LAG))]
    began = watch.began or now
    cases, counts = watch.cases + len(window.ids), watch.counts + Counter(f.code for f in findings)
    first = [*watch.first, *({"code": f.code, "no": f.no} for f in findings)][:FIRST]
    if window.upto is not None:
        watch.after, watch.began, watch.looked_at, watch.cases, watch.counts, watch.first = window.upto, began, now, cases, counts, first
        return None
    done = Round(began, now, cases, dict(counts), first)
    watch.last = done  # first: at no moment may another thread see less than was found
    watch.after, watch.began, watch.looked_at, watch.cases, watch.counts, watch.first = 0, None, now, 0, Counter(), []
    return done


def keep_round(session: Session, done: Round) -> None:
    """Put the last whole round on record, for `doctor` and /metrics; the one before is forgotten."""
    counts: dict[str, Any] = {"counts": dict(done.counts), "first": list(done.first)}
    values = {"started_at": done.started_at, "finished_at": done.finished_at, "cases": done.cases, "findings": done.findings, **counts}
    _write(session, values)


def keep_heartbeat(session: Session, now: datetime) -> None:
    """Put on record when the outside world was last told that all is well."""
    _write(session, {"heartbeat_at": now})


def last_round(session: Session) -> Any:  # noqa: ANN401 - a result row
    """What is on record of the last whole round and the last heartbeat; None: no engine has come round yet."""
    return connection_of(session).execute(select(_round)).first()


def _write(session: Session, values: Mapping[str, Any]) -> None:
    begin_write(session)
    run = connection_of(session).execute
    if run(update(_round).where(_round.c.id == 1).values(values)).rowcount == 0:
        run(insert(_round).values(id=1, **values))
