"""Devices of a household or an enterprise: an alarm of one is heard on its file (一户一档, 一企一档), until the file ends."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from models import Affair, SensorDevice, begin_write, connection_of, table
from rules.facts import STAFF, Refused
from services.catalogue import Catalogue, catalogue
from services.mechanisms import require
from services.moves import Intent, Setting
from services.people.rights import on_record
from services.sensors.chronicle import Chapters
from services.sensors.devices import MECHANISM
from services.sensors.judging import Device, Verdict
from services.subjects.alerts import Alert, alert
from services.subjects.reference import devices_of, file_of
from wording import language, say

log = logging.getLogger("bihuan.engine")
_device, _affair = table(SensorDevice), table(Affair)
_NUMBER: Final = select(_affair.c.no).where(_affair.c.case_id == bindparam("case"), _affair.c.seq == bindparam("seq"))
_END: Final = update(_device).where(_device.c.subject_no == bindparam("file")).values(subject_no=None)


def link(session: Session, code: str, no: str, by: str, now: datetime) -> None:
    """Have the alarms of a device heard on a file from now on: it is raised, and who looks after it is told. Safe to run twice.

    Args:
        session: The unit of work; committed by the caller.
        code: The device.
        no: Number of the file.
        by: User name: an administrator, or somebody of the unit whose file it is.
        now: The instant, aware UTC.

    Raises:
        Refused: `mechanism_off`, `unknown_device`, `unknown_affair`, `unknown_user`, `left`, `not_your_file`, `subject_ended`,
            `device_elsewhere`, `device_linked`.
    """
    device, known = _opened(session, code)
    ref, file, _ = file_of(session, no)
    check_may(known, file, by)
    if file["ended_at"] is not None:
        raise Refused("subject_ended", affair=ref.no)
    hangs, lies = device["area_unit_id"], file["area_unit_id"]
    if hangs not in known.line(lies) and lies not in known.line(hangs):
        raise Refused("device_elsewhere", device=device["code"], affair=ref.no)
    if device["subject_no"] not in (None, ref.no):
        raise Refused("device_linked", device=device["code"], affair=device["subject_no"])
    if device["subject_no"] is None:
        _set(session, device["id"], ref.no)
        on_record(session, by, "device_linked", device["code"], {"file": ref.no}, now)


def unlink(session: Session, code: str, by: str, now: datetime) -> str:
    """Have the alarms of a device heard on no file any more.

    Returns:
        The number of the file.

    Raises:
        Refused: `mechanism_off`, `unknown_device`, `device_not_linked`, `unknown_user`, `left`, `not_your_file`.
    """
    device, known = _opened(session, code)
    if device["subject_no"] is None:
        raise Refused("device_not_linked", device=device["code"])
    check_may(known, file_of(session, device["subject_no"])[1], by)
    _set(session, device["id"], None)
    on_record(session, by, "device_unlinked", device["code"], {"file": device["subject_no"]}, now)
    return str(device["subject_no"])


def end_links(session: Session, intent: Intent, setting: Setting) -> None:
    """In the commit that ends a file its devices are nobody's: what hangs there alarms as before, and is heard on no file."""
    run = connection_of(session).execute
    no = run(_NUMBER, {"case": intent.case_id, "seq": intent.no}).scalar_one()
    codes = devices_of(session, no)
    if codes:
        run(_END, {"file": no})
    for code in codes:
        on_record(session, intent.actor.name, "device_unlinked", code, {"file": no}, setting.now)


def raise_files(session: Session, chapters: Chapters, now: datetime) -> None:
    """Let the files of the devices hear what their cases have heard: once where it begins, and anew after a silence.

    No alarm is lost by what becomes of a file: one that cannot be raised any more is named in the log.

    Args:
        session: The unit of work that takes the alarms.
        chapters: What each case had to hear of the batch.
        now: The instant, aware UTC.
    """
    for device, verdict in _heard(chapters, now):
        kind, value = getattr(device.kind, language()), verdict.alarm.value or "—"
        words = say("sensors.file_words", None, device=device.code, kind=kind, value=value)
        number = verdict.target.no if verdict.target is not None else None
        try:
            alert(session, str(device.file), Alert(device.kind.alert, words, case=number), Setting(now))
        except Refused as refusal:
            log.warning("alarm of device %s is not heard on file %s: %s", device.code, device.file, refusal.code)


def _heard(chapters: Chapters, now: datetime) -> Iterable[tuple[Device, Verdict]]:
    """The alarms that are news to a file, each with its device."""
    for chapter in chapters.values():
        if any(device.file is not None for device in chapter.alarms):
            yield from ((device, chapter.alarms[device][0]) for device in chapter.begun(now) if device.file is not None)


def _opened(session: Session, code: str) -> tuple[Mapping[str, Any], Catalogue]:
    require(session, MECHANISM)
    begin_write(session)
    found = connection_of(session).execute(select(_device).where(_device.c.code == code.strip())).mappings().first()
    if found is None:
        raise Refused("unknown_device", device=code[:60])
    return dict(found), catalogue(session)


def check_may(known: Catalogue, file: Mapping[str, Any], by: str) -> None:
    """An administrator, or the staff of the unit whose file it is.

    Raises:
        Refused: `unknown_user`, `left`, `not_your_file`.
    """
    actor = known.actor(by)
    if "admin" not in actor.roles and not (actor.roles & STAFF and file["unit_id"] in actor.body):
        raise Refused("not_your_file", user=by, affair=file["no"])


def _set(session: Session, device_id: int, no: str | None) -> None:
    connection_of(session).execute(update(_device).where(_device.c.id == device_id).values(subject_no=no))
