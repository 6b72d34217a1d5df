"""Deadlines: calendars in layers, versioned policies, extensions, supervision orders with a life of their own, duty

Revision: 0002
Before: 0001
"""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: Columns of the first tables whose comments say more now (SQLite keeps no comments).
_SAID_ANEW = {
    "calendar.version": "grows with every change of its days or windows, or of those above",
    "journal.thing": "case, order, extension, supervision or clock",
    "journal.thing_no": "number of the work order or extension, or seq of the supervision order",
    "sla_policy.effective_from": "local day from which cases are stamped with it",
    "sla_row.category": "empty: any category",
    "sla_row.urgency": "empty: any but P0",
    "sla_row.limits": "kind of limit → limit, e.g. 3wd, or none",
    "sla_policy.ladders": "clock kind → ladder, as code@version",
    "working_window.closes": "00:00: midnight at the end of the day",
}

#: Ladders, all there since 0001, for clocks that there were none of.
_OF_NEW_CLOCKS = {
    **dict.fromkeys(("extend", "overall", "hold_cap", "sign", "review"), "desk@1"),
    **dict.fromkeys(("stage", "rectify", "letter"), "milestone@1"),
}

#: The whole time that a case may take, which no limit said before; the suggested values of a new installation.
_OVERALL = {"P0": "3wd", "P1": "5wd", "P2": "9wd", "P3": "20wd"}
_GROUPS = (
    ("elder_alone", "独居老人", "Elder living alone"),
    ("disabled", "残疾人", "Person with a disability"),
    ("minor", "未成年人", "Minor"),
    ("hardship", "困难家庭", "Household in hardship"),
    ("key_enterprise", "重点企业", "Key enterprise"),
)


def upgrade() -> None:
    _orders()
    _new_tables()
    _new_columns()
    _emergencies_first()
    _as_it_was()


def _orders() -> None:
    with op.batch_alter_table("supervision_order", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "seq",
                sa.Integer(),
                server_default="0",
                nullable=False,
                comment="journal entry that opened it; below zero: before supervision orders had clocks",
            )
        )
        batch_op.add_column(sa.Column("number", sa.String(length=20), nullable=True, comment="DB-YYYYMMDD-NNNN, given when it is signed"))
        batch_op.add_column(
            sa.Column(
                "form",
                sa.String(length=12),
                server_default="order",
                nullable=False,
                comment="order (督办单), letter (函告, to vertical lines) or bulletin (通报)",
            )
        )
        batch_op.add_column(
            sa.Column(
                "rank",
                sa.String(length=12),
                server_default="daily",
                nullable=False,
                comment="daily (日常) or listed (挂牌), decided by people",
            )
        )
        batch_op.add_column(
            sa.Column("origin", sa.String(length=12), server_default="rung", nullable=False, comment="rung, person or inspection")
        )
        batch_op.add_column(sa.Column("demand", sa.Text(), server_default="", nullable=False, comment="what is to be put right"))
        batch_op.add_column(
            sa.Column("limit", sa.String(length=8), nullable=True, comment="time to put it right, e.g. 5wd; empty: as the policy says")
        )
        batch_op.add_column(sa.Column("proposed_by", sa.String(length=60), server_default="system", nullable=False))
        batch_op.add_column(sa.Column("signed_at", models.base.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("signed_by", sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column("replied_at", models.base.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("replied_by", sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column("reply", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("verified_at", models.base.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("verified_by", sa.String(length=60), nullable=True))
        batch_op.add_column(
            sa.Column("ended_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="written off, dismissed or withdrawn")
        )
        batch_op.add_column(sa.Column("ended_by", sa.String(length=60), nullable=True))
    _orders_as_they_were()
    with op.batch_alter_table("supervision_order", schema=None) as batch_op:
        batch_op.create_index("uq_supervision_order_opened", ["case_id", "seq"], unique=True)
        batch_op.create_index(batch_op.f("ix_supervision_order_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_supervision_order_unit_id"), ["unit_id"], unique=False)
        batch_op.create_unique_constraint(batch_op.f("uq_supervision_order_number"), ["number"])
        batch_op.drop_column("decided_at")
        batch_op.drop_column("decided_by")
        batch_op.drop_column("kind")


def _orders_as_they_were() -> None:
    """Orders proposed so far have no clock and no number; who decided them is kept."""
    for statement in (
        "UPDATE supervision_order SET seq = -id, form = CASE kind WHEN 'bulletin' THEN 'bulletin' ELSE 'order' END",
        "UPDATE supervision_order SET signed_at = decided_at, signed_by = decided_by WHERE state = 'signed'",
        "UPDATE supervision_order SET ended_at = decided_at, ended_by = decided_by WHERE state = 'dismissed'",
    ):
        op.execute(statement)


def _new_tables() -> None:
    op.create_table(
        "special_group",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("zh", sa.String(length=40), nullable=False),
        sa.Column("en", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_special_group")),
    )
    op.create_table(
        "audit_round",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="always 1"),
        sa.Column("started_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="empty: no round has come to its end yet"),
        sa.Column("cases", sa.Integer(), nullable=False, comment="cases looked at"),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False, comment="kind of finding → how many"),
        sa.Column("first", sa.JSON(), nullable=False, comment="the first few: code and number of the case"),
        sa.Column(
            "heartbeat_at",
            models.base.UtcDateTime(timezone=True),
            nullable=True,
            comment="when the outside was last told that all is well",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_round")),
    )
    op.create_table(
        "supervision_number",
        sa.Column("day", sa.String(length=8), nullable=False, comment="YYYYMMDD, local"),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_supervision_number")),
    )
    op.create_table(
        "calendar_year",
        sa.Column("calendar", sa.String(length=20), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("loaded_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="when its notice was loaded; empty: seeded"),
        sa.ForeignKeyConstraint(["calendar"], ["calendar.code"], name=op.f("fk_calendar_year_calendar")),
        sa.PrimaryKeyConstraint("calendar", "year", name=op.f("pk_calendar_year")),
    )
    op.create_table(
        "absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("since", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", models.base.UtcDateTime(timezone=True), nullable=True, comment="empty: until further notice"),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_absence_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_absence_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "duty_roster",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("since", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_duty_roster_staff_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_duty_roster_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_roster")),
    )
    with op.batch_alter_table("duty_roster", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_duty_roster_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "extension",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False, comment="1, 2, … within the case"),
        sa.Column("order_no", sa.Integer(), nullable=False, comment="work order whose handling limit it is about"),
        sa.Column("amount", sa.String(length=8), nullable=False, comment="asked for, e.g. 3wd"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False, comment="rules.facts.ExtensionState"),
        sa.Column("asked_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=60), nullable=False),
        sa.Column("decided_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=60), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_extension_case_id")),
        sa.PrimaryKeyConstraint("case_id", "no", name=op.f("pk_extension")),
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False, comment="case in whose journal the order is kept"),
        sa.Column("seq", sa.Integer(), nullable=False, comment="journal entry there that opened the order"),
        sa.Column("stage", sa.String(length=6), nullable=False, comment="before or after"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True, comment="the file's hash, by which it is kept; empty: no file"),
        sa.Column("name", sa.String(length=120), nullable=True, comment="what the file was called"),
        sa.Column("media", sa.String(length=40), nullable=True, comment="media type, looked at and not believed"),
        sa.Column("size", sa.Integer(), nullable=True, comment="bytes"),
        sa.Column("added_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_evidence_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_case_id"), ["case_id"], unique=False)

    op.create_table(
        "supervision_case",
        sa.Column("home_id", sa.Integer(), nullable=False, comment="case in whose journal the order is kept"),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False, comment="journal entry there that opened the order"),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_supervision_case_case_id")),
        sa.ForeignKeyConstraint(["home_id"], ["case_file.id"], name=op.f("fk_supervision_case_home_id")),
        sa.PrimaryKeyConstraint("home_id", "seq", "case_id", name=op.f("pk_supervision_case")),
    )
    with op.batch_alter_table("supervision_case", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_supervision_case_case_id"), ["case_id"], unique=False)


def _new_columns() -> None:
    with op.batch_alter_table("calendar", schema=None) as batch_op:
        batch_op.add_column(sa.Column("zh", sa.String(length=60), server_default="", nullable=False))
        batch_op.add_column(sa.Column("en", sa.String(length=80), server_default="", nullable=False))
        batch_op.add_column(
            sa.Column(
                "layer",
                sa.String(length=12),
                server_default="national",
                nullable=False,
                comment="national, area or unit: how its own days rank",
            )
        )
        batch_op.add_column(sa.Column("above", sa.String(length=20), nullable=True, comment="calendar whose days and hours it inherits"))

    with op.batch_alter_table("calendar_day", schema=None, recreate="always") as batch_op:
        batch_op.add_column(
            sa.Column(
                "layer",
                sa.String(length=12),
                server_default="national",
                nullable=False,
                comment="national, area, stoppage or unit; the highest wins",
            )
        )
        batch_op.drop_constraint("pk_calendar_day", type_="primary")
        batch_op.create_primary_key("pk_calendar_day", ["calendar", "layer", "day"])

    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("special_group", sa.String(length=20), nullable=True, comment="special group of the people it is about")
        )
        batch_op.add_column(
            sa.Column(
                "outside_due_at",
                models.base.UtcDateTime(timezone=True),
                nullable=True,
                comment="limit given from outside; binds where it is earlier",
            )
        )
        batch_op.add_column(
            sa.Column("outside_by", sa.String(length=10), nullable=True, comment="upstream (12345 and the like) or note (a leader's)")
        )
        batch_op.add_column(
            sa.Column("outside_note", sa.Text(), nullable=True, comment="what it rests on: upstream number, who wrote the note")
        )

    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stage", sa.String(length=20), nullable=True, comment="milestone that a stage clock waits for"))
        batch_op.add_column(
            sa.Column(
                "supervision_seq", sa.Integer(), nullable=True, comment="supervision order it belongs to, by the entry that opened it"
            )
        )
        batch_op.add_column(
            sa.Column("source_row", sa.Integer(), nullable=True, comment="line of the policy that gave the limit; empty: given by a person")
        )
        batch_op.add_column(
            sa.Column(
                "bound_at",
                models.base.UtcDateTime(timezone=True),
                nullable=True,
                comment="limit from outside, where it is earlier than its own",
            )
        )
        batch_op.add_column(sa.Column("bound_by", sa.String(length=10), nullable=True, comment="lead, upstream or note"))

    with op.batch_alter_table("sla_policy", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("state", sa.String(length=12), server_default="published", nullable=False, comment="draft, published or withdrawn")
        )
        batch_op.add_column(
            sa.Column(
                "effective_at",
                models.base.UtcDateTime(timezone=True),
                nullable=True,
                comment="the same as an instant; set when it is published",
            )
        )
        batch_op.add_column(sa.Column("base_version", sa.Integer(), nullable=True, comment="version the draft was made from"))
        batch_op.add_column(sa.Column("drafted_by", sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column("drafted_at", models.base.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("published_by", sa.String(length=60), nullable=True, comment="never who drafted it"))
        batch_op.add_column(sa.Column("published_at", models.base.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("treatment", sa.String(length=12), nullable=True, comment="of cases open at that moment: keep, earlier or reproject")
        )
        batch_op.add_column(
            sa.Column(
                "apply_after",
                sa.Integer(),
                nullable=True,
                comment="treatment under way: clocks up to this id are done; empty: none, or all done",
            )
        )

    with op.batch_alter_table("sla_row", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "line",
                sa.Integer(),
                server_default="0",
                nullable=False,
                comment="place in the policy as it was written: what a person calls the row",
            )
        )
        batch_op.add_column(sa.Column("source", sa.String(length=20), nullable=True, comment="empty: any source"))
        batch_op.add_column(
            sa.Column("area", sa.String(length=40), nullable=True, comment="code of the unit whose area it holds for; empty: everywhere")
        )
        batch_op.add_column(sa.Column("special_group", sa.String(length=20), nullable=True, comment="empty: everybody"))
        batch_op.add_column(
            sa.Column("stages", sa.JSON(), server_default="[]", nullable=False, comment="milestones in order: code, zh, en, limit")
        )
        batch_op.add_column(
            sa.Column("basis", sa.String(length=60), server_default="", nullable=False, comment="where the numbers come from")
        )
        batch_op.add_column(
            sa.Column(
                "confirmed_by", sa.String(length=60), nullable=True, comment="who confirmed the numbers; empty: suggested values (建议值)"
            )
        )
        batch_op.alter_column("urgency", existing_type=sa.VARCHAR(length=2), nullable=True)

    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("deputy_id", sa.Integer(), nullable=True, comment="staff member who stands in when away (A/B 角)"))

    with op.batch_alter_table("unit_kind", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "vertical",
                sa.Boolean(),
                server_default=sa.false(),
                nullable=False,
                comment="answers to its own line (条): gets a letter (函告), never an order",
            )
        )

    with op.batch_alter_table("work_order", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stages", sa.JSON(), server_default="[]", nullable=False, comment="codes of the milestones reached"))
        batch_op.add_column(
            sa.Column("extension_no", sa.Integer(), nullable=True, comment="request for more time that waits for a decision")
        )

    with op.batch_alter_table("working_window", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("days", sa.String(length=8), server_default="workday", nullable=False, comment="workday, restday or every")
        )


def _emergencies_first() -> None:
    """Emergencies under way are found without looking at what waits before them."""
    under_way = sa.text("urgency = 'P0' AND state NOT IN ('declined', 'diverted', 'merged', 'answered', 'closed')")
    op.create_index("ix_case_file_emergency", "case_file", ["id"], postgresql_where=under_way, sqlite_where=under_way)


def _as_it_was() -> None:
    """What the first tables meant, said in the words of the new ones."""
    run = op.get_bind()
    _published_years(run)
    zone = run.execute(sa.text("SELECT zone FROM calendar")).scalar() or "Asia/Shanghai"
    policy = sa.table(
        "sla_policy",
        sa.column("version"),
        sa.column("ladders", sa.JSON),
        sa.column("effective_from", sa.Date),
        sa.column("effective_at", models.base.UtcDateTime),
    )
    for row in run.execute(sa.select(policy)).all():
        at = datetime.combine(row.effective_from, time(), ZoneInfo(zone))
        ladders = _OF_NEW_CLOCKS | {kind: f"{code}@1" for kind, code in row.ladders.items()}
        run.execute(sa.update(policy).where(policy.c.version == row.version).values(ladders=ladders, effective_at=at))
    limits = sa.table("sla_row", sa.column("id"), sa.column("line"), sa.column("category"), sa.column("limits", sa.JSON))
    for row in run.execute(sa.select(limits)).all():
        # a category's own row without a control milestone had none; supervision orders and extensions had no clocks yet
        own = {"control": "none"} if row.category else {"sign": "1wd", "rectify": "5wd", "review": "2wd", "extend": "4wh"}
        run.execute(sa.update(limits).where(limits.c.id == row.id).values(limits={**own, **row.limits}, line=row.id))
    _overall_from_now_on(run, zone)
    _called_until_somebody_answers(run)
    run.execute(sa.text("UPDATE unit_kind SET vertical = :yes WHERE code IN ('TRAFFIC_POLICE', 'FIRE', 'UTILITY')"), {"yes": True})
    if run.execute(sa.text("UPDATE system SET revision = revision + 1")).rowcount:  # one that is empty is seeded with them
        groups = sa.table("special_group", sa.column("code"), sa.column("zh"), sa.column("en"))
        op.bulk_insert(groups, [{"code": code, "zh": zh, "en": en} for code, zh, en in _GROUPS])
    if run.dialect.name == "postgresql":
        for column, comment in _SAID_ANEW.items():
            op.execute(f"COMMENT ON COLUMN {column} IS '{comment}'")


def _overall_from_now_on(run: sa.Connection, zone: str) -> None:
    """Cases filed so far had no overall limit and get none; a version of its own gives one to those filed from now on."""
    policy = sa.table(
        "sla_policy",
        *(sa.column(name) for name in ("version", "note", "base_version")),
        *(sa.column("ladders", sa.JSON), sa.column("effective_from", sa.Date), sa.column("effective_at", models.base.UtcDateTime)),
    )
    last = run.execute(sa.select(policy).order_by(policy.c.effective_at.desc(), policy.c.version.desc()).limit(1)).first()
    if last is None:
        return
    written = sa.table("journal", sa.column("at", models.base.UtcDateTime))
    now = max(last.effective_at, run.execute(sa.select(sa.func.max(written.c.at))).scalar() or last.effective_at)
    version = run.execute(sa.select(sa.func.max(policy.c.version))).scalar_one() + 1
    day = now.astimezone(ZoneInfo(zone)).date()
    dates = {"effective_from": day, "effective_at": now}
    header = {"version": version, "note": last.note, "base_version": last.version, "ladders": last.ladders}
    run.execute(sa.insert(policy).values(**header, **dates))
    rows = sa.table("sla_row", *map(sa.column, ("id", "version", "line", "category", "urgency")), sa.column("limits", sa.JSON))
    for row in run.execute(sa.select(rows).where(rows.c.version == last.version).order_by(rows.c.id)).all():
        limits = row.limits if row.category else {**row.limits, "overall": _OVERALL[row.urgency]}
        values = {"version": version, "line": row.line, "category": row.category, "urgency": row.urgency, "limits": limits}
        run.execute(sa.insert(rows).values(values))


def _called_until_somebody_answers(run: sa.Connection) -> None:
    """An emergency that was deemed acknowledged used to be called no more; now its clock stays until somebody gives a sign."""
    run.execute(
        sa.text(
            "UPDATE clock SET running_since = stopped_at, stopped_at = NULL WHERE stopped_at IS NOT NULL AND id IN ("
            "SELECT max(c.id) FROM clock c JOIN work_order o ON o.case_id = c.case_id AND o.no = c.order_no "
            "JOIN case_file f ON f.id = c.case_id WHERE c.kind = 'acknowledge' AND f.urgency = 'P0' "
            "AND f.state IN ('dispatched', 'handling') AND o.state = 'working' AND o.deemed "
            "AND o.contacted_at IS NULL AND o.controlled_at IS NULL GROUP BY c.case_id, c.order_no)"
        )
    )


def _published_years(run: sa.Connection) -> None:
    """A year with a provisional day awaited its notice; the others had theirs."""
    year = sa.table("calendar_year", sa.column("calendar"), sa.column("year"), sa.column("published"), sa.column("source"))
    for calendar in run.execute(
        sa.select(sa.table("calendar", sa.column("code"), sa.column("first", sa.Date), sa.column("last", sa.Date)))
    ).all():
        days = sa.table("calendar_day", sa.column("calendar"), sa.column("day", sa.Date), sa.column("provisional", sa.Boolean))
        wanted = sa.select(days.c.day).where(days.c.calendar == calendar.code, days.c.provisional)
        awaited = {day.year for day in run.execute(wanted).scalars()}
        for each in range(calendar.first.year, calendar.last.year + 1):
            run.execute(sa.insert(year).values(calendar=calendar.code, year=each, published=each not in awaited, source=""))


def downgrade() -> None:
    op.drop_index("ix_case_file_emergency", table_name="case_file")
    _orders_back()
    _columns_back()
    _tables_back()


def _orders_back() -> None:
    op.drop_column("working_window", "days")

    op.drop_column("work_order", "stages")
    op.drop_column("work_order", "extension_no")

    op.drop_column("unit_kind", "vertical")

    with op.batch_alter_table("supervision_order", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.VARCHAR(length=12), server_default="order", nullable=False))
        batch_op.add_column(sa.Column("decided_by", sa.VARCHAR(length=60), nullable=True))
        batch_op.add_column(sa.Column("decided_at", models.base.UtcDateTime(), nullable=True))
        batch_op.drop_index("uq_supervision_order_opened")
        batch_op.drop_constraint(batch_op.f("uq_supervision_order_number"), type_="unique")
        batch_op.drop_index(batch_op.f("ix_supervision_order_unit_id"))
        batch_op.drop_index(batch_op.f("ix_supervision_order_state"))
        batch_op.drop_column("ended_by")
        batch_op.drop_column("ended_at")
        batch_op.drop_column("verified_by")
        batch_op.drop_column("verified_at")
        batch_op.drop_column("reply")
        batch_op.drop_column("replied_by")
        batch_op.drop_column("replied_at")
        batch_op.drop_column("signed_by")
        batch_op.drop_column("signed_at")
        batch_op.drop_column("proposed_by")
        batch_op.drop_column("limit")
        batch_op.drop_column("demand")
        batch_op.drop_column("origin")
        batch_op.drop_column("rank")
        batch_op.drop_column("form")
        batch_op.drop_column("number")
        batch_op.drop_column("seq")

    op.drop_column("staff", "deputy_id")


def _columns_back() -> None:
    op.execute("DELETE FROM sla_row WHERE urgency IS NULL OR source IS NOT NULL OR area IS NOT NULL OR special_group IS NOT NULL")
    with op.batch_alter_table("sla_row", schema=None) as batch_op:
        batch_op.alter_column("urgency", existing_type=sa.VARCHAR(length=2), nullable=False)
        batch_op.drop_column("confirmed_by")
        batch_op.drop_column("basis")
        batch_op.drop_column("stages")
        batch_op.drop_column("special_group")
        batch_op.drop_column("area")
        batch_op.drop_column("source")
        batch_op.drop_column("line")

    op.drop_column("sla_policy", "apply_after")
    op.drop_column("sla_policy", "treatment")
    op.drop_column("sla_policy", "published_at")
    op.drop_column("sla_policy", "published_by")
    op.drop_column("sla_policy", "drafted_at")
    op.drop_column("sla_policy", "drafted_by")
    op.drop_column("sla_policy", "base_version")
    op.drop_column("sla_policy", "effective_at")
    op.drop_column("sla_policy", "state")

    op.drop_column("clock", "bound_by")
    op.drop_column("clock", "bound_at")
    op.drop_column("clock", "source_row")
    op.drop_column("clock", "supervision_seq")
    op.drop_column("clock", "stage")

    op.drop_column("case_file", "outside_note")
    op.drop_column("case_file", "outside_by")
    op.drop_column("case_file", "outside_due_at")
    op.drop_column("case_file", "special_group")

    op.execute("DELETE FROM calendar_day WHERE layer <> 'national'")
    with op.batch_alter_table("calendar_day", schema=None, recreate="always") as batch_op:
        batch_op.drop_constraint("pk_calendar_day", type_="primary")
        batch_op.create_primary_key("pk_calendar_day", ["calendar", "day"])
        batch_op.drop_column("layer")

    op.drop_column("calendar", "above")
    op.drop_column("calendar", "layer")
    op.drop_column("calendar", "en")
    op.drop_column("calendar", "zh")


def _tables_back() -> None:
    with op.batch_alter_table("supervision_case", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_supervision_case_case_id"))

    op.drop_table("supervision_case")
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evidence_case_id"))

    op.drop_table("evidence")
    op.drop_table("extension")
    with op.batch_alter_table("duty_roster", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_duty_roster_unit_id"))

    op.drop_table("duty_roster")
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_absence_staff_id"))

    op.drop_table("absence")
    op.drop_table("calendar_year")
    op.drop_table("supervision_number")
    op.drop_table("special_group")
    op.drop_table("audit_round")
