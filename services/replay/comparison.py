"""Two policies or more on the same messages: the figures of each, and what differs case by case."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Case, Clock, Journal, Message, Unit, table
from services.hearing import TAKEN
from services.replay.load import MEASURES, Load, Span, load
from services.replay.results import Results

_case, _clock, _journal, _message, _unit = table(Case), table(Clock), table(Journal), table(Message), table(Unit)
_KEY: Final = "replay:"  #: what a message's id follows in the case's idempotency key

Number = int | float | None


@dataclass(frozen=True, slots=True, order=True)
class Breach:
    """A limit that was not kept: its clock stopped after it was due, or was still open then.

    Attributes:
        id: Id of the message.
        case: Number of its case.
        kind: Which limit.
        unit: Code of the unit whose time it was; empty: nobody's.
        order_no: Work order it belonged to; 0: the case itself.
    """

    id: str
    case: str
    kind: str
    unit: str
    order_no: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What one policy did with the messages.

    Attributes:
        results: What a replay under this policy alone shows.
        breaches: Every limit not kept.
        channels: Messages to people that went out, by channel.
        load: Per unit and day.
    """

    results: Results
    breaches: tuple[Breach, ...]
    channels: dict[str, int]
    load: Load

    def flat(self) -> dict[str, Number]:
        """Every figure under one stable name, such as `breaches.handle`, `rungs.red`, `notices.clock_red` or `load.messages.most`."""
        r = self.results
        kinds = Counter(b.kind for b in self.breaches)
        rungs = {**r.fired, **r.other_rungs}
        counts: dict[str, Number] = {
            "cases": r.cases,
            "closed": r.closed,
            "on_time_rate": r.on_time_rate,
            "breached_cases": len({b.id for b in self.breaches}),
            "breaches": len(self.breaches),
            **_named("breaches", sorted(kinds.items())),
            **_named("rungs", rungs.items()),
            "proposed_orders": r.proposed_orders,
            "messages": sum(r.notices.values()),
            **_named("channels", self.channels.items()),
            **_named("notices", r.notices.items()),
            "violations": len(r.violations),
        }
        return counts | self._load()

    def _load(self) -> dict[str, Number]:
        found: dict[str, Number] = {}
        for name in MEASURES:
            found[f"load.{name}.mean"] = self.load.together[name].mean
            found[f"load.{name}.most"] = self.load.together[name].most
            found[f"load.{name}.most_of_a_unit"] = max((unit[name].most for unit in self.load.by_unit.values()), default=0)
        return found

    def as_json(self) -> dict[str, Any]:
        """Plain data with stable keys; `results` is what `--json` of a single replay holds."""
        return {
            "results": self.results.as_json(),
            "figures": self.flat(),
            "breaches": [asdict(b) for b in self.breaches],
            "load": asdict(self.load),
        }


@dataclass(frozen=True, slots=True)
class CaseDifference:
    """A case with limits that it breaks under one of two policies only.

    Attributes:
        id: Id of the message.
        case: Number of the case.
        breaches: The limits broken under the one policy and not under the other.
        otherwise: How many limits it breaks under the other policy; 0: none at all.
    """

    id: str
    case: str
    breaches: tuple[Breach, ...]
    otherwise: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What another policy changes against the first.

    Attributes:
        figures: Figure → by how much it is higher (None: one of the two has no such rate); those that are equal are left out.
        appear: Cases with breaches that the first policy does not have.
        vanish: Cases with breaches that the first policy alone has.
    """

    figures: dict[str, Number]
    appear: tuple[CaseDifference, ...]
    vanish: tuple[CaseDifference, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain data with stable keys."""
        return asdict(self)


def last_moment(session: Session) -> datetime | None:
    """When the last thing happened in a replay's database; None: nothing has."""
    run = session.connection().execute
    ends: Sequence[datetime | None] = (
        run(select(func.max(_journal.c.at))).scalar_one(),
        run(select(func.max(_message.c.sent_at))).scalar_one(),
    )
    return max((end for end in ends if end is not None), default=None)


def figures(session: Session, results: Results, span: Span) -> Figures:
    """Count what a policy did.

    Args:
        session: A unit of work on the replay's database.
        results: What was counted there already.
        span: The days compared; a clock that is open at the last moment is judged by it.
    """
    sent = select(_message.c.channel, func.count().label("n")).where(_message.c.state.in_(TAKEN)).group_by(_message.c.channel)
    channels = {row.channel: row.n for row in session.connection().execute(sent.order_by(_message.c.channel))}
    return Figures(results, _breaches(session, span.last), channels, load(session, span))


def _breaches(session: Session, end: datetime) -> tuple[Breach, ...]:
    still_open = _clock.c.stopped_at.is_(None) & (_clock.c.due_at <= end)
    broken = (
        select(
            func.substr(_case.c.idempotency_key, len(_KEY) + 1),
            _case.c.no,
            _clock.c.kind,
            func.coalesce(_unit.c.code, ""),
            func.coalesce(_clock.c.order_no, 0),
        )
        .join(_case, _case.c.id == _clock.c.case_id)
        .outerjoin(_unit, _unit.c.id == _clock.c.unit_id)
        .where((_clock.c.stopped_at > _clock.c.due_at) | still_open)
        .where(_clock.c.supervision_seq.is_(None), _clock.c.affair_seq.is_(None))  # the script signs nothing and opens no affair
    )
    return tuple(sorted(Breach(*row) for row in session.connection().execute(broken)))


def difference(base: Figures, other: Figures) -> Difference:
    """Compare a policy with the first; both were replayed on the same messages and counted over the same span."""
    ours, theirs = base.flat(), other.flat()
    changed = {name: _change(ours.get(name, 0), theirs.get(name, 0)) for name in {**ours, **theirs}}
    return Difference(
        figures={name: change for name, change in changed.items() if change != 0},
        appear=_only(other.breaches, base.breaches),
        vanish=_only(base.breaches, other.breaches),
    )


def _change(before: Number, after: Number) -> Number:
    if before is None or after is None:
        return 0 if before is after else None
    return round(after - before, 4)


def _only(here: Sequence[Breach], there: Sequence[Breach]) -> tuple[CaseDifference, ...]:
    """The cases with breaches that are here and not there; the same limit broken twice here and once there counts once."""
    otherwise = Counter(b.id for b in there)
    by_case: dict[tuple[str, str], list[Breach]] = {}
    for breach in sorted((Counter(here) - Counter(there)).elements()):
        by_case.setdefault((breach.id, breach.case), []).append(breach)
    return tuple(CaseDifference(id_, case, tuple(breaches), otherwise[id_]) for (id_, case), breaches in by_case.items())


def _named(group: str, counts: Iterable[tuple[str, int]]) -> dict[str, Number]:
    return {f"{group}.{name}": n for name, n in counts}
