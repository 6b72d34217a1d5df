"""Indexes for what lists look for (how late rungs fired, whose work orders somebody does); residents' visits to the pool, which can be ended

Revision: 0016
Before: 0015
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("rung_firing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rung_firing_fired_at"), ["fired_at"], unique=False)

    handled = sa.text("handler_id IS NOT NULL")
    with op.batch_alter_table("work_order", schema=None) as batch_op:
        batch_op.create_index("ix_work_order_handler", ["handler_id"], unique=False, postgresql_where=handled, sqlite_where=handled)

    op.create_table(
        "pool_visit",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("requester_id", sa.Integer(), nullable=False),
        sa.Column("until", models.base.UtcDateTime(timezone=True), nullable=False, comment="ends then at the latest"),
        sa.ForeignKeyConstraint(["requester_id"], ["requester.id"], name=op.f("fk_pool_visit_requester_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_pool_visit")),
    )
    with op.batch_alter_table("pool_visit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pool_visit_requester_id"), ["requester_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pool_visit_until"), ["until"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("pool_visit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pool_visit_until"))
        batch_op.drop_index(batch_op.f("ix_pool_visit_requester_id"))

    op.drop_table("pool_visit")

    with op.batch_alter_table("work_order", schema=None) as batch_op:
        batch_op.drop_index("ix_work_order_handler")

    with op.batch_alter_table("rung_firing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rung_firing_fired_at"))
