"""Who is responsible for what and where: matrix, professional grids, offices, profiles

Revision: 0008
Before: 0007
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: New tables, in the order in which they can be dropped.
_TABLES = ("responsibility", "profile", "professional_grid", "office_tag", "grid_post", "grid_station")


def upgrade() -> None:
    op.create_table(
        "grid_station",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("line", sa.String(length=20), nullable=False, comment="professional line it belongs to; empty: none"),
        sa.Column("area_unit_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="unit that runs it"),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("hours", sa.String(length=60), nullable=False, comment="opening hours in words"),
        sa.Column("since", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("entered_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["area_unit_id"], ["unit.id"], name=op.f("fk_grid_station_area_unit_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_grid_station_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_station")),
        sa.UniqueConstraint("code", name=op.f("uq_grid_station_code")),
    )
    op.create_index(op.f("ix_grid_station_area_unit_id"), "grid_station", ["area_unit_id"], unique=False)
    op.create_table(
        "grid_post",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("grid_id", sa.Integer(), nullable=False),
        sa.Column("slot", sa.String(length=6), nullable=False, comment="head, a, b or more"),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("since", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("entered_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["grid_id"], ["unit.id"], name=op.f("fk_grid_post_grid_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_grid_post_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_post")),
    )
    op.create_index("uq_grid_post_person", "grid_post", ["grid_id", "slot", "staff_id", "since"], unique=True)
    op.create_table(
        "office_tag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office", sa.String(length=12), nullable=False, comment="seeds/offices.toml"),
        sa.Column("area_unit_id", sa.Integer(), nullable=False, comment="grid or community"),
        sa.Column("building", sa.String(length=40), nullable=False, comment="building in words; empty: all of the area"),
        sa.Column("staff_id", sa.Integer(), nullable=True, comment="one of the staff; else a resident"),
        sa.Column("requester_id", sa.Integer(), nullable=True),
        sa.Column("since", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("entered_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["area_unit_id"], ["unit.id"], name=op.f("fk_office_tag_area_unit_id")),
        sa.ForeignKeyConstraint(["requester_id"], ["requester.id"], name=op.f("fk_office_tag_requester_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_office_tag_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_tag")),
    )
    op.create_index(op.f("ix_office_tag_area_unit_id_office_tag_office"), "office_tag", ["area_unit_id", "office"], unique=False)
    op.create_table(
        "professional_grid",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("grid_id", sa.Integer(), nullable=False, comment="base grid"),
        sa.Column("line", sa.String(length=20), nullable=False, comment="professional line, seeds/lines.toml"),
        sa.Column("name", sa.String(length=60), nullable=False, comment="what the line calls its own grid"),
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="unit of the line that answers there"),
        sa.Column("staff_id", sa.Integer(), nullable=True, comment="its person for this grid"),
        sa.Column("since", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("entered_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["grid_id"], ["unit.id"], name=op.f("fk_professional_grid_grid_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_professional_grid_staff_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_professional_grid_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_professional_grid")),
    )
    op.create_index("uq_professional_grid_line", "professional_grid", ["grid_id", "line", "since"], unique=True)
    op.create_table(
        "profile",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True, comment="empty: the unit as a whole"),
        sa.Column("shown_name", sa.LargeBinary(), nullable=True, comment="encrypted; own name, if it may be shown; empty: the post only"),
        sa.Column("duty_zh", sa.Text(), nullable=False),
        sa.Column("duty_en", sa.Text(), nullable=False),
        sa.Column("promise_zh", sa.Text(), nullable=False),
        sa.Column("promise_en", sa.Text(), nullable=False),
        sa.Column("since", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("entered_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_profile_staff_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_profile_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile")),
    )
    op.create_index(op.f("ix_profile_unit_id_profile_staff_id"), "profile", ["unit_id", "staff_id"], unique=False)
    op.create_table(
        "responsibility",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_unit_id", sa.Integer(), nullable=False, comment="unit in whose area it holds"),
        sa.Column("section", sa.String(length=120), nullable=False, comment="road section or place in words; empty: all of the area"),
        sa.Column(
            "matter",
            sa.String(length=20),
            nullable=False,
            comment="category, family of categories or professional line; empty: whatever comes up",
        ),
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="responsible unit"),
        sa.Column("staff_id", sa.Integer(), nullable=False, comment="responsible person"),
        sa.Column("deputy_id", sa.Integer(), nullable=True, comment="who stands in; empty: the person's own deputy"),
        sa.Column("post", sa.String(length=60), nullable=False, comment="as what, e.g. 片长"),
        sa.Column("promise", sa.Text(), nullable=False, comment="what is promised, in public"),
        sa.Column("document", sa.String(length=120), nullable=False, comment="reference of the signed letter"),
        sa.Column("since", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "until",
            models.base.UtcDateTime(timezone=True),
            nullable=True,
            comment="as it was signed; empty: until another row of its kind begins",
        ),
        sa.Column("ended_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="taken back before its time"),
        sa.Column("ended_by", sa.String(length=60), nullable=True),
        sa.Column("entered_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["area_unit_id"], ["unit.id"], name=op.f("fk_responsibility_area_unit_id")),
        sa.ForeignKeyConstraint(["deputy_id"], ["staff.id"], name=op.f("fk_responsibility_deputy_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_responsibility_staff_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_responsibility_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_responsibility")),
    )
    op.create_index(op.f("ix_responsibility_area_unit_id_responsibility_since"), "responsibility", ["area_unit_id", "since"], unique=False)
    op.create_index(op.f("ix_responsibility_staff_id"), "responsibility", ["staff_id"], unique=False)


def downgrade() -> None:
    for name in _TABLES:
        op.drop_table(name)
