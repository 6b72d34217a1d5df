"""The catalogue of errands (帮办代办清单) in versions: an errand keeps the words and limits of the version it began under."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class ErrandList(Base):
    """A version of the catalogue that an administrator has imported; where none is in force yet, seeds/errands.toml is."""

    __tablename__ = "errand_list"

    version: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime, index=True, comment="in force from")
    content: Mapped[dict[str, Any]] = mapped_column(JSON, comment="items with materials, steps and limits; self-service points")
    source: Mapped[str] = mapped_column(String(120), comment="document or file that it was read from")
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[str] = mapped_column(String(60))
