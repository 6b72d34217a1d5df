"""Who may sign in: passwords, second factors, sessions that the server keeps, one-time codes."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Sealed, UtcDateTime


class Account(Base):
    """How one of the staff signs in; somebody without one cannot."""

    __tablename__ = "account"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True, autoincrement=False)
    password: Mapped[str | None] = mapped_column(String(200), comment="Argon2id; empty: signs in through the identity provider only")
    one_time: Mapped[bool] = mapped_column(default=False, comment="given by somebody else: a password of one's own has to be set first")
    demo: Mapped[bool] = mapped_column(default=False, comment="signs in only while the installation is a demonstration")
    totp: Mapped[str | None] = mapped_column(Sealed, comment="encrypted secret of the second factor; empty: none")
    totp_step: Mapped[int | None] = mapped_column(comment="time step of the last code taken, so that none is taken twice")
    failures: Mapped[int] = mapped_column(default=0, comment="wrong passwords and codes since the last right one")
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, comment="when the password was set")
    changed_by: Mapped[str] = mapped_column(String(60))


class WebSession(Base):
    """Somebody signed in in one browser; the browser holds a secret of which only the digest is here."""

    __tablename__ = "web_session"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, comment="last use, to within a few minutes")
    until: Mapped[datetime] = mapped_column(UtcDateTime, comment="ends then at the latest")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    device: Mapped[str] = mapped_column(String(120), comment="what the browser calls itself")
    way: Mapped[str] = mapped_column(String(10), comment="password, code or oidc")

    __table_args__ = (Index(None, "staff_id", "ended_at"),)


class SignInCode(Base):
    """A one-time code sent to a registered phone: signs in once."""

    __tablename__ = "sign_in_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0, comment="wrong codes")
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInTry(Base):
    """A wrong password or code, whoever's: counted by device against guessing at many accounts from one place."""

    __tablename__ = "sign_in_try"

    id: Mapped[int] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(String(64), comment="keyed hash of where it came from")
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "device", "at"), Index(None, "at"))
