"""Affairs beside the loop: their parts, links, numbers, clocks; switches of mechanisms

Revision: 0005
Before: 0004
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "affair_number",
        sa.Column("day", sa.String(length=12), nullable=False, comment="prefix and YYYYMMDD, local"),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_affair_number")),
    )
    op.create_table(
        "mechanism_switch",
        sa.Column("code", sa.String(length=30), nullable=False, comment="a key of rules.handling.HANDLING"),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.Column("since", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_mechanism_switch")),
    )
    op.create_table(
        "affair",
        sa.Column("case_id", sa.Integer(), nullable=False, comment="case file in whose journal it is kept"),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False, comment="journal entry there that opened it"),
        sa.Column("thing", sa.String(length=12), nullable=False, comment="its kind: a key of rules.handling.AFFAIRS"),
        sa.Column("no", sa.String(length=20), nullable=False, comment="e.g. CS-YYYYMMDD-NNNN, local day of opening"),
        sa.Column("state", sa.String(length=12), nullable=False, comment="a state of its kind"),
        sa.Column("form", sa.String(length=20), nullable=False, comment="variety of its kind, e.g. weekly, court, elderly"),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("area_unit_id", sa.Integer(), nullable=False, comment="where it belongs"),
        sa.Column("unit_id", sa.Integer(), nullable=True, comment="unit whose affair it is"),
        sa.Column("asker_id", sa.Integer(), nullable=True, comment="resident for whom it is done"),
        sa.Column("staff_id", sa.Integer(), nullable=True, comment="person who is in charge of it"),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=True, comment="when it takes place or begins"),
        sa.Column("until", models.base.UtcDateTime(timezone=True), nullable=True, comment="when it ends by its own terms"),
        sa.Column("tier", sa.Integer(), nullable=True, comment="tier of a file, 1 the lowest"),
        sa.Column("quantity", sa.Integer(), nullable=True, comment="how much is wanted or aimed at"),
        sa.Column("measure", sa.String(length=20), nullable=False, comment="unit of measure of the quantity, e.g. 把, m²"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True, comment="money it is about, in fen"),
        sa.Column("limits", sa.JSON(), nullable=False, comment="clock kind: limit (3wd) or moment (ISO) given for it"),
        sa.Column("hidden", sa.Boolean(), nullable=False, comment="seen by its owner alone until it is released"),
        sa.Column("parent_case_id", sa.Integer(), nullable=True, comment="affair that it belongs to, e.g. the series of a meeting"),
        sa.Column("parent_seq", sa.Integer(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True, comment="what came of it"),
        sa.Column("data", sa.JSON(), nullable=False, comment="what its mechanism keeps besides"),
        sa.Column("opened_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=60), nullable=False),
        sa.Column("ended_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["area_unit_id"], ["unit.id"], name=op.f("fk_affair_area_unit_id")),
        sa.ForeignKeyConstraint(["asker_id"], ["requester.id"], name=op.f("fk_affair_asker_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_affair_case_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_affair_staff_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_affair_unit_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_affair")),
        sa.UniqueConstraint("no", name=op.f("uq_affair_no")),
    )
    with op.batch_alter_table("affair", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_affair_area_unit_id"), ["area_unit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_affair_asker_id"), ["asker_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_affair_parent_case_id_affair_parent_seq"), ["parent_case_id", "parent_seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_affair_thing_affair_state"), ["thing", "state"], unique=False)
    op.create_table(
        "affair_case",
        sa.Column("home_id", sa.Integer(), nullable=False, comment="case file in whose journal it is kept"),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False, comment="journal entry there that opened it"),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_affair_case_case_id")),
        sa.ForeignKeyConstraint(["home_id"], ["case_file.id"], name=op.f("fk_affair_case_home_id")),
        sa.PrimaryKeyConstraint("home_id", "seq", "case_id", name=op.f("pk_affair_case")),
    )
    with op.batch_alter_table("affair_case", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_affair_case_case_id"), ["case_id"], unique=False)
    op.create_table(
        "affair_part",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False, comment="1, 2, … within the case file"),
        sa.Column("seq", sa.Integer(), nullable=False, comment="affair that it is part of"),
        sa.Column("thing", sa.String(length=12), nullable=False, comment="its kind: a key of rules.handling.PARTS"),
        sa.Column("state", sa.String(length=12), nullable=False, comment="a state of its kind"),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("requester_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=False, comment="what it is in the affair, e.g. tenant, landlord, mediator"),
        sa.Column("quantity", sa.Integer(), nullable=True, comment="how much of the affair's quantity"),
        sa.Column("done", sa.Integer(), nullable=True, comment="how much of that is done"),
        sa.Column("measure", sa.String(length=20), nullable=False, comment="unit of measure, e.g. 把, m²"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True, comment="money, in fen"),
        sa.Column("share_bp", sa.Integer(), nullable=True, comment="share of the cost in hundredths of a per cent; shares add up to 10000"),
        sa.Column("area_dm2", sa.Integer(), nullable=True, comment="floor area that a vote counts by, in square decimetres"),
        sa.Column("score", sa.Integer(), nullable=True, comment="1 very dissatisfied to 5 very satisfied"),
        sa.Column("words", sa.Text(), nullable=False, comment="what was said or done"),
        sa.Column("limits", sa.JSON(), nullable=False, comment="clock kind: limit (3wd) or moment (ISO) given for it"),
        sa.Column("other_case_id", sa.Integer(), nullable=True, comment="case that came of it"),
        sa.Column("data", sa.JSON(), nullable=False, comment="what its mechanism keeps besides"),
        sa.Column("added_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("done_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_affair_part_case_id")),
        sa.ForeignKeyConstraint(["other_case_id"], ["case_file.id"], name=op.f("fk_affair_part_other_case_id")),
        sa.ForeignKeyConstraint(["requester_id"], ["requester.id"], name=op.f("fk_affair_part_requester_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_affair_part_staff_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_affair_part_unit_id")),
        sa.PrimaryKeyConstraint("case_id", "no", name=op.f("pk_affair_part")),
    )
    with op.batch_alter_table("affair_part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_affair_part_case_id_affair_part_seq"), ["case_id", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_affair_part_other_case_id"), ["other_case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_affair_part_requester_id"), ["requester_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_affair_part_staff_id"), ["staff_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_affair_part_unit_id"), ["unit_id"], unique=False)
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("affair_seq", sa.Integer(), nullable=True, comment="affair it belongs to, by the entry that opened it")
        )
        batch_op.add_column(sa.Column("part_no", sa.Integer(), nullable=True, comment="part of the affair"))


def downgrade() -> None:
    op.execute("DELETE FROM rung_firing WHERE clock_id IN (SELECT id FROM clock WHERE affair_seq IS NOT NULL)")
    op.execute("DELETE FROM clock WHERE affair_seq IS NOT NULL")
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.drop_column("part_no")
        batch_op.drop_column("affair_seq")
    with op.batch_alter_table("affair_part", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_affair_part_unit_id"))
        batch_op.drop_index(batch_op.f("ix_affair_part_staff_id"))
        batch_op.drop_index(batch_op.f("ix_affair_part_requester_id"))
        batch_op.drop_index(batch_op.f("ix_affair_part_other_case_id"))
        batch_op.drop_index(batch_op.f("ix_affair_part_case_id_affair_part_seq"))
    op.drop_table("affair_part")
    with op.batch_alter_table("affair_case", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_affair_case_case_id"))
    op.drop_table("affair_case")
    with op.batch_alter_table("affair", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_affair_thing_affair_state"))
        batch_op.drop_index(batch_op.f("ix_affair_parent_case_id_affair_parent_seq"))
        batch_op.drop_index(batch_op.f("ix_affair_asker_id"))
        batch_op.drop_index(batch_op.f("ix_affair_area_unit_id"))
    op.drop_table("affair")
    op.drop_table("mechanism_switch")
    op.drop_table("affair_number")
