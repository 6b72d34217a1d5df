"""Sensors: hooks of suppliers, registered devices, alarms; who hears when nobody acknowledges a case

Revision: 0006
Before: 0005
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: New tables, in the order in which they can be dropped.
_TABLES = ("sensor_case", "sensor_alarm", "sensor_device", "sensor_delivery", "sensor_hook")


def upgrade() -> None:
    op.add_column("case_file", sa.Column("escalate_to_id", sa.Integer(), nullable=True, comment="who hears when nobody acknowledges it"))
    op.create_table(
        "sensor_hook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False, comment="in the address: /sensors/<code>"),
        sa.Column("name", sa.String(length=80), nullable=False, comment="the supplier"),
        sa.Column("secret", sa.LargeBinary(), nullable=False, comment="signs what is pushed; encrypted, shown once when it was made"),
        sa.Column("before", sa.LargeBinary(), nullable=True, comment="the secret before the last rotation, encrypted"),
        sa.Column("before_until", models.base.UtcDateTime(timezone=True), nullable=True, comment="until when that one is still taken"),
        sa.Column("window_s", sa.Integer(), nullable=False, comment="seconds by which the clock of the supplier may differ from ours"),
        sa.Column("per_minute", sa.Integer(), nullable=False, comment="most alarms taken in a minute"),
        sa.Column("minute", models.base.UtcDateTime(timezone=True), nullable=True, comment="when the minute began that is counted"),
        sa.Column("in_minute", sa.Integer(), nullable=False, comment="alarms taken in it"),
        sa.Column("made_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=60), nullable=False),
        sa.Column("stopped_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="nothing is taken any more"),
        sa.Column("case_id", sa.Integer(), nullable=True, comment="newest case about devices that nobody has registered"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_sensor_hook_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sensor_hook")),
        sa.UniqueConstraint("code", name=op.f("uq_sensor_hook_code")),
    )
    op.create_table(
        "sensor_delivery",
        sa.Column("hook_id", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hook_id"], ["sensor_hook.id"], name=op.f("fk_sensor_delivery_hook_id")),
        sa.PrimaryKeyConstraint("hook_id", "nonce", name=op.f("pk_sensor_delivery")),
    )
    op.create_index(op.f("ix_sensor_delivery_hook_id_sensor_delivery_at"), "sensor_delivery", ["hook_id", "at"], unique=False)
    op.create_table(
        "sensor_device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False, comment="as the supplier names it"),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="seeds/sensors.toml"),
        sa.Column("place", sa.String(length=120), nullable=False, comment="in words"),
        sa.Column("lat", sa.Double(), nullable=True, comment="WGS84 degrees"),
        sa.Column("lon", sa.Double(), nullable=True, comment="WGS84 degrees"),
        sa.Column("area_unit_id", sa.Integer(), nullable=False, comment="smallest unit whose area it hangs in"),
        sa.Column("community_unit_id", sa.Integer(), nullable=False, comment="leads"),
        sa.Column("property_unit_id", sa.Integer(), nullable=True, comment="property company, co-handles"),
        sa.Column("fire_unit_id", sa.Integer(), nullable=True, comment="fire liaison, co-handles"),
        sa.Column("escalate_to_id", sa.Integer(), nullable=True, comment="who hears when nobody acknowledges"),
        sa.Column("people", sa.JSON(), nullable=False, comment="staff who are told of every case of it"),
        sa.Column("added_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=60), nullable=False),
        sa.Column(
            "muted_until", models.base.UtcDateTime(timezone=True), nullable=True, comment="maintenance: alarms are kept, nobody is called"
        ),
        sa.Column("muted_reason", sa.Text(), nullable=True),
        sa.Column("muted_by", sa.String(length=60), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True, comment="newest case that its alarms went to"),
        sa.Column("joined_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="since when they go there"),
        sa.Column("last_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="newest alarm, by our clock"),
        sa.Column(
            "quiet_until",
            models.base.UtcDateTime(timezone=True),
            nullable=True,
            comment="after a stand-down its flapping opens nothing until then",
        ),
        sa.Column("alarms", sa.Integer(), nullable=False, comment="signals of alarm that came in"),
        sa.Column("suppressed", sa.Integer(), nullable=False, comment="of these, those that opened no case"),
        sa.Column("false_alarms", sa.Integer(), nullable=False, comment="cases of it that were stood down"),
        sa.ForeignKeyConstraint(["area_unit_id"], ["unit.id"], name=op.f("fk_sensor_device_area_unit_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_sensor_device_case_id")),
        sa.ForeignKeyConstraint(["community_unit_id"], ["unit.id"], name=op.f("fk_sensor_device_community_unit_id")),
        sa.ForeignKeyConstraint(["escalate_to_id"], ["staff.id"], name=op.f("fk_sensor_device_escalate_to_id")),
        sa.ForeignKeyConstraint(["fire_unit_id"], ["unit.id"], name=op.f("fk_sensor_device_fire_unit_id")),
        sa.ForeignKeyConstraint(["property_unit_id"], ["unit.id"], name=op.f("fk_sensor_device_property_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sensor_device")),
        sa.UniqueConstraint("code", name=op.f("uq_sensor_device_code")),
    )
    op.create_index(op.f("ix_sensor_device_case_id"), "sensor_device", ["case_id"], unique=False)
    op.create_index(
        op.f("ix_sensor_device_community_unit_id_sensor_device_joined_at"),
        "sensor_device",
        ["community_unit_id", "joined_at"],
        unique=False,
    )
    op.create_table(
        "sensor_alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hook_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False, comment="the supplier's own number of it: the same one twice is one alarm"),
        sa.Column("device_id", sa.Integer(), nullable=True, comment="empty: nobody has registered it"),
        sa.Column("device", sa.String(length=60), nullable=False, comment="code of the device as it was told"),
        sa.Column("signal", sa.String(length=10), nullable=False, comment="alarm or clear"),
        sa.Column("value", sa.String(length=60), nullable=False, comment="what was measured, as it was told"),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False, comment="by the clock of the device"),
        sa.Column("received_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True, comment="case it opened or joined"),
        sa.Column(
            "suppressed_by",
            sa.String(length=16),
            nullable=True,
            comment="flapping, storm, muted, stood_down, clear or unknown_device; empty: it opened a case",
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_sensor_alarm_case_id")),
        sa.ForeignKeyConstraint(["device_id"], ["sensor_device.id"], name=op.f("fk_sensor_alarm_device_id")),
        sa.ForeignKeyConstraint(["hook_id"], ["sensor_hook.id"], name=op.f("fk_sensor_alarm_hook_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sensor_alarm")),
    )
    op.create_index(op.f("ix_sensor_alarm_case_id"), "sensor_alarm", ["case_id"], unique=False)
    op.create_index(op.f("ix_sensor_alarm_device_id_sensor_alarm_received_at"), "sensor_alarm", ["device_id", "received_at"], unique=False)
    op.create_index(
        "ix_sensor_alarm_unknown",
        "sensor_alarm",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("device_id IS NULL"),
        sqlite_where=sa.text("device_id IS NULL"),
    )
    op.create_index("uq_sensor_alarm_key", "sensor_alarm", ["hook_id", "key"], unique=True)
    op.create_table(
        "sensor_case",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("alarms", sa.Integer(), nullable=False, comment="signals of alarm of this device in this case"),
        sa.Column("first_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_sensor_case_case_id")),
        sa.ForeignKeyConstraint(["device_id"], ["sensor_device.id"], name=op.f("fk_sensor_case_device_id")),
        sa.PrimaryKeyConstraint("case_id", "device_id", name=op.f("pk_sensor_case")),
    )
    op.create_index(op.f("ix_sensor_case_device_id"), "sensor_case", ["device_id"], unique=False)


def downgrade() -> None:
    for name in _TABLES:
        op.drop_table(name)
    op.drop_column("case_file", "escalate_to_id")
