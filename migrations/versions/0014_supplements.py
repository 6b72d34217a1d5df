"""What is sent in besides a report: forms of phones that are taken once, what reporters add to their case

Revision: 0014
Before: 0013
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "submission",
        sa.Column("key", sa.String(length=80), nullable=False, comment="who sent it and the key of the form"),
        sa.Column("staff_id", sa.Integer(), nullable=False, comment="who sent it"),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(length=200), nullable=False, comment="address of the page that says what became of it"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_submission_staff_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_submission")),
    )
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_at"), ["at"], unique=False)

    op.create_table(
        "supplement",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False, comment="journal entry that tells of it"),
        sa.Column("key", sa.String(length=80), nullable=False, comment="of the form: the same key twice is one"),
        sa.Column("requester_id", sa.Integer(), nullable=True),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("words", sa.Text(), nullable=False, comment="in the reporter's own words; empty: photos or a wish to be called alone"),
        sa.Column("call_back", sa.Boolean(), nullable=False, comment="would like to be called"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_supplement_case_id")),
        sa.ForeignKeyConstraint(["requester_id"], ["requester.id"], name=op.f("fk_supplement_requester_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_supplement")),
        sa.UniqueConstraint("key", name=op.f("uq_supplement_key")),
    )
    with op.batch_alter_table("supplement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_supplement_requester_id"), ["requester_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("supplement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_supplement_requester_id"))

    op.drop_table("supplement")
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_at"))

    op.drop_table("submission")
