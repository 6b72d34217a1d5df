"""Devices of a subject file: an alarm of one is heard on the file; limits that the program suggested are marked as such

Revision: 0012
Before: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KEY = "fk_sensor_device_subject_no"
#: What the program suggested when this was written; a clock of an affair that had just this limit and no line was told to have it from there.
_SUGGESTED = (
    *(("report_in", "30m"), ("claim", "5wd"), ("deliver", "5wd"), ("meet", "5wd"), ("fulfil", "10wd"), ("mediate", "30wd")),
    *(("judicial", "720h"), ("follow_up", "7wd"), ("solve", "10wd"), ("assent", "5wd"), ("serve", "3wd"), ("correct", "5wd")),
    ("root", "30wd"),
)
_clock = sa.table("clock", *(sa.column(n) for n in ("kind", "limit", "source_row", "affair_seq")))
_WITHOUT_LINE = (_clock.c.affair_seq.is_not(None), _clock.c.source_row.is_(None))


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":  # in place: the table that alarms refer to is not made anew
        op.execute(f"ALTER TABLE sensor_device ADD COLUMN subject_no VARCHAR(20) CONSTRAINT {_KEY} REFERENCES affair (no)")
    else:
        told = "file of the household or enterprise (DA-…, QY-…) on which its alarms are heard"
        with op.batch_alter_table("sensor_device", schema=None) as batch_op:
            batch_op.add_column(sa.Column("subject_no", sa.String(length=20), nullable=True, comment=told))
            batch_op.create_foreign_key(batch_op.f(_KEY), "affair", ["subject_no"], ["no"])
    with op.batch_alter_table("sensor_device", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sensor_device_subject_no"), ["subject_no"], unique=False)
    for kind, limit in _SUGGESTED:
        op.execute(sa.update(_clock).where(*_WITHOUT_LINE, _clock.c.kind == kind, _clock.c.limit == limit).values(source_row=0))


def downgrade() -> None:
    op.execute(sa.update(_clock).where(_clock.c.affair_seq.is_not(None), _clock.c.source_row == 0).values(source_row=None))
    with op.batch_alter_table("sensor_device", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sensor_device_subject_no"))
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE sensor_device DROP COLUMN subject_no")
    else:
        with op.batch_alter_table("sensor_device", schema=None) as batch_op:
            batch_op.drop_constraint(batch_op.f(_KEY), type_="foreignkey")
            batch_op.drop_column("subject_no")
