"""Taking points back: what proved false, once, even below zero; and what nobody used for so long that the rules let it expire."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import String, case, cast, exists, func, literal, select
from sqlalchemy.orm import Session

from models import Case, PointEntry, connection_of, table
from rules.facts import Actor, Refused, State
from services.moves.proof import legible
from services.patrols.fates import fates
from services.people.rights import on_record
from services.points import ledger
from services.points.accounts import hold
from services.points.scheme import NOTE_MAX, Scheme, in_force

#: Why a person takes points back: the report was false, the case is void, an appeal was upheld, they were booked in error.
WHYS: Final = ("false_report", "voided", "appeal", "error")
MAY: Final = frozenset({"head", "dispatcher", "duty_leader", "admin"})
#: A case that was reopened and ended so was not what its reporter said.
_FALSE: Final = sorted(s.value for s in (State.DECLINED, State.VOIDED))
_entry, _case = table(PointEntry), table(Case)
_SYSTEM: Final = "system"
BATCH: Final = 500  #: entries of one commit


@dataclass(frozen=True, slots=True)
class Reversed:
    """Points that were taken back, and what the account holds since."""

    points: int
    account: int
    balance: int

    @property
    def below_zero(self) -> bool:
        """They had been spent: what is earned next makes up for it first."""
        return self.balance < 0


def reverse(session: Session, entry_id: int, why: str, note: str, actor: Actor, now: datetime) -> Reversed:
    """Take back what one entry has given; once, and also when the account then holds less than nothing, or the mechanism is off.

    Args:
        session: The unit of work.
        entry_id: The entry.
        why: One of `WHYS`.
        note: What is to be said about it.
        actor: A head or dispatcher, a duty leader, an administrator.
        now: The instant.

    Raises:
        Refused: `points_not_yours`, `points_why_unknown`, `unknown_points_entry`, `points_not_reversible`,
            `points_reversed_already`, `text_too_long`, `text_unprintable`.
    """
    if not actor.roles & MAY:
        raise Refused("points_not_yours")
    if why not in WHYS:
        raise Refused("points_why_unknown", given=why, known=", ".join(WHYS))
    said = legible("note", note, NOTE_MAX)
    ledger.alone(session)
    row = connection_of(session).execute(select(_entry).where(_entry.c.id == entry_id)).one_or_none()
    if row is None:
        raise Refused("unknown_points_entry", entry=entry_id)
    if row.kind not in ledger.EARNED or row.points <= 0:
        raise Refused("points_not_reversible", entry=entry_id)
    if ledger.known(session, _key(row.id)) is not None:
        raise Refused("points_reversed_already", entry=entry_id)
    ledger.write(session, [_opposite(session, row, f"{why}: {said}" if said else why, now, actor.name)])
    on_record(session, actor.name, "points_reversed", str(row.account_id), {"entry": row.id, "points": row.points, "why": why}, now)
    return Reversed(row.points, row.account_id, ledger.balance(session, row.account_id))


def _key(entry_id: int) -> str:
    return f"reverse:{entry_id}"


def _opposite(session: Session, row: Any, note: str, now: datetime, by: str) -> dict[str, Any]:  # noqa: ANN401 - a result row
    about = {"board": row.board, "case_id": row.case_id, "rule": row.rule, "scheme": row.scheme, "of_id": row.id, "note": note}
    return ledger.entry(session, row.account_id, _key(row.id), ledger.REVERSED, -row.points, now, by, **about)


def take_back(session: Session, _: Sequence[Scheme], now: datetime) -> list[dict[str, Any]]:
    """What is to be taken back, because the case was reopened and then declined or voided, itself or the one it was merged into."""
    taken = exists().where(_entry.alias("taken").c.key == literal("reverse:") + cast(_entry.c.id, String))
    given = (_entry.c.kind.in_(ledger.EARNED), _entry.c.points > 0, ~taken)
    suspects = select(_entry.c.case_id).join(_case, _case.c.id == _entry.c.case_id)
    suspects = suspects.where(*given, _case.c.state.in_([*_FALSE, State.MERGED.value])).distinct()
    fate, last = fates(suspects), _case.alias("last")
    joined = _entry.join(fate, fate.c.case_id == _entry.c.case_id).join(last, last.c.id == fate.c.at_id)
    wanted = select(_entry, last.c.state.label("ended")).select_from(joined).where(*given, last.c.state.in_(_FALSE))
    return [_opposite(session, row, row.ended, now, _SYSTEM) for row in connection_of(session).execute(wanted.order_by(_entry.c.id))]


def expiring(session: Session, versions: Sequence[Scheme], now: datetime, accounts: Collection[int] | None = None) -> dict[int, int]:
    """What is to expire, by account (of these; None: of all): earned longer ago than the rules say, and not used since.

    Points are used in the order they were earned.
    """
    days = in_force(versions, now).expire_days
    if not days:
        return {}
    earned = _entry.c.kind.in_(ledger.EARNED)
    old = func.sum(case((earned & (_entry.c.at <= now - timedelta(days=days)), _entry.c.points), else_=0))
    used = func.sum(case((earned, 0), else_=_entry.c.points))
    wanted = select(_entry.c.account_id, (old + used).label("left")).group_by(_entry.c.account_id).having(old + used > 0)
    chosen = wanted if accounts is None else wanted.where(_entry.c.account_id.in_(sorted(accounts)))
    return {int(row.account_id): int(row.left) for row in connection_of(session).execute(chosen.order_by(_entry.c.account_id))}


def expire(session: Session, versions: Sequence[Scheme], now: datetime) -> list[dict[str, Any]]:
    """Entries for what is to expire, counted while nobody can spend from those accounts: the same points are not taken twice."""
    found = sorted(expiring(session, versions, now))[:BATCH]
    if not found:
        return []
    hold(session, found)
    return [
        ledger.entry(session, account, f"expire:{account}:{now:%Y%m%dT%H%M%S}", ledger.EXPIRED, -left, now, _SYSTEM)
        for account, left in expiring(session, versions, now, found).items()
    ]
