"""What there is for points: partners who hand things over, goods with a price and a stock that never goes below nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from models import PointGoods, PointPartner, begin_write, connection_of, table
from rules.facts import Actor, Refused
from services.mechanisms import require
from services.moves.proof import legible
from services.people.rights import on_record
from services.points.accounts import check_keeper
from services.points.scheme import MECHANISM

CODE_MAX: Final = 40  #: characters
NAME_MAX: Final = 60
PLACE_MAX: Final = 120
MOST: Final = 1_000_000  #: of a price, and of a stock
_partner, _goods = table(PointPartner), table(PointGoods)


@dataclass(frozen=True, slots=True)
class Partner:
    """A shop or office that hands goods over."""

    code: str
    zh: str
    en: str
    place: str


@dataclass(frozen=True, slots=True)
class Goods:
    """Something to be had.

    Attributes:
        partner: Code of the partner that hands it over.
        price: Points for one, at least 1.
        stock: How many there are, 0 or more.
    """

    code: str
    zh: str
    en: str
    partner: str
    price: int
    stock: int


def add_partner(session: Session, new: Partner, actor: Actor, now: datetime) -> None:
    """Put a partner on the list.

    Raises:
        Refused: `mechanism_off`, `points_staff_only`, `points_code_wrong`, `points_code_taken`, `points_names_missing`,
            `text_too_long`, `text_unprintable`.
    """
    values = _begin(session, _partner, new, actor, now)
    place = legible("place", new.place, PLACE_MAX)
    connection_of(session).execute(insert(_partner).values(**values, place=place))
    on_record(session, actor.name, "points_partner_added", new.code, {}, now)


def add_goods(session: Session, new: Goods, actor: Actor, now: datetime) -> None:
    """Offer something.

    Raises:
        Refused: `mechanism_off`, `points_staff_only`, `unknown_points_partner`, `points_number_wrong`, `points_code_wrong`,
            `points_code_taken`, `points_names_missing`, `text_too_long`, `text_unprintable`.
    """
    values = _begin(session, _goods, new, actor, now)
    if not 1 <= new.price <= MOST or not 0 <= new.stock <= MOST:
        raise Refused("points_number_wrong", most=MOST)
    about = {"partner_id": partner_id(session, new.partner), "price": new.price, "stock": new.stock}
    connection_of(session).execute(insert(_goods).values(**values, **about))
    on_record(session, actor.name, "points_goods_added", new.code, {"price": new.price, "stock": new.stock}, now)


def _begin(session: Session, of: Table, new: Partner | Goods, actor: Actor, now: datetime) -> dict[str, Any]:
    """What partners and goods have in common, looked at."""
    require(session, MECHANISM)
    check_keeper(actor)
    begin_write(session)
    if not new.code.isascii() or not new.code.replace("-", "").isalnum() or len(new.code) > CODE_MAX:
        raise Refused("points_code_wrong", given=new.code)
    if connection_of(session).execute(select(of.c.id).where(of.c.code == new.code)).first() is not None:
        raise Refused("points_code_taken", given=new.code)
    names = {lang: legible("name", getattr(new, lang), NAME_MAX) for lang in ("zh", "en")}
    if not all(names.values()):
        raise Refused("points_names_missing")
    return {"code": new.code, **names, "added_at": now, "added_by": actor.name}


def restock(session: Session, code: str, more: int, actor: Actor, now: datetime) -> int:
    """Put more on the shelf, or with a number below zero take some off; what is offered no more is offered again.

    Returns:
        How many there are now.

    Raises:
        Refused: `mechanism_off`, `points_staff_only`, `unknown_points_goods`, `points_number_wrong`.
    """
    require(session, MECHANISM)
    check_keeper(actor)
    begin_write(session)
    row = goods(session, code, lock=True)
    if not 0 <= row.stock + more <= MOST:
        raise Refused("points_number_wrong", most=MOST)
    connection_of(session).execute(update(_goods).where(_goods.c.id == row.id).values(stock=row.stock + more, closed_at=None))
    on_record(session, actor.name, "points_restocked", code, {"more": more}, now)
    return int(row.stock + more)


def close_goods(session: Session, code: str, actor: Actor, now: datetime) -> None:
    """Offer something no more; what was put aside can still be fetched. Closing it again changes nothing.

    Raises:
        Refused: `points_staff_only`, `unknown_points_goods`.
    """
    check_keeper(actor)
    begin_write(session)
    row = goods(session, code, lock=True)
    if row.closed_at is None:
        connection_of(session).execute(update(_goods).where(_goods.c.id == row.id).values(closed_at=now))
        on_record(session, actor.name, "points_goods_closed", code, {}, now)


def goods(session: Session, code: str, *, lock: bool = False) -> Any:  # noqa: ANN401 - a result row
    """One kind of goods; with `lock` nobody else takes any until the commit.

    Raises:
        Refused: `unknown_points_goods`.
    """
    wanted = select(_goods).where(_goods.c.code == code)
    row = connection_of(session).execute(wanted.with_for_update(key_share=True) if lock else wanted).one_or_none()
    if row is None:
        raise Refused("unknown_points_goods", given=code)
    return row


def partner_id(session: Session, code: str) -> int:
    """The partner with this code.

    Raises:
        Refused: `unknown_points_partner`.
    """
    found = connection_of(session).execute(select(_partner.c.id).where(_partner.c.code == code)).scalar_one_or_none()
    if found is None:
        raise Refused("unknown_points_partner", given=code)
    return int(found)


def offered(session: Session, *, everything: bool = False) -> list[Mapping[str, Any]]:
    """What there is, with where it is handed over; with `everything` also what is offered no more.

    Raises:
        Refused: `mechanism_off`.
    """
    require(session, MECHANISM)
    about = (_partner.c.code.label("partner"), _partner.c.zh.label("partner_zh"), _partner.c.en.label("partner_en"), _partner.c.place)
    wanted = select(_goods, *about).join_from(_goods, _partner, _partner.c.id == _goods.c.partner_id).order_by(_goods.c.id)
    rows = connection_of(session).execute(wanted if everything else wanted.where(_goods.c.closed_at.is_(None))).mappings()
    return [{name: row[name] for name in row if name not in ("id", "partner_id")} for row in rows]
