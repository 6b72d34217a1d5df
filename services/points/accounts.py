"""Accounts of points: opened for residents who want one, never for staff; a minor's with the guardian who has consented."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from models import PointAccount, PointEntry, Requester, connection_of, table
from rules.facts import STAFF, Actor, Refused
from services.intake import alone, requester_key
from services.mechanisms import require
from services.patrols.members import member
from services.patrols.residents import ADULT, Entered, Resident, entered, staff_among
from services.people.rights import on_record
from services.points import ledger
from services.points.scheme import MECHANISM, in_force, schemes

_account, _entry, _requester = table(PointAccount), table(PointEntry), table(Requester)
KEEPERS: Final = STAFF | {"admin"}  #: roles that open accounts and hand out points on behalf of residents


def check_keeper(actor: Actor) -> None:
    """See to it that somebody of ours does it.

    Raises:
        Refused: `points_staff_only`.
    """
    if not actor.roles & KEEPERS:
        raise Refused("points_staff_only")


def open_account(session: Session, resident: Resident, actor: Actor, now: datetime) -> int:
    """Open an account for a resident; whoever has one gets its number back, never anybody else who gives the same phone.

    What was reported before it was opened earns nothing.

    Who has come of age since, or has another guardian by now, is put on record as that; the account and what it holds stay.

    Args:
        session: The unit of work.
        resident: Whose; a minor with the guardian who has consented.
        actor: Somebody of ours.
        now: The instant.

    Raises:
        Refused: `mechanism_off`, `points_staff_only`, `points_not_for_staff`, `points_phone_of_another`, and what
            `services.patrols.residents.entered` says.
    """
    require(session, MECHANISM)
    check_keeper(actor)
    alone(session)
    who = entered(session, resident, now)
    _check_same(session, who, resident)
    return _open(session, who, actor, now)


def _check_same(session: Session, who: Entered, resident: Resident) -> None:
    """See to it that an account found by a phone is that of the person who is named, not of somebody who shares the phone.

    Raises:
        Refused: `points_phone_of_another`.
    """
    joined = _account.join(_requester, _requester.c.id == _account.c.requester_id)
    wanted = select(_account.c.id, _requester.c.name).select_from(joined).where(_account.c.requester_id == who.requester_id)
    there = connection_of(session).execute(wanted).one_or_none()
    if there is not None and there.name and there.name.strip() != resident.name.strip():
        raise Refused("points_phone_of_another", account=there.id)


def open_for_member(session: Session, number: int, actor: Actor, now: datetime, *, consented_on: date | None = None) -> int:
    """Open an account for a member of a patrol; for a minor the guardian consents once more, to this.

    Raises:
        Refused: `mechanism_off`, `points_staff_only`, `points_not_for_staff`, `unknown_member`, `member_left`, `guardian_missing`.
    """
    require(session, MECHANISM)
    check_keeper(actor)
    alone(session)
    row = member(session, number)
    if row["left_at"] is not None:
        raise Refused("member_left", member=number)
    if row["age"] != ADULT and consented_on is None:
        raise Refused("guardian_missing")
    who = Entered(row["requester_id"], row["found_by"], row["age"], row["guardian_id"], consented_on if row["age"] != ADULT else None)
    return _open(session, who, actor, now)


def _open(session: Session, who: Entered, actor: Actor, now: datetime) -> int:
    check_no_staff(session, who.requester_id, who.guardian_id)
    run = connection_of(session).execute
    there = run(select(_account).where(_account.c.requester_id == who.requester_id)).one_or_none()
    about = {"age": who.age, "guardian_id": who.guardian_id, "consented_on": who.consented_on, "opened_at": now, "opened_by": actor.name}
    if there is not None and there.closed_at is None:
        _keep_up(session, there, who, actor, now)
        return int(there.id)
    if there is not None:
        run(update(_account).where(_account.c.id == there.id).values(**about, closed_at=None))
        number = int(there.id)
    else:
        number = int(run(insert(_account).values(**about, requester_id=who.requester_id).returning(_account.c.id)).scalar_one())
    on_record(session, actor.name, "points_account_opened", str(number), {"age": who.age}, now)
    return number


def _keep_up(session: Session, there: Any, who: Entered, actor: Actor, now: datetime) -> None:  # noqa: ANN401 - a result row
    """Age, guardian and consent of an account that is open, as they are by now; on record, without saying who the guardian is.

    Who is of age stays so, whatever an older entry says: who was taken for an adult by mistake closes the account and opens it again.
    """
    said = {"age": who.age, "guardian_id": who.guardian_id, "consented_on": who.consented_on}
    if there.age == ADULT or all(getattr(there, name) == value for name, value in said.items()):
        return
    connection_of(session).execute(update(_account).where(_account.c.id == there.id).values(**said))
    day = who.consented_on.isoformat() if who.consented_on is not None else None
    about = {"age": who.age, "before": there.age, "other_guardian": there.guardian_id != who.guardian_id, "consented": day}
    on_record(session, actor.name, "points_account_changed", str(there.id), about, now)


def check_no_staff(session: Session, *requester_ids: int | None) -> None:
    """Refuse points to whoever works here, under whatever number he or she is found (政务移动互联网应用程序规范化管理办法, docs/points.md).

    Raises:
        Refused: `points_not_for_staff`.
    """
    if staff_among(session, {i for i in requester_ids if i is not None}):
        raise Refused("points_not_for_staff")


def close_account(session: Session, number: int, actor: Actor, now: datetime) -> None:
    """Close an account: nothing is earned or redeemed any more, and the resident can be forgotten. Closing it again changes nothing.

    Also while the mechanism is off: a consent can be taken back at any time.

    Raises:
        Refused: `points_staff_only`, `unknown_points_account`.
    """
    check_keeper(actor)
    alone(session)
    row = account(session, number)
    if row.closed_at is None:
        connection_of(session).execute(update(_account).where(_account.c.id == number).values(closed_at=now))
        on_record(session, actor.name, "points_account_closed", str(number), {}, now)


def account(session: Session, number: int, *, lock: bool = False) -> Any:  # noqa: ANN401 - a result row
    """One account; with `lock` nobody else spends from it until the commit.

    Raises:
        Refused: `unknown_points_account`.
    """
    wanted = select(_account).where(_account.c.id == number)
    row = connection_of(session).execute(wanted.with_for_update(key_share=True) if lock else wanted).one_or_none()
    if row is None:
        raise Refused("unknown_points_account", account=number)
    return row


def hold(session: Session, numbers: Iterable[int]) -> None:
    """Let nobody else spend from these accounts until the commit; locked in order, as everybody locks them."""
    wanted = select(_account.c.id).where(_account.c.id.in_(sorted(numbers))).order_by(_account.c.id)
    connection_of(session).execute(wanted.with_for_update(key_share=True)).all()


def account_by_phone(session: Session, phone: str) -> int:
    """The number of the account of whoever has this phone.

    Raises:
        Refused: `unknown_points_account`.
    """
    joined = _account.join(_requester, _requester.c.id == _account.c.requester_id)
    found = connection_of(session).execute(select(_account.c.id).select_from(joined).where(_requester.c.key == requester_key(phone)))
    number = found.scalar_one_or_none()
    if number is None:
        raise Refused("unknown_points_account", account="")
    return int(number)


def check_speaks(session: Session, row: Any, phone: str) -> None:  # noqa: ANN401 - a result row
    """See to it that this phone may dispose of an account: the holder's own, of a minor's the guardian's and no other.

    Raises:
        Refused: `points_guardian_only`, `points_not_holder`.
    """
    minor = row.age != ADULT
    owner = row.guardian_id if minor else row.requester_id
    key = connection_of(session).execute(select(_requester.c.key).where(_requester.c.id == owner)).scalar_one_or_none()
    if key is None or key != requester_key(phone):
        raise Refused("points_guardian_only") if minor else Refused("points_not_holder")


def statement(session: Session, number: int, now: datetime) -> dict[str, Any]:
    """What an account holds: balance, points and stamps (文明存折 印章) by board, entries; no name, no phone.

    Also while the mechanism is off.

    Raises:
        Refused: `unknown_points_account`.
    """
    row, scheme = account(session, number), in_force(schemes(session), now)
    of_board = select(_entry.c.board, func.sum(_entry.c.points)).where(_entry.c.account_id == number, _entry.c.kind.in_(ledger.ON_BOARD))
    earned = {board: int(points) for board, points in connection_of(session).execute(of_board.group_by(_entry.c.board))}
    held = ledger.balance(session, number)
    boards = [
        {"board": code, "earned": earned.get(code, 0), "stamps": stamps(earned.get(code, 0), board.stamp_every)}
        for code, board in scheme.boards.items()
    ]
    about = {"account": number, "age": row.age, "opened_at": row.opened_at, "closed_at": row.closed_at}
    return {**about, "balance": held, "below_zero": held < 0, "boards": boards, "entries": ledger.entries(session, number)}


def stamps(earned: int, every: int) -> int:
    """How many stamps so many points are."""
    return max(earned, 0) // every


def listed(session: Session) -> list[Mapping[str, Any]]:
    """All accounts with what they hold, in order of opening; no name, no phone. Also while the mechanism is off."""
    held = select(func.coalesce(func.sum(_entry.c.points), 0)).where(_entry.c.account_id == _account.c.id).scalar_subquery()
    columns = (_account.c.id.label("account"), _account.c.age, _account.c.opened_at, _account.c.closed_at, held.label("balance"))
    return [dict(row) for row in connection_of(session).execute(select(*columns).order_by(_account.c.id)).mappings()]
