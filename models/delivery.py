"""What belongs to the delivery of messages: channels, attempts, receipts, replies, numbers that fail, limits."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Sealed, UtcDateTime


class Channel(Base):
    """A way out that an administrator has configured: a code that notices name, and an address that Apprise understands."""

    __tablename__ = "channel"

    code: Mapped[str] = mapped_column(String(20), primary_key=True, comment="sms, email, voice, im, … as notices and chains name it")
    url: Mapped[str] = mapped_column(Sealed, comment="Apprise address, encrypted; secrets may be named instead: {secret:NAME}")
    enabled: Mapped[bool] = mapped_column(default=True)
    public: Mapped[bool] = mapped_column(
        default=False, comment="a public gateway: approved templates only, no links or mobiles as variables"
    )
    callback: Mapped[str] = mapped_column(
        String(64), unique=True, comment="keyed hash of the secret in the path of its receipts and replies"
    )
    note: Mapped[str] = mapped_column(Text, default="")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(60))


class ChannelState(Base):
    """The circuit breaker of a channel: how often it failed in a row, and until when nothing is sent by it."""

    __tablename__ = "channel_state"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0, comment="in a row")
    trips: Mapped[int] = mapped_column(default=0, comment="in a row: each one doubles the pause")
    open_until: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="nothing is sent until then, after it one message is tried")
    reason: Mapped[str | None] = mapped_column(String(200))
    alarmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="since when the administrators know")
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="last message that it took")


class DeliveryPolicy(Base):
    """The numbers of delivery in versions: budgets, quiet hours, gaps, waits (rules/delivery.py says what each is)."""

    __tablename__ = "delivery_policy"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    numbers: Mapped[dict[str, Any]] = mapped_column(JSON)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(60))


class Attempt(Base):
    """One try to hand a message to its channel, or to learn what became of it: append only."""

    __tablename__ = "attempt"

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    asked: Mapped[bool] = mapped_column(default=False, comment="true: the provider was only asked what became of it")
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(12), comment="notifications.outcome.Verdict")
    code: Mapped[str] = mapped_column(String(60), default="", comment="the provider's own code")
    provider_id: Mapped[str | None] = mapped_column(String(80))
    words: Mapped[str] = mapped_column(String(200), default="", comment="what the provider said, without secrets")


class Receipt(Base):
    """What a provider says became of a message; the same one twice is one."""

    __tablename__ = "receipt"

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    provider_id: Mapped[str] = mapped_column(String(80), comment="what the provider calls the message")
    message_id: Mapped[int | None] = mapped_column(comment="ours, as the provider gave it back; empty until it is found")
    status: Mapped[str] = mapped_column(String(40), comment="the provider's own word, e.g. DELIVRD")
    delivered: Mapped[bool]
    bad_number: Mapped[bool] = mapped_column(default=False, comment="空号, 停机 or the like")
    at: Mapped[datetime] = mapped_column(UtcDateTime, comment="as the provider says, else when it came")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    applied_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, comment="since when the message knows; empty: its message is not found yet"
    )

    __table_args__ = (UniqueConstraint("channel", "provider_id", "status"), Index(None, "applied_at"))


class Reply(Base):
    """A short message that somebody sent back: matched to a case, or listed for a person."""

    __tablename__ = "reply"

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    provider_id: Mapped[str] = mapped_column(String(80), comment="what the provider calls it; the same one twice is one")
    requester_id: Mapped[int | None] = mapped_column(ForeignKey("requester.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    phone: Mapped[str] = mapped_column(Sealed)
    text: Mapped[str] = mapped_column(Sealed)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    meaning: Mapped[str] = mapped_column(String(12), comment="solved, unsolved, stop or unclear")
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"))
    outcome: Mapped[str] = mapped_column(String(30), comment="done, or the code of the refusal")
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="empty: a person has to look")

    __table_args__ = (UniqueConstraint("channel", "provider_id"), Index(None, "settled_at"))


class FailingNumber(Base):
    """An address at which somebody cannot be reached (空号, a reissued number, a mailbox that is gone)."""

    __tablename__ = "failing_number"

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(String(16), index=True, comment="s12, r5 or u7")
    kind: Mapped[str] = mapped_column(String(8), comment="phone, email or im")
    reason: Mapped[str] = mapped_column(String(12), comment="empty (空号), reissued, or refused")
    code: Mapped[str] = mapped_column(String(60), comment="the provider's own code, or who said so")
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    cleared_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="the address was changed, or somebody says that it is right")
    cleared_by: Mapped[str | None] = mapped_column(String(60))


class AnswerCode(Base):
    """What opens one matter for one person without a login: six characters in an SMS, a link in an e-mail; good for one answer."""

    __tablename__ = "answer_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True, comment="keyed hash; the code itself is never kept")
    kind: Mapped[str] = mapped_column(String(4), comment="code or link")
    purpose: Mapped[str] = mapped_column(String(12), comment="acknowledge, rate or open")
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    requester_id: Mapped[int | None] = mapped_column(ForeignKey("requester.id"))
    order_no: Mapped[int | None]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AnswerTry(Base):
    """A code that somebody typed and that was none: counted against guessing."""

    __tablename__ = "answer_try"

    id: Mapped[int] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(String(64), comment="keyed hash of where it came from")
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "device", "at"), Index(None, "at"))


class MessageTemplate(Base):
    """One version of the words of a notice for one medium in one language; never changed once it is proposed."""

    __tablename__ = "message_template"

    id: Mapped[int] = mapped_column(primary_key=True)
    notice: Mapped[str] = mapped_column(String(24))
    medium: Mapped[str] = mapped_column(String(8), comment="sms, email, im or voice")
    lang: Mapped[str] = mapped_column(String(2))
    version: Mapped[int] = mapped_column(SmallInteger, comment="1, 2, … within notice, medium and language; 0 came with the program")
    state: Mapped[str] = mapped_column(String(10), comment="draft, proposed, published, refused or retired")
    subject: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text)
    written_by: Mapped[str] = mapped_column(String(60))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(60), comment="never who wrote it")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (UniqueConstraint("notice", "medium", "lang", "version"),)


class ProviderTemplate(Base):
    """What a public SMS gateway calls one version of our words, and whether it has approved them."""

    __tablename__ = "provider_template"

    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    notice: Mapped[str] = mapped_column(String(24), primary_key=True)
    lang: Mapped[str] = mapped_column(String(2), primary_key=True)
    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(40), comment="the provider's template code, e.g. SMS_123456")
    state: Mapped[str] = mapped_column(String(10), comment="pending, approved or rejected")
    reason: Mapped[str] = mapped_column(Text, default="", comment="why it was rejected, in the provider's words")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(60))
