"""A category that is no longer offered: cases that have it keep it, no case is filed under it any more

Revision: 0017
Before: 0016
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column(
        "retired_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="since when no case is filed under it any more"
    )
    op.add_column("category", column)


def downgrade() -> None:
    op.drop_column("category", "retired_at")  # in place: SQLite's way of batches makes the table anew, which others point to
