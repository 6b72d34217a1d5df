"""Redeeming: goods are put aside and points taken in one commit, handed over against a code, or cancelled with both given back."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from models import PointAccount, PointGoods, PointPartner, PointRedemption, Sealed, begin_write, connection_of, table
from rules.facts import SYSTEM, Actor, Refused
from services.mechanisms import require
from services.moves.proof import legible
from services.patrols.residents import ADULT
from services.points import ledger
from services.points.accounts import KEEPERS, account, check_no_staff, check_speaks
from services.points.goods import goods, partner_id
from services.points.scheme import MECHANISM, in_force, schemes
from services.ratings.codes import LENGTH, spelled

RESERVED, HANDED_OVER, CANCELLED = "reserved", "handed_over", "cancelled"
MOST: Final = 100  #: of one kind at once
KEY_MAX: Final = 120  #: characters
WHY_MAX: Final = 120
RESIDENT: Final = "resident"  #: in `point_redemption.made_by`: the resident or the guardian, without anybody of ours
_redemption, _goods, _partner, _account = table(PointRedemption), table(PointGoods), table(PointPartner), table(PointAccount)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants for points.

    Attributes:
        account: Number of the account.
        goods: Code of the goods.
        phone: Of who asks: the holder's; of a minor's account the guardian's.
        quantity: How many.
        key: Idempotency key: the same key twice is one redemption.
    """

    account: int
    goods: str
    phone: str
    quantity: int = 1
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What was put aside.

    Attributes:
        code: Shown to the partner when it is fetched; told to the resident only, and kept nowhere.
        known: It was redeemed before, under the same key.
    """

    number: int
    code: str
    points: int
    balance: int
    known: bool


def redeem(session: Session, wish: Wish, now: datetime, actor: Actor = SYSTEM) -> Redeemed:
    """Put goods aside and take the points; of two who want the last piece at once, one gets it.

    Args:
        session: The unit of work.
        wish: What is wanted.
        now: The instant.
        actor: Who of ours does it for the resident; he or she alone by default.

    Raises:
        Refused: `mechanism_off`, `points_staff_only`, `unknown_points_account`, `points_account_closed`, `points_guardian_only`,
            `points_not_holder`, `points_not_for_staff`, `unknown_points_goods`, `points_quantity`, `points_goods_closed`,
            `points_short`, `points_sold_out`, `points_key_wrong`, `points_key_of_another`.
    """
    require(session, MECHANISM)
    _check_actor(actor)
    if not 1 <= wish.quantity <= MOST:
        raise Refused("points_quantity", most=MOST)
    if wish.key is not None and not 0 < len(wish.key) <= KEY_MAX:
        raise Refused("points_key_wrong", most=KEY_MAX)
    begin_write(session)
    holder = account(session, wish.account, lock=True)
    _check_holder(session, holder, wish.phone)
    earlier = _known(session, wish)
    if earlier is not None:
        return Redeemed(earlier.id, code_of(earlier.id), earlier.points, ledger.balance(session, wish.account), known=True)
    taken = _take(session, wish)
    number = _reserve(session, wish, taken, holder, now, actor)
    return Redeemed(number, code_of(number), taken.price * wish.quantity, ledger.balance(session, wish.account), known=False)


def _check_actor(actor: Actor) -> None:
    if not actor.system and not actor.roles & KEEPERS:
        raise Refused("points_staff_only")


def _check_holder(session: Session, holder: Any, phone: str) -> None:  # noqa: ANN401 - a result row
    check_speaks(session, holder, phone)
    check_no_staff(session, holder.requester_id, holder.guardian_id)
    if holder.closed_at is not None:
        raise Refused("points_account_closed", account=holder.id)


def _known(session: Session, wish: Wish) -> Any:  # noqa: ANN401 - a result row
    if wish.key is None:
        return None
    row = connection_of(session).execute(select(_redemption).where(_redemption.c.key == wish.key)).one_or_none()
    if row is not None and row.account_id != wish.account:
        raise Refused("points_key_of_another")
    return row


def _take(session: Session, wish: Wish) -> Any:  # noqa: ANN401 - a result row
    """Take the goods off the shelf, if the account can pay for them."""
    row = goods(session, wish.goods, lock=True)
    cost, held = row.price * wish.quantity, ledger.balance(session, wish.account)
    if row.closed_at is not None:
        raise Refused("points_goods_closed", given=wish.goods)
    if held < cost:
        raise Refused("points_short", cost=cost, balance=held)
    if row.stock < wish.quantity:
        raise Refused("points_sold_out", given=wish.goods, left=row.stock)
    connection_of(session).execute(update(_goods).where(_goods.c.id == row.id).values(stock=row.stock - wish.quantity))
    return row


def _reserve(session: Session, wish: Wish, taken: Any, holder: Any, now: datetime, actor: Actor) -> int:  # noqa: ANN401 - result rows
    by, cost = RESIDENT if actor.system else actor.name, taken.price * wish.quantity
    values = {"account_id": wish.account, "goods_id": taken.id, "quantity": wish.quantity, "points": cost, "state": RESERVED}
    about = {"by_guardian": holder.age != ADULT, "key": wish.key, "made_at": now, "made_by": by}
    number = connection_of(session).execute(insert(_redemption).values(**values, **about).returning(_redemption.c.id)).scalar_one()
    scheme = in_force(schemes(session), now).version
    more = {"redemption_id": number, "scheme": scheme, "note": taken.code}
    ledger.write(session, [ledger.entry(session, wish.account, f"redeem:{number}", ledger.REDEEMED, -cost, now, by, **more)])
    return int(number)


def code_of(number: int) -> str:
    """The code against which a redemption is handed over, as it is told: `K7QM-2XPD`; derived, never stored."""
    letters = spelled(int(Sealed.fingerprint(f"points {number}"), 16), LENGTH)
    return f"{letters[:4]}-{letters[4:]}"


def confirm(session: Session, number: int, code: str, partner: str, now: datetime) -> None:
    """The partner has handed it over: the resident showed the code, however it was typed. Also while the mechanism is off.

    Args:
        session: The unit of work.
        number: Of the redemption.
        code: As the resident shows it.
        partner: Code of the partner.
        now: The instant.

    Raises:
        Refused: `unknown_points_redemption`, `unknown_points_partner`, `points_other_partner`, `points_code_unknown`,
            `points_not_reserved`.
    """
    begin_write(session)
    row = _locked(session, number)
    if row.partner_id != partner_id(session, partner):
        raise Refused("points_other_partner", partner=partner)
    given = re.sub(r"[\s\-－]", "", code).upper()
    if not hmac.compare_digest(code_of(number).replace("-", "").encode(), given.encode()):
        raise Refused("points_code_unknown")
    _end(session, row, HANDED_OVER, now, partner)


def cancel(session: Session, number: int, now: datetime, actor: Actor = SYSTEM, *, phone: str = "", why: str = "") -> int:
    """Give up what was put aside and not fetched yet: the goods go back on the shelf, the points to the account.

    Also while the mechanism is off: nobody loses what was put aside.

    Args:
        session: The unit of work.
        number: Of the redemption.
        now: The instant.
        actor: Who of ours does it; the resident alone by default.
        phone: Of the resident or guardian; needed where nobody of ours does it.
        why: Why.

    Returns:
        What the account holds since.

    Raises:
        Refused: `points_staff_only`, `unknown_points_redemption`, `points_not_reserved`, `points_guardian_only`,
            `points_not_holder`, `text_too_long`, `text_unprintable`.
    """
    _check_actor(actor)
    said = legible("reason", why, WHY_MAX)
    begin_write(session)
    row = _locked(session, number)
    if actor.system:
        check_speaks(session, account(session, row.account_id), phone)
    by = RESIDENT if actor.system else actor.name
    _end(session, row, CANCELLED, now, by, why=said)
    back = update(_goods).where(_goods.c.id == row.goods_id).values(stock=_goods.c.stock + row.quantity)
    connection_of(session).execute(back)
    more = {"redemption_id": number, "scheme": in_force(schemes(session), now).version, "note": said}
    ledger.write(session, [ledger.entry(session, row.account_id, f"cancel:{number}", ledger.RETURNED, row.points, now, by, **more)])
    return ledger.balance(session, row.account_id)


def _locked(session: Session, number: int) -> Any:  # noqa: ANN401 - a result row
    """A redemption with its partner, which nobody else changes until the commit; the account first, as everybody locks them."""
    run, columns = connection_of(session).execute, (*_redemption.c, _goods.c.partner_id)
    owner = run(select(_redemption.c.account_id).where(_redemption.c.id == number)).scalar_one_or_none()
    if owner is None:
        raise Refused("unknown_points_redemption", number=number)
    account(session, owner, lock=True)
    wanted = select(*columns).join_from(_redemption, _goods, _goods.c.id == _redemption.c.goods_id).where(_redemption.c.id == number)
    return run(wanted.with_for_update(of=_redemption)).one()


def _end(session: Session, row: Any, state: str, now: datetime, by: str, why: str = "") -> None:  # noqa: ANN401 - a result row
    if row.state != RESERVED:
        raise Refused("points_not_reserved", number=row.id, redemption=row.state)
    values = {"state": state, "ended_at": now, "ended_by": by, "why": why}
    connection_of(session).execute(update(_redemption).where(_redemption.c.id == row.id).values(values))


def redemptions(session: Session, *, account_id: int | None = None, partner: str | None = None) -> list[Mapping[str, Any]]:
    """What was redeemed, the newest first; of one account, or at one partner. Without names, phones and codes.

    Raises:
        Refused: `unknown_points_partner`.
    """
    joined = _redemption.join(_goods, _goods.c.id == _redemption.c.goods_id).join(_partner, _partner.c.id == _goods.c.partner_id)
    own = ("quantity", "points", "state", "by_guardian", "made_at", "ended_at")
    columns = (_redemption.c.id.label("number"), _redemption.c.account_id.label("account"), *(_redemption.c[name] for name in own))
    of_goods = [_goods.c.code.label("goods"), *(_goods.c[name].label(f"goods_{name}") for name in ("zh", "en"))]
    of_partner = [_partner.c.code.label("partner"), *(_partner.c[name].label(f"partner_{name}") for name in ("zh", "en"))]
    wanted = select(*columns, *of_goods, *of_partner).select_from(joined)
    of_account = [_redemption.c.account_id == account_id] if account_id is not None else []
    at_partner = [_goods.c.partner_id == partner_id(session, partner)] if partner is not None else []
    rows = connection_of(session).execute(wanted.where(*of_account, *at_partner).order_by(_redemption.c.id.desc()))
    return [dict(row) for row in rows.mappings()]
