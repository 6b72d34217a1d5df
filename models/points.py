"""Points for residents (积分, never for staff): rules in versions, accounts, the ledger, partners, goods, what was redeemed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class PointScheme(Base):
    """A published version of the rules; version 1 is seeds/points.toml and has no row."""

    __tablename__ = "point_scheme"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="2, 3, …")
    effective_at: Mapped[datetime] = mapped_column(UtcDateTime, comment="for what is reported from then on")
    content: Mapped[dict[str, Any]] = mapped_column(JSON, comment="in the form of seeds/points.toml")
    note: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[str] = mapped_column(String(60))


class PointAccount(Base):
    """A resident's account; a minor's is used by the guardian only. What it holds is the sum of its entries."""

    __tablename__ = "point_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    requester_id: Mapped[int | None] = mapped_column(ForeignKey("requester.id"), unique=True, comment="empty: closed, and forgotten")
    age: Mapped[str] = mapped_column(String(6), comment="adult, youth (14 to 17) or child (under 14)")
    guardian_id: Mapped[int | None] = mapped_column(ForeignKey("requester.id"), index=True, comment="guardian of a minor")
    consented_on: Mapped[date | None] = mapped_column(Date, comment="day on which the guardian consented in writing")
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, comment="what was reported before earns nothing")
    opened_by: Mapped[str] = mapped_column(String(60))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PointEntry(Base):
    """One entry of the ledger: append only, kept so by the database itself; corrected by an entry that says the opposite."""

    __tablename__ = "point_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True, comment="what it is for: the same event counts once")
    account_id: Mapped[int] = mapped_column(ForeignKey("point_account.id"))
    kind: Mapped[str] = mapped_column(String(10), comment="verified, solved, given, redeemed, returned, reversed or expired")
    board: Mapped[str] = mapped_column(String(20), comment="board it counts on; empty: none")
    points: Mapped[int] = mapped_column(comment="below zero: taken; zero: the day's cap was reached")
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    rule: Mapped[str] = mapped_column(String(30), comment="code of the rule; empty: none")
    scheme: Mapped[int] = mapped_column(comment="version of the rules")
    day: Mapped[date] = mapped_column(Date, comment="local day on which it was earned: that of the report; caps are by day")
    of_id: Mapped[int | None] = mapped_column(ForeignKey("point_entry.id"), comment="entry that it takes back")
    redemption_id: Mapped[int | None] = mapped_column(comment="what was redeemed or cancelled")
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(60))

    __table_args__ = (Index(None, "account_id", "day"),)


class PointPartner(Base):
    """A shop or office that hands goods over (爱心商城, 共建商户)."""

    __tablename__ = "point_partner"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True, comment="short ascii name")
    zh: Mapped[str] = mapped_column(String(60))
    en: Mapped[str] = mapped_column(String(80))
    place: Mapped[str] = mapped_column(String(120))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[str] = mapped_column(String(60))


class PointGoods(Base):
    """Something that can be had for points, as long as there is any."""

    __tablename__ = "point_goods"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True, comment="short ascii name")
    zh: Mapped[str] = mapped_column(String(60))
    en: Mapped[str] = mapped_column(String(80))
    partner_id: Mapped[int] = mapped_column(ForeignKey("point_partner.id"))
    price: Mapped[int] = mapped_column(comment="points for one")
    stock: Mapped[int] = mapped_column(comment="how many are left")
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[str] = mapped_column(String(60))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="not offered any more")

    __table_args__ = (CheckConstraint("stock >= 0", name="stock"), CheckConstraint("price > 0", name="price"))


class PointRedemption(Base):
    """Goods that somebody has taken points off for: put aside, handed over against a code, or cancelled."""

    __tablename__ = "point_redemption"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("point_account.id"), index=True)
    goods_id: Mapped[int] = mapped_column(ForeignKey("point_goods.id"))
    quantity: Mapped[int]
    points: Mapped[int] = mapped_column(comment="price when it was redeemed, for all of them")
    state: Mapped[str] = mapped_column(String(12), comment="reserved, handed_over or cancelled")
    by_guardian: Mapped[bool]
    key: Mapped[str | None] = mapped_column(String(120), unique=True, comment="idempotency key")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(String(60), comment="resident, or who of ours did it for the resident")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(60), comment="partner that handed it over, or who cancelled")
    why: Mapped[str] = mapped_column(String(120), default="", comment="why it was cancelled")
