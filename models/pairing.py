"""Units paired with communities (包保包联): what a community asks for reaches its paired units first."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class Pairing(Base):
    """A unit paired with a community, a street or a grid; ended, never deleted."""

    __tablename__ = "pairing"

    id: Mapped[int] = mapped_column(primary_key=True)
    area_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), comment="community, street or grid that it is paired with")
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), comment="paired unit")
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="empty: until further notice")
    entered_by: Mapped[str] = mapped_column(String(60))

    __table_args__ = (Index(None, "area_unit_id", "since"),)
