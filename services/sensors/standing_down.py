"""What the register of devices notes of a stand-down, in the commit of the move: false alarms, silence for a while, people told."""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from models import Message, SensorCase, SensorDevice, connection_of, table
from notifications.notices import SMS
from services.moves import Intent, Setting, read_drafts
from services.moves.messages import queue
from services.recipients import Addressee, Roll
from services.sensors.kinds import KINDS

_device, _link, _message = table(SensorDevice), table(SensorCase), table(Message)
_OF_CASE = (
    select(_device.c.id, _device.c.kind, _device.c.people)
    .select_from(_link.join(_device, _device.c.id == _link.c.device_id))
    .where(_link.c.case_id == bindparam("case"))
    .order_by(_device.c.id)
)
_QUIET = (
    update(_device)
    .where(_device.c.id == bindparam("key_id"))
    .values(quiet_until=bindparam("until"), false_alarms=_device.c.false_alarms + 1)
)
_CALLED = select(_message.c.staff_id).where(_message.c.case_id == bindparam("case"), _message.c.notice == "sensor_unanswered").distinct()
NOTICE: Final = "sensor_stood_down"


def note(session: Session, intent: Intent, setting: Setting) -> None:
    """Count a false alarm of each device of the case, let it flap unheard for its window, and tell its people and who was called."""
    run = connection_of(session).execute
    found = list(run(_OF_CASE, {"case": intent.case_id}))
    quiet = [{"key_id": row.id, "until": setting.now + KINDS[row.kind].window} for row in found if row.kind in KINDS]
    if quiet:
        run(_QUIET, quiet)
    called = [row.staff_id for row in run(_CALLED, {"case": intent.case_id}) if row.staff_id is not None]
    _tell(session, intent, dict.fromkeys((*(person for row in found for person in row.people), *called)), setting.now)


def _tell(session: Session, intent: Intent, people: dict[int, None], now: datetime) -> None:
    """People who have heard of it as members of a unit already, or who stood it down themselves, hear nothing more."""
    draft = read_drafts(session, [intent.case_id])[intent.case_id]
    roll, about = Roll(draft.catalogue, now), {"reason": str(intent.args["reason"]), "person": intent.actor.name}
    told = set(connection_of(session).execute(_TOLD, {"case": intent.case_id, "seq": draft.case["seq"]}).scalars())
    for person_id in people:
        for person, away in roll.person(person_id).values():
            if person.id not in told and person.name != intent.actor.name:
                told.add(person.id)
                queue(draft, NOTICE, now, Addressee(person, SMS, away), {**about, "unit_id": draft.catalogue.desk_id})
    if draft.messages:
        connection_of(session).execute(insert(_message), draft.messages)


_TOLD = select(_message.c.staff_id).where(
    _message.c.case_id == bindparam("case"), _message.c.notice == NOTICE, _message.c.seq <= bindparam("seq")
)
