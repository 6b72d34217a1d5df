"""What triage has learned and what it suggested: models, suggestions, and what a person made of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class TriageModel(Base):
    """A model learned from confirmed decisions; never changed, the active one suggests."""

    __tablename__ = "triage_model"

    id: Mapped[int] = mapped_column(primary_key=True)
    trained_at: Mapped[datetime] = mapped_column(UtcDateTime)
    trained_by: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(10), comment="plain or semantic")
    samples: Mapped[int] = mapped_column(comment="confirmed decisions it was learned from")
    classes: Mapped[list[str]] = mapped_column(JSON)
    threshold: Mapped[float] = mapped_column(comment="below this probability it abstains")
    macro_f1: Mapped[float | None] = mapped_column(comment="by cross-validation; empty: too few decisions")
    top2: Mapped[float | None]
    blob: Mapped[bytes] = mapped_column(LargeBinary, comment="numbers of the model (npz)")
    sha256: Mapped[str] = mapped_column(String(64))
    active: Mapped[bool] = mapped_column(default=True)


class TriageSuggestion(Base):
    """What was suggested for a case, with the reason, and what a person chose."""

    __tablename__ = "triage_suggestion"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, … within the case")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    origin: Mapped[str] = mapped_column(String(10), comment="rule, model or both")
    model_id: Mapped[int | None] = mapped_column(ForeignKey("triage_model.id"))
    top: Mapped[list[dict[str, Any]]] = mapped_column(JSON, comment="best first: category, probability, words, nearest cases")
    urgency: Mapped[str | None] = mapped_column(String(2))
    abstained: Mapped[bool] = mapped_column(comment="not sure enough: a person decides without it")
    chosen: Mapped[str | None] = mapped_column(String(10), comment="category that a person filed it under")
    chosen_by: Mapped[str | None] = mapped_column(String(60))
    chosen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    agreed: Mapped[bool | None] = mapped_column(comment="whether the first suggestion was chosen")
