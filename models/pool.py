"""Residents on the public pages of the pool (认领大厅): who has shown in which browser who he or she is."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class PoolVisit(Base):
    """A resident who takes part in the pool; the browser holds a secret of which only the digest is here, and leaving removes it."""

    __tablename__ = "pool_visit"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    requester_id: Mapped[int] = mapped_column(ForeignKey("requester.id"), index=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime, comment="ends then at the latest")

    __table_args__ = (Index(None, "until"),)
