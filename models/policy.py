"""Numbers as data: categories, limits, ladders, triage words. Versioned, stamped on the case when applied."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class System(Base):
    """One row of facts about the whole: which state of the reference data is current, whether events are recorded."""

    __tablename__ = "system"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(default=1, comment="grows with every change of reference data")
    installation: Mapped[str] = mapped_column(String(36), comment="random name of this database; makes event ids unique everywhere")
    events_on: Mapped[bool] = mapped_column(default=False, comment="write an outbox row for Prefect per journal entry")
    compared_id: Mapped[int] = mapped_column(default=0, comment="cases up to this id were compared with those open (duplicates)")


class Category(Base):
    """A category of matters (类别)."""

    __tablename__ = "category"

    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    zh: Mapped[str] = mapped_column(String(60))
    en: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(12), comment="component, event, service or sensor")
    urgency: Mapped[str] = mapped_column(String(2), comment="P0 to P3")
    lead: Mapped[str] = mapped_column(String(20), comment="kind of the leading unit")
    co: Mapped[list[str]] = mapped_column(JSON, comment="kinds of co-handling units")
    authority: Mapped[str] = mapped_column(String(10), comment="lowest level that may dispatch it")
    verify: Mapped[bool] = mapped_column(comment="false: no verification needed (a question answered)")
    basis: Mapped[str] = mapped_column(String(2), comment="where the numbers come from: a, a~, b, c")
    closing: Mapped[list[str]] = mapped_column(
        JSON, default=list, comment="what the lead shows when it finishes: photo_before, photo_after"
    )
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="since when no case is filed under it any more")


class Source(Base):
    """A source of reports (来源): where a case starts its climb."""

    __tablename__ = "source"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    zh: Mapped[str] = mapped_column(String(40))
    en: Mapped[str] = mapped_column(String(60))
    entry: Mapped[str] = mapped_column(String(10), comment="grid, community or centre")
    by_staff: Mapped[bool] = mapped_column(default=False, comment="written down by somebody of ours for somebody else")
    concealed: Mapped[bool] = mapped_column(default=False, comment="hidden from the units that handle (四不两直)")


class SpecialGroup(Base):
    """People whose matters may have limits of their own (特殊群体), e.g. elders who live alone."""

    __tablename__ = "special_group"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    zh: Mapped[str] = mapped_column(String(40))
    en: Mapped[str] = mapped_column(String(60))


class Diversion(Base):
    """Another channel that a matter belongs to (转其他渠道): emergency calls, petitions, courts and the like."""

    __tablename__ = "diversion"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    zh: Mapped[str] = mapped_column(String(40))
    en: Mapped[str] = mapped_column(String(80))
    statutory: Mapped[bool] = mapped_column(default=False, comment="a legal procedure: never handled here as well")


class SensitiveKind(Base):
    """A kind of sensitive case (敏感件): seen by named readers only."""

    __tablename__ = "sensitive_kind"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    zh: Mapped[str] = mapped_column(String(40))
    en: Mapped[str] = mapped_column(String(80))
    report_to: Mapped[str | None] = mapped_column(String(20), comment="kind of unit that the law wants told; empty: none")
    words: Mapped[list[str]] = mapped_column(JSON, comment="any of them in a report restricts it at once")
    needs: Mapped[list[str]] = mapped_column(JSON, default=list, comment="one of them must be there too; empty: none")
    excludes: Mapped[list[str]] = mapped_column(JSON, default=list, comment="none of them may be there")


class RoutingVersion(Base):
    """One version of the routing catalogue (派单目录): a draft until a second person publishes it, then never changed."""

    __tablename__ = "routing_version"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(12), comment="draft, published or withdrawn")
    effective_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="set when it is published")
    note: Mapped[str] = mapped_column(Text, default="")
    base_version: Mapped[int | None]
    drafted_by: Mapped[str | None] = mapped_column(String(60))
    drafted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_by: Mapped[str | None] = mapped_column(String(60), comment="never who drafted it")
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RouteRow(Base):
    """Who answers for a category in an area, by ownership (属主) or by territory (属地)."""

    __tablename__ = "route_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(ForeignKey("routing_version.version"), index=True)
    line: Mapped[int] = mapped_column(comment="place in the catalogue: what a person calls the row")
    category: Mapped[str] = mapped_column(String(10))
    area: Mapped[str | None] = mapped_column(String(40), comment="code of the unit whose area it holds for; empty: everywhere")
    owner: Mapped[str] = mapped_column(String(8), comment="owner (属主) or area (属地)")
    lead: Mapped[str] = mapped_column(String(40), comment="code of a unit, or kind of unit")
    co: Mapped[list[str]] = mapped_column(JSON, default=list, comment="codes or kinds of co-handling units")
    basis: Mapped[str] = mapped_column(String(120), default="", comment="what it rests on, e.g. the ruling on a case")


class RemitRow(Base):
    """What a unit or a kind of unit answers for (职责清单): work off its list is not sent to it."""

    __tablename__ = "remit_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(ForeignKey("routing_version.version"), index=True)
    unit: Mapped[str] = mapped_column(String(40), comment="code of a unit, or kind of unit")
    category: Mapped[str] = mapped_column(String(10))


class LevelRow(Base):
    """What a level may do with a category in ③: hold it, decide, skip levels, send it down."""

    __tablename__ = "level_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(ForeignKey("routing_version.version"), index=True)
    level: Mapped[str] = mapped_column(String(10))
    category: Mapped[str | None] = mapped_column(String(10), comment="empty: any category that has no row of its own")
    may: Mapped[list[str]] = mapped_column(JSON, comment="of hold, decide, skip, send_down")


class SlaPolicy(Base):
    """One version of all limits: a draft until a second person publishes it, then never changed."""

    __tablename__ = "sla_policy"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(12), default="published", comment="draft, published or withdrawn")
    effective_from: Mapped[date] = mapped_column(comment="local day from which cases are stamped with it")
    effective_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="the same as an instant; set when it is published")
    note: Mapped[str] = mapped_column(Text, default="")
    ladders: Mapped[dict[str, str]] = mapped_column(JSON, comment="clock kind → ladder, as code@version")
    base_version: Mapped[int | None] = mapped_column(comment="version the draft was made from")
    drafted_by: Mapped[str | None] = mapped_column(String(60))
    drafted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_by: Mapped[str | None] = mapped_column(String(60), comment="never who drafted it")
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    treatment: Mapped[str | None] = mapped_column(String(12), comment="of cases open at that moment: keep, earlier or reproject")
    apply_after: Mapped[int | None] = mapped_column(comment="treatment under way: clocks up to this id are done; empty: none, or all done")


class SlaRow(Base):
    """Limits of whatever the row names; what it leaves empty holds for all. The most specific row wins, limit by limit (rules/sla.py)."""

    __tablename__ = "sla_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(ForeignKey("sla_policy.version"), index=True)
    line: Mapped[int] = mapped_column(default=0, comment="place in the policy as it was written: what a person calls the row")
    category: Mapped[str | None] = mapped_column(String(10), comment="empty: any category")
    urgency: Mapped[str | None] = mapped_column(String(2), comment="empty: any but P0")
    source: Mapped[str | None] = mapped_column(String(20), comment="empty: any source")
    area: Mapped[str | None] = mapped_column(String(40), comment="code of the unit whose area it holds for; empty: everywhere")
    special_group: Mapped[str | None] = mapped_column(String(20), comment="empty: everybody")
    limits: Mapped[dict[str, str]] = mapped_column(JSON, comment="kind of limit → limit, e.g. 3wd, or none")
    stages: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list, comment="milestones in order: code, zh, en, limit")
    basis: Mapped[str] = mapped_column(String(60), default="", comment="where the numbers come from")
    confirmed_by: Mapped[str | None] = mapped_column(String(60), comment="who confirmed the numbers; empty: suggested values (建议值)")


class LadderVersion(Base):
    """One version of one ladder, never changed once it is written."""

    __tablename__ = "ladder"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    zh: Mapped[str] = mapped_column(String(40))
    en: Mapped[str] = mapped_column(String(60))
    rungs: Mapped[list[dict[str, Any]]] = mapped_column(JSON, comment="as in seeds/ladders.toml")


class TriageRule(Base):
    """Words by which a category claims a report."""

    __tablename__ = "triage_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(ForeignKey("category.code"))
    words: Mapped[list[str]] = mapped_column(JSON, comment="any of them claims")
    needs: Mapped[list[str]] = mapped_column(JSON, comment="one of them must be there too; empty: none")
    excludes: Mapped[list[str]] = mapped_column(JSON, comment="none of them may be there")


class UrgentRule(Base):
    """Words that raise the urgency, whatever the category."""

    __tablename__ = "urgent_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    urgency: Mapped[str] = mapped_column(String(2))
    words: Mapped[list[str]] = mapped_column(JSON)
