"""The case, its work orders and requests, its reporters and ratings, and the journal of all that happened to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime

#: Emergencies under way, of which there are never many; written out, because both databases match an index by its words.
OPEN_EMERGENCY = text(
    "urgency = 'P0' AND state NOT IN ('declined', 'diverted', 'merged', 'answered', 'closed', 'withdrawn', 'voided', 'terminated')"
)

SENSITIVE = text("sensitive IS NOT NULL")  #: of which there are few as well
ENTERED = text("entered_by IS NOT NULL")
ASSIGNED = text("assigned_unit_id IS NOT NULL")
HANDLED = text("handler_id IS NOT NULL")


class Case(Base):
    """A case (案件). The class is `Case`; the table is `case_file` because CASE is a word of SQL."""

    __tablename__ = "case_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    no: Mapped[str] = mapped_column(String(20), unique=True, comment="BH-YYYYMMDD-NNNN, local day of submission")
    state: Mapped[str] = mapped_column(String(12), comment="rules.facts.State")
    version: Mapped[int] = mapped_column(default=0, comment="grows with every move; a person's form carries it")
    seq: Mapped[int] = mapped_column(default=0, comment="journal entries written; the lock of every writer")
    journal_hash: Mapped[str] = mapped_column(String(64), default="", comment="hash of the newest journal entry")
    source: Mapped[str] = mapped_column(String(20))
    urgency: Mapped[str] = mapped_column(String(2), comment="P0 to P3")
    category: Mapped[str | None] = mapped_column(String(10), comment="category code, set by triage")
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(String(120), default="")
    area_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), comment="smallest unit whose area it lies in")
    level: Mapped[str | None] = mapped_column(String(10), comment="level that holds it in step 3")
    authority: Mapped[str | None] = mapped_column(String(10), comment="lowest level that may dispatch it, stamped at filing")
    holder_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), comment="unit that holds it in step 3")
    requester_id: Mapped[int | None] = mapped_column(ForeignKey("requester.id"))
    contact_allowed: Mapped[bool] = mapped_column(default=True, comment="the handling unit may get in touch with the reporter")
    entered_by: Mapped[str | None] = mapped_column(String(60), comment="who of ours wrote it down for somebody")
    visit_id: Mapped[int | None] = mapped_column(comment="home visit from which it came")
    lat: Mapped[float | None] = mapped_column(comment="WGS84 degrees")
    lon: Mapped[float | None] = mapped_column(comment="WGS84 degrees")
    accuracy_m: Mapped[int | None] = mapped_column(comment="metres, as the device said")
    datum: Mapped[str | None] = mapped_column(String(6), comment="as it was given: WGS84, GCJ02 or BD09")
    special_group: Mapped[str | None] = mapped_column(String(20), comment="special group of the people it is about")
    sensitive: Mapped[str | None] = mapped_column(String(20), comment="kind of sensitive case; only readers see it")
    readers: Mapped[list[int]] = mapped_column(JSON, default=list, comment="staff who may see a sensitive case")
    statutory_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="when the report that the law demands was made")
    upstream_system: Mapped[str | None] = mapped_column(String(20), comment="who passed it on to us, e.g. 12345")
    upstream_no: Mapped[str | None] = mapped_column(String(60), comment="its number there")
    upstream_reply_to: Mapped[str | None] = mapped_column(Text, comment="where and how the answer goes back")
    upstream_replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reporters: Mapped[int] = mapped_column(default=0, comment="reporters besides the first, from cases merged into it")
    asks: Mapped[list[list[Any]]] = mapped_column(JSON, default=list, comment="requests that wait: number, kind, work order, unit, person")
    hops: Mapped[int] = mapped_column(default=0, comment="lead units it was dispatched to, one after the other")
    orders_before: Mapped[int] = mapped_column(default=0, comment="work orders up to this number are of a run before a reopening")
    rechecks: Mapped[int] = mapped_column(default=0, comment="looks at the place after it was closed")
    judged_by: Mapped[str | None] = mapped_column(String(60), comment="who judged the rating")
    topic_id: Mapped[int | None] = mapped_column(comment="topic it belongs to")
    escalate_to_id: Mapped[int | None] = mapped_column(comment="who hears when nobody acknowledges it")
    channel: Mapped[str | None] = mapped_column(String(20), comment="where else it was diverted to, seeds/diversions.toml")
    anonymised_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="personal data were taken out")
    outside_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="limit given from outside; binds where it is earlier")
    outside_by: Mapped[str | None] = mapped_column(String(10), comment="upstream (12345 and the like) or note (a leader's)")
    outside_note: Mapped[str | None] = mapped_column(Text, comment="what it rests on: upstream number, who wrote the note")
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    needs_check: Mapped[bool] = mapped_column(default=True, comment="whether the result must be verified")
    solved: Mapped[bool | None] = mapped_column(comment="the resident's answer; empty: none given")
    score: Mapped[int | None] = mapped_column(comment="satisfaction 1 to 5; empty: none given")
    round: Mapped[int] = mapped_column(default=1, comment="1, then one more for every rework")
    result: Mapped[str | None] = mapped_column(Text, comment="what the lead says was done; told to the reporters")
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"))
    policy_version: Mapped[int] = mapped_column(comment="limits it was stamped with")
    idempotency_key: Mapped[str | None] = mapped_column(String(120), unique=True, comment="the same submission twice is one case")
    attend_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="ready for the engine from then on")
    claimed_by: Mapped[int | None] = mapped_column(comment="engine that works on it")
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "ix_case_file_ready", "attend_at", postgresql_where=text("attend_at IS NOT NULL"), sqlite_where=text("attend_at IS NOT NULL")
        ),
        Index("ix_case_file_emergency", "id", postgresql_where=OPEN_EMERGENCY, sqlite_where=OPEN_EMERGENCY),
        Index("ix_case_file_sensitive", "sensitive", postgresql_where=SENSITIVE, sqlite_where=SENSITIVE),
        Index("ix_case_file_entered", "entered_by", postgresql_where=ENTERED, sqlite_where=ENTERED),
        Index("uq_case_file_upstream", "upstream_system", "upstream_no", unique=True),
        Index(None, "submitted_at"),
        Index(None, "requester_id", "submitted_at"),
    )


class WorkOrder(Base):
    """One unit's part of a case (工单): the lead's or a co-handling unit's."""

    __tablename__ = "work_order"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, … within the case")
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    assigned_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), comment="section inside the unit")
    lead: Mapped[bool]
    state: Mapped[str] = mapped_column(String(12), comment="rules.facts.OrderState")
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deemed: Mapped[bool] = mapped_column(default=False, comment="acknowledged by the clock, not by the unit")
    contacted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    controlled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[str | None] = mapped_column(Text)
    stages: Mapped[list[str]] = mapped_column(JSON, default=list, comment="codes of the milestones reached")
    extension_no: Mapped[int | None] = mapped_column(comment="request for more time that waits for a decision")
    handler_id: Mapped[int | None] = mapped_column(comment="person in the unit who does it")
    returnable: Mapped[bool] = mapped_column(default=True, comment="false: a return was ruled on, or the unit was ruled to handle it")
    tries: Mapped[int] = mapped_column(default=0, comment="vain attempts to reach the reporter")

    __table_args__ = (
        Index("ix_work_order_assigned", "assigned_unit_id", postgresql_where=ASSIGNED, sqlite_where=ASSIGNED),
        Index("ix_work_order_handler", "handler_id", postgresql_where=HANDLED, sqlite_where=HANDLED),
    )


class Extension(Base):
    """A unit asks for more time (延期): before the limit is up, with a reason, decided by somebody else."""

    __tablename__ = "extension"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, … within the case")
    order_no: Mapped[int] = mapped_column(comment="work order whose handling limit it is about")
    amount: Mapped[str] = mapped_column(String(8), comment="asked for, e.g. 3wd")
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), comment="rules.facts.ExtensionState")
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by: Mapped[str] = mapped_column(String(60))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(60))
    answer: Mapped[str | None] = mapped_column(Text)


class Request(Base):
    """Somebody asks for what somebody else decides (退单, 挂账, 作废, 终止, 申诉); waits under a clock of its own."""

    __tablename__ = "request"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, … within the case")
    kind: Mapped[str] = mapped_column(String(12), comment="rules.facts.RequestKind")
    order_no: Mapped[int | None] = mapped_column(comment="work order it is about")
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True, comment="unit that asks")
    to_unit_id: Mapped[int | None] = mapped_column(
        ForeignKey("unit.id"), comment="a return: who is said to own the matter, then who was ruled"
    )
    code: Mapped[str | None] = mapped_column(String(20), comment="reason as a code, rules/reasons.py")
    reason: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="a hold: until when it is asked for")
    state: Mapped[str] = mapped_column(String(12), comment="rules.facts.RequestState")
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by: Mapped[str] = mapped_column(String(60))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(60))
    answer: Mapped[str | None] = mapped_column(Text)


class CaseReporter(Base):
    """A further reporter of a case, whose own case was merged into it: informed and asked like the first."""

    __tablename__ = "case_reporter"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    via_case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True, comment="the case he or she had handed in")
    requester_id: Mapped[int] = mapped_column(ForeignKey("requester.id"), index=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="split off again, or withdrawn")


class Evaluation(Base):
    """One reporter's rating of one round: solved or not, satisfied or not, two questions apart."""

    __tablename__ = "evaluation"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, … within the case")
    round: Mapped[int] = mapped_column(comment="round of the case that is rated")
    requester_id: Mapped[int | None] = mapped_column(ForeignKey("requester.id"), index=True)
    solved: Mapped[bool]
    score: Mapped[int | None] = mapped_column(comment="1 very dissatisfied to 5 very satisfied")
    words: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(String(10), comment="self, link, paper, call or visit")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(60), comment="the resident, or who of ours wrote it down")
    by_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    device: Mapped[str | None] = mapped_column(String(64), index=True, comment="keyed hash of the device")
    flagged: Mapped[str | None] = mapped_column(String(20), comment="why a person should look, e.g. burst")
    counted: Mapped[bool] = mapped_column(default=True, comment="false: an appeal was upheld")


class Journal(Base):
    """What happened, in order, for good: append only, never updated, hash-chained per case."""

    __tablename__ = "journal"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, … within the case")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    step: Mapped[str] = mapped_column(String(10), comment="step the entry belongs to")
    thing: Mapped[str] = mapped_column(String(12), comment="case, order, extension, request, supervision or clock")
    thing_no: Mapped[int | None] = mapped_column(comment="number of the work order or extension, or seq of the supervision order")
    action: Mapped[str] = mapped_column(String(24), comment="action, or rung code for clocks")
    before: Mapped[str | None] = mapped_column(String(12))
    after: Mapped[str | None] = mapped_column(String(12))
    actor: Mapped[str] = mapped_column(String(60), comment="user name, resident, or system")
    actor_unit_id: Mapped[int | None]
    ball_unit_id: Mapped[int | None] = mapped_column(comment="unit that holds the ball from here on")
    data: Mapped[dict[str, Any]] = mapped_column(JSON, comment="what was handed in, reasons, links")
    previous: Mapped[str] = mapped_column(String(64), comment="hash of the entry before")
    hash: Mapped[str] = mapped_column(String(64))


class CaseNumber(Base):
    """The last case number given out on a day; taken in the same commit as the case, so no number is ever missing."""

    __tablename__ = "case_number"

    day: Mapped[str] = mapped_column(String(8), primary_key=True, comment="YYYYMMDD, local")
    last: Mapped[int]
