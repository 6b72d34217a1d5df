"""How often Prefect has taken an event: what it does not store is sent again, but not for ever

Revision: 0015
Before: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("event_out", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("tries", sa.Integer(), server_default="0", nullable=False, comment="how often Prefect's API has taken it")
        )


def downgrade() -> None:
    with op.batch_alter_table("event_out", schema=None) as batch_op:
        batch_op.drop_column("tries")
