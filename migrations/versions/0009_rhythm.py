"""Rhythm: daily lists, weekly score sheets, monthly bulletins

Revision: 0009
Before: 0008
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bulletin",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False, comment="YYYY-MM, local"),
        sa.Column("state", sa.String(length=10), nullable=False, comment="draft, open, approved or published"),
        sa.Column("since", models.base.UtcDateTime(timezone=True), nullable=False, comment="the month, local; its end is not in it"),
        sa.Column("until", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("small", sa.Integer(), nullable=False, comment="figures of fewer are marked and not compared"),
        sa.Column("made_at", models.base.UtcDateTime(timezone=True), nullable=False, comment="as things stood then"),
        sa.Column("made_by", sa.String(length=60), nullable=False),
        sa.Column("opened_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("opened_by", sa.String(length=60), nullable=True),
        sa.Column("objections_until", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("approved_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(length=60), nullable=True),
        sa.Column("published_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletin")),
        sa.UniqueConstraint("month", name=op.f("uq_bulletin_month")),
    )
    op.create_table(
        "duty_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("span", sa.String(length=4), nullable=False, comment="day or week"),
        sa.Column("day", sa.String(length=10), nullable=False, comment="YYYY-MM-DD, local; of a week its Monday"),
        sa.Column("made_at", models.base.UtcDateTime(timezone=True), nullable=False, comment="moment that it shows"),
        sa.Column("since", models.base.UtcDateTime(timezone=True), nullable=False, comment="what is new came in after this moment"),
        sa.Column(
            "until",
            models.base.UtcDateTime(timezone=True),
            nullable=False,
            comment="what is due is due before this moment: the end of the day or week",
        ),
        sa.Column("made_by", sa.String(length=60), nullable=False, comment="user name, or system"),
        sa.Column("told_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="when it was sent to whom the rules name"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_list")),
    )
    with op.batch_alter_table("duty_list", schema=None) as batch_op:
        batch_op.create_index("uq_duty_list_day", ["span", "day"], unique=True)

    op.create_table(
        "rhythm_rules",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False, comment="1, 2, …; before the first one seeds/rhythm.toml"),
        sa.Column("body", sa.JSON(), nullable=False, comment="toml: the text, as in seeds/rhythm.toml"),
        sa.Column("put_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("put_by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_rhythm_rules")),
    )
    op.create_table(
        "score_sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("week", sa.String(length=10), nullable=False, comment="YYYY-MM-DD, local: its Monday"),
        sa.Column("topic", sa.String(length=20), nullable=False, comment="code of a topic in the rules"),
        sa.Column("rules_version", sa.Integer(), nullable=False, comment="rules that it was scored by; 0: seeds/rhythm.toml"),
        sa.Column("area_unit_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="unit that is scored"),
        sa.Column("scorer", sa.String(length=60), nullable=False, comment="user name"),
        sa.Column("scored_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False, comment="draft, signed, appealed, settled, published or dropped"),
        sa.Column("full", sa.Integer(), nullable=False, comment="points to be had, in tenths"),
        sa.Column("signed_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="since then the unit knows it"),
        sa.Column("appeal_until", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("appealed_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("appealed_by", sa.String(length=60), nullable=True),
        sa.Column("appeal", sa.Text(), nullable=True, comment="what the unit says"),
        sa.Column("decided_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=60), nullable=True),
        sa.Column("upheld", sa.Boolean(), nullable=True, comment="whether the unit was right, in whole or in part"),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("published_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["area_unit_id"], ["unit.id"], name=op.f("fk_score_sheet_area_unit_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_score_sheet_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_sheet")),
    )
    with op.batch_alter_table("score_sheet", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_score_sheet_unit_id"), ["unit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_score_sheet_week"), ["week"], unique=False)

    op.create_table(
        "bulletin_case",
        sa.Column("bulletin_id", sa.Integer(), nullable=False),
        sa.Column("family", sa.String(length=12), nullable=False, comment="rules.indicators.Family"),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column(
            "item", sa.Integer(), autoincrement=False, nullable=False, comment="clock, request or rating within the case; 0: the case"
        ),
        sa.Column("unit_id", sa.Integer(), nullable=True, comment="unit that answers for it"),
        sa.Column("category", sa.String(length=10), nullable=True),
        sa.Column("sensitive", sa.Boolean(), nullable=False, comment="counted in the totals only, and never listed"),
        sa.Column("facts", sa.String(length=60), nullable=False, comment="rules.indicators.Fact, separated by blanks"),
        sa.Column("corrected", sa.String(length=10), nullable=True, comment="an objection was upheld: left_out or met"),
        sa.ForeignKeyConstraint(["bulletin_id"], ["bulletin.id"], name=op.f("fk_bulletin_case_bulletin_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_bulletin_case_case_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_bulletin_case_unit_id")),
        sa.PrimaryKeyConstraint("bulletin_id", "family", "case_id", "item", name=op.f("pk_bulletin_case")),
    )
    op.create_table(
        "duty_line",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False, comment="1, 2, … within the list"),
        sa.Column("part", sa.String(length=8), nullable=False, comment="due, overdue, blocked or new"),
        sa.Column("why", sa.String(length=12), nullable=False, comment="kind of clock; why it is blocked; urgency of what is new"),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("order_no", sa.Integer(), nullable=True, comment="work order it is about"),
        sa.Column("clock_id", sa.Integer(), nullable=True, comment="clock it is about"),
        sa.Column("unit_id", sa.Integer(), nullable=True, comment="unit whose next act is waited for"),
        sa.Column("area_unit_id", sa.Integer(), nullable=False),
        sa.Column("urgency", sa.String(length=2), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False, comment="of the case, as it was"),
        sa.Column("due_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="as it was"),
        sa.ForeignKeyConstraint(["area_unit_id"], ["unit.id"], name=op.f("fk_duty_line_area_unit_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_duty_line_case_id")),
        sa.ForeignKeyConstraint(["list_id"], ["duty_list.id"], name=op.f("fk_duty_line_list_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_duty_line_unit_id")),
        sa.PrimaryKeyConstraint("list_id", "no", name=op.f("pk_duty_line")),
    )
    with op.batch_alter_table("duty_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_duty_line_case_id"), ["case_id"], unique=False)

    op.create_table(
        "duty_remark",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False, comment="1, 2, … within the list"),
        sa.Column("line_no", sa.Integer(), nullable=True, comment="empty: about the list as a whole"),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("task", sa.String(length=10), nullable=True, comment="urge or supervise; empty: words only"),
        sa.Column("case_id", sa.Integer(), nullable=True, comment="case that the task is about"),
        sa.Column("order_no", sa.Integer(), nullable=True, comment="work order that was urged"),
        sa.Column("supervision_seq", sa.Integer(), nullable=True, comment="journal entry that opened the supervision order"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_duty_remark_case_id")),
        sa.ForeignKeyConstraint(["list_id"], ["duty_list.id"], name=op.f("fk_duty_remark_list_id")),
        sa.PrimaryKeyConstraint("list_id", "no", name=op.f("pk_duty_remark")),
    )
    op.create_table(
        "objection",
        sa.Column("bulletin_id", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False, comment="1, 2, … within the bulletin"),
        sa.Column("family", sa.String(length=12), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False, comment="asked, upheld or rejected"),
        sa.Column("correction", sa.String(length=10), nullable=True, comment="upheld: left_out or met"),
        sa.Column("decided_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=60), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["bulletin_id"], ["bulletin.id"], name=op.f("fk_objection_bulletin_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_objection_case_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_objection_unit_id")),
        sa.PrimaryKeyConstraint("bulletin_id", "no", name=op.f("pk_objection")),
    )
    op.create_table(
        "score_item",
        sa.Column("sheet_id", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False, comment="1, 2, … within the sheet"),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("zh", sa.String(length=60), nullable=False, comment="as it was called"),
        sa.Column("en", sa.String(length=80), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False, comment="to be had, in tenths"),
        sa.Column("taken", sa.Integer(), nullable=False, comment="taken off, in tenths"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("photos", sa.JSON(), nullable=False, comment="kept files: name, media, sha256, size"),
        sa.Column("appealed", sa.Boolean(), nullable=False),
        sa.Column("given_back", sa.Boolean(), nullable=False, comment="an appeal was upheld: nothing is taken off"),
        sa.Column("case_id", sa.Integer(), nullable=True, comment="case that was opened on the spot"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_score_item_case_id")),
        sa.ForeignKeyConstraint(["sheet_id"], ["score_sheet.id"], name=op.f("fk_score_item_sheet_id")),
        sa.PrimaryKeyConstraint("sheet_id", "no", name=op.f("pk_score_item")),
    )


def downgrade() -> None:
    op.drop_table("score_item")
    op.drop_table("objection")
    op.drop_table("duty_remark")
    with op.batch_alter_table("duty_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_duty_line_case_id"))

    op.drop_table("duty_line")
    op.drop_table("bulletin_case")
    with op.batch_alter_table("score_sheet", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_score_sheet_week"))
        batch_op.drop_index(batch_op.f("ix_score_sheet_unit_id"))

    op.drop_table("score_sheet")
    op.drop_table("rhythm_rules")
    with op.batch_alter_table("duty_list", schema=None) as batch_op:
        batch_op.drop_index("uq_duty_list_day")

    op.drop_table("duty_list")
    op.drop_table("bulletin")
