"""Subject files: sealed notes; pairings of units with communities; versions of the errand catalogue

Revision: 0010
Before: 0009
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

#: New tables, in the order in which they can be dropped.
_TABLES = ("subject_note", "pairing", "errand_list")


def upgrade() -> None:
    op.create_table(
        "errand_list",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("since", models.base.UtcDateTime(timezone=True), nullable=False, comment="in force from"),
        sa.Column("content", sa.JSON(), nullable=False, comment="items with materials, steps and limits; self-service points"),
        sa.Column("source", sa.String(length=120), nullable=False, comment="document or file that it was read from"),
        sa.Column("entered_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_errand_list")),
    )
    op.create_index(op.f("ix_errand_list_since"), "errand_list", ["since"], unique=False)
    op.create_table(
        "pairing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_unit_id", sa.Integer(), nullable=False, comment="community, street or grid that it is paired with"),
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="paired unit"),
        sa.Column("since", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", models.base.UtcDateTime(timezone=True), nullable=True, comment="empty: until further notice"),
        sa.Column("entered_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["area_unit_id"], ["unit.id"], name=op.f("fk_pairing_area_unit_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_pairing_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairing")),
    )
    op.create_index(op.f("ix_pairing_area_unit_id_pairing_since"), "pairing", ["area_unit_id", "since"], unique=False)
    op.create_table(
        "subject_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False, comment="case file with which the subject file is kept"),
        sa.Column("seq", sa.Integer(), nullable=False, comment="journal entry there that opened the subject file"),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="identity, health, track, family or other (seeds/subjects.toml)"),
        sa.Column("text", models.base.Sealed(), nullable=False, comment="encrypted"),
        sa.Column("written_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_subject_note_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_note")),
    )
    op.create_index(op.f("ix_subject_note_case_id_subject_note_seq"), "subject_note", ["case_id", "seq"], unique=False)


def downgrade() -> None:
    for name in _TABLES:
        op.drop_table(name)
