"""Sensors: registered devices, suppliers' hooks, and every alarm that came in, with what became of it."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Sealed, UtcDateTime

_UNKNOWN = text("device_id IS NULL")


class SensorHook(Base):
    """One supplier that may bring alarms, with the secret it signs them with."""

    __tablename__ = "sensor_hook"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True, comment="in the address: /sensors/<code>")
    name: Mapped[str] = mapped_column(String(80), comment="the supplier")
    secret: Mapped[str] = mapped_column(Sealed, comment="signs what is pushed; encrypted, shown once when it was made")
    before: Mapped[str | None] = mapped_column(Sealed, comment="the secret before the last rotation, encrypted")
    before_until: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="until when that one is still taken")
    window_s: Mapped[int] = mapped_column(comment="seconds by which the clock of the supplier may differ from ours")
    per_minute: Mapped[int] = mapped_column(comment="most alarms taken in a minute")
    minute: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="when the minute began that is counted")
    in_minute: Mapped[int] = mapped_column(default=0, comment="alarms taken in it")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(String(60))
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="nothing is taken any more")
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), comment="newest case about devices that nobody has registered")


class SensorDelivery(Base):
    """One push that was taken: its nonce is good once; kept for as long as it could be replayed."""

    __tablename__ = "sensor_delivery"

    hook_id: Mapped[int] = mapped_column(ForeignKey("sensor_hook.id"), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "hook_id", "at"),)


class SensorDevice(Base):
    """A registered device: what it is, where, and who is called when it alarms."""

    __tablename__ = "sensor_device"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True, comment="as the supplier names it")
    kind: Mapped[str] = mapped_column(String(20), comment="seeds/sensors.toml")
    place: Mapped[str] = mapped_column(String(120), comment="in words")
    lat: Mapped[float | None] = mapped_column(comment="WGS84 degrees")
    lon: Mapped[float | None] = mapped_column(comment="WGS84 degrees")
    area_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), comment="smallest unit whose area it hangs in")
    community_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), comment="leads")
    property_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), comment="property company, co-handles")
    fire_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), comment="fire liaison, co-handles")
    escalate_to_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), comment="who hears when nobody acknowledges")
    people: Mapped[list[int]] = mapped_column(JSON, default=list, comment="staff who are told of every case of it")
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[str] = mapped_column(String(60))
    muted_until: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="maintenance: alarms are kept, nobody is called")
    muted_reason: Mapped[str | None] = mapped_column(Text)
    muted_by: Mapped[str | None] = mapped_column(String(60))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True, comment="newest case that its alarms went to")
    joined_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="since when they go there")
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="newest alarm, by our clock")
    quiet_until: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="after a stand-down its flapping opens nothing until then")
    alarms: Mapped[int] = mapped_column(default=0, comment="signals of alarm that came in")
    suppressed: Mapped[int] = mapped_column(default=0, comment="of these, those that opened no case")
    false_alarms: Mapped[int] = mapped_column(default=0, comment="cases of it that were stood down")
    subject_no: Mapped[str | None] = mapped_column(
        ForeignKey("affair.no"), index=True, comment="file of the household or enterprise (DA-…, QY-…) on which its alarms are heard"
    )

    __table_args__ = (Index(None, "community_unit_id", "joined_at"),)


class SensorAlarm(Base):
    """One signal as it came in, kept whatever became of it."""

    __tablename__ = "sensor_alarm"

    id: Mapped[int] = mapped_column(primary_key=True)
    hook_id: Mapped[int] = mapped_column(ForeignKey("sensor_hook.id"))
    key: Mapped[str] = mapped_column(String(80), comment="the supplier's own number of it: the same one twice is one alarm")
    device_id: Mapped[int | None] = mapped_column(ForeignKey("sensor_device.id"), comment="empty: nobody has registered it")
    device: Mapped[str] = mapped_column(String(60), comment="code of the device as it was told")
    signal: Mapped[str] = mapped_column(String(10), comment="alarm or clear")
    value: Mapped[str] = mapped_column(String(60), comment="what was measured, as it was told")
    at: Mapped[datetime] = mapped_column(UtcDateTime, comment="by the clock of the device")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True, comment="case it opened or joined")
    suppressed_by: Mapped[str | None] = mapped_column(
        String(16), comment="flapping, storm, muted, stood_down, clear or unknown_device; empty: it opened a case"
    )

    __table_args__ = (
        Index("uq_sensor_alarm_key", "hook_id", "key", unique=True),
        Index(None, "device_id", "received_at"),
        Index("ix_sensor_alarm_unknown", "received_at", postgresql_where=_UNKNOWN, sqlite_where=_UNKNOWN),
    )


class SensorCase(Base):
    """A device whose alarms belong to a case; a storm links many devices to one."""

    __tablename__ = "sensor_case"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("sensor_device.id"), primary_key=True, index=True)
    alarms: Mapped[int] = mapped_column(comment="signals of alarm of this device in this case")
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
