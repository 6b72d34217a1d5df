"""Places with a code on the wall: who scans it has the place filled in."""

from datetime import datetime

from sqlalchemy import Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class PlaceCode(Base):
    """A place whose QR code hangs there: a gate, a lift, a bin, a street lamp."""

    __tablename__ = "place_code"

    code: Mapped[str] = mapped_column(String(12), primary_key=True, comment="as in the address of the code")
    area_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    place: Mapped[str] = mapped_column(String(120), comment="in words, as it goes into the report")
    longitude: Mapped[float | None] = mapped_column(Float, comment="WGS84, degrees")
    latitude: Mapped[float | None] = mapped_column(Float, comment="WGS84, degrees")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(String(60))
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="since when it says that it is not in use any more")
