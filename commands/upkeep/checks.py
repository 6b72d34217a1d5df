"""What `bihuan doctor` looks at. One function a check; each says in one sentence how it stands, and how to put it right."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from cryptography.fernet import InvalidToken
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from commands.screen import local, word
from commands.trouble import reason_of, refusal
from commands.upkeep.message_checks import MESSAGE_CHECKS, usable
from commands.upkeep.patient import Check, Patient, said
from models import Database, Requester, Sealed, Staff, table
from rules.facts import Refused
from services import audit, upkeep
from services.accounts.starting import has_administrator
from services.catalogue import catalogue
from services.channels import configured
from services.engine import engines, set_aside
from services.engine.heartbeat import masked
from services.privacy import keyring
from services.seeding import is_seeded
from services.triage import storing
from services.triage.meaning import READY, semantic_state
from services.triage.model import PLAIN
from settings import Settings
from wording import say

MISSED: Final = 3  #: heartbeats to the outside that may be missing before a person should look
JOURNALS: Final = 1000  #: newest cases whose journals are recomputed
_ABOUT: Final = ("order", "stage", "supervision", "affair", "part")  #: what a finding may be about, within its case
SHOWN: Final = 20  #: findings named on the screen
LEAST_DAYS: Final = 90  #: days that the calendar should reach ahead
LEAST_SPACE: Final = 1 << 30  #: bytes that should be free
GIGABYTE: Final = 1 << 30


def examine(settings: Settings, now: datetime) -> list[Check]:
    """Look at everything; where folder or database cannot be used, the checks that need them are left out."""
    if unusable := _folder(settings):
        return [unusable]
    checks = [_disk(settings), _key(settings), *_prefect(settings)]
    with _database(settings) as (database, check):
        checks.append(check)
        if database is None:
            return checks
        checks.append(_migration(database))
        if not checks[-1].ok:
            return checks
        with database.unit_of_work() as session:
            patient = Patient(settings, now, session)
            for look in CHECKS:
                checks.append(look(patient))
                if not checks[-1].ok and look in FIRST:
                    return checks
            found = configured(session, settings)
        checks.append(usable(found, settings))
    return checks


# before the database --------------------------------------------------------------------------------------------------


def _nearest(folder: Path) -> Path:
    """The folder, or what is there of the way to it."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _folder(settings: Settings) -> Check | None:
    """A data folder that is none, and cannot be made; None when it can be used."""
    there = _nearest(settings.data_dir)
    if not there.is_dir():
        reason = say("doctor.no_folder", path=there)
    elif not os.access(there, os.W_OK):
        reason = say("errno.EACCES")
    elif not shutil.disk_usage(there).total:  # /proc and its like
        reason = say("doctor.no_room", path=there)
    else:
        return None
    return Check("folder", ok=False, text=say("cli.folder_trouble", path=settings.data_dir, reason=reason))


def _disk(settings: Settings) -> Check:
    free = shutil.disk_usage(_nearest(settings.data_dir)).free
    return said("disk", ok=free >= LEAST_SPACE, free=f"{free / GIGABYTE:.1f}", path=settings.data_dir)


def _key(settings: Settings) -> Check:
    """The key is only looked at: making a new one where the old one is lost would hide the loss."""
    try:
        keyring.load(settings)
    except (OSError, Refused) as problem:
        reason = reason_of(problem) if isinstance(problem, OSError) else refusal(problem)
        return said("key", ok=False, path=settings.key_file, reason=reason)
    return said("key", ok=True, path=settings.key_file)


def _prefect(settings: Settings) -> Iterator[Check]:
    if settings.prefect == "off":
        return
    auth = tuple(settings.prefect_auth.split(":", 1)) if settings.prefect_auth else None
    try:
        httpx.get(f"{settings.prefect_api_url}/admin/version", timeout=5, auth=auth).raise_for_status()  # type: ignore[arg-type]
        yield said("prefect", ok=True, url=settings.prefect_api_url)
    except httpx.HTTPError as problem:
        yield said("prefect", ok=False, url=settings.prefect_api_url, reason=str(problem) or type(problem).__name__)


@contextmanager
def _database(settings: Settings) -> Iterator[tuple[Database | None, Check]]:
    """Open what is there; a SQLite file that is not there yet is not made."""
    database = Database(settings.database_url, synchronous=settings.sqlite_synchronous)
    try:
        file = database.engine.url.database
        if database.is_sqlite and not Path(file or "").exists():
            yield None, said("database", ok=False, reason=say("doctor.no_file", path=file))
            return
        try:
            database.engine.connect().close()
        except SQLAlchemyError as problem:
            reason = str(getattr(problem, "orig", problem)).strip().partition("\n")[0]
            yield None, said("database", ok=False, reason=reason)
            return
        yield database, said("database", ok=True, kind=database.engine.dialect.name)
    finally:
        database.close()


def _migration(database: Database) -> Check:
    present, head = upkeep.revision(database.engine), upkeep.head()
    return said("migration", ok=present == head, present=present or "-", head=head)


# in the database ------------------------------------------------------------------------------------------------------


def _seeded(patient: Patient) -> Check:
    return said("seeded", ok=is_seeded(patient.session))


def _sealed(patient: Patient) -> Check:
    """Whether the key opens what is kept."""
    try:
        for model in (Staff, Requester):
            patient.session.connection().execute(select(table(model).c.phone).order_by(table(model).c.id.desc()).limit(1)).all()
    except InvalidToken:
        return said("sealed", ok=False, path=patient.settings.key_file)
    return said("sealed", ok=Sealed.keys is not None, path=patient.settings.key_file)


def _engines(patient: Patient) -> Check:
    rows = audit.engines_on_record(patient.session)
    ages = {row: (patient.now - row.heartbeat_at).total_seconds() for row in rows}
    alive = [row for row in rows if ages[row] <= engines.SILENT_AFTER.total_seconds()]
    lines = [say("doctor.engine", id=row.id, host=row.host, pid=row.pid, age=round(ages[row])) for row in rows]
    return said("engines", ok=bool(alive), n=len(alive), lines=lines)


def _aside(patient: Patient) -> Check:
    rows = set_aside.listed(patient.session)
    lines = [say("doctor.aside", no=r.no, urgency=r.urgency, step=word("step", r.step), tries=r.tries, error=r.error) for r in rows]
    return said("aside", ok=not rows, n=len(rows), lines=lines)


def _found(patient: Patient, findings: Sequence[audit.Finding]) -> list[str]:
    zone = catalogue(patient.session).zone
    lines = [_sentence(finding, zone) for finding in findings[:SHOWN]]
    return [*lines, say("doctor.more", n=len(findings) - SHOWN)] if len(findings) > SHOWN else lines


def _sentence(finding: audit.Finding, zone: Any) -> str:  # noqa: ANN401 - a zone
    """What was found, about which thing, and what to do."""
    detail = finding.detail
    about = "".join(say(f"audit.about_{what}", **detail) for what in _ABOUT if detail.get(what) is not None)
    return say(f"audit.{finding.code}", None, no=finding.no, about=about, **{k: _shown(k, v, zone) for k, v in detail.items()})


def _shown(name: str, value: Any, zone: Any) -> object:  # noqa: ANN401 - a detail of a finding, a zone
    if isinstance(value, datetime):
        return local(value, zone)
    return word("clock", value) if name == "clock" else ("-" if value is None else value)


def _clocks(patient: Patient) -> Check:
    findings = audit.audit_clocks(patient.session, patient.now, audit.LAG)
    orphans = sum(finding.code == "clock_orphan" for finding in findings)
    oldest = audit.oldest_rung(patient.session)
    late = max(0, round((patient.now - oldest).total_seconds())) if oldest is not None else 0
    line = say("doctor.lag", when=_when(patient, oldest), lag=late, orphans=orphans)
    return said("clocks", ok=not findings, n=len(findings), lines=[*_found(patient, findings), line])


def _rungs(patient: Patient) -> Check:
    oldest = audit.oldest_rung(patient.session)
    late = oldest is not None and oldest < patient.now - audit.LAG
    return said("rungs", ok=not late, when=_when(patient, oldest))


def _when(patient: Patient, moment: datetime | None) -> str:
    return local(moment, catalogue(patient.session).zone) or "-"


def _round(patient: Patient) -> Check:
    """What the engine's own audit says; it looks at a few cases at a time."""
    last = audit.last_round(patient.session)
    if last is None or last.finished_at is None:
        return Check("round", ok=True, text=say("doctor.round_none"))
    lines = [say("doctor.round_finding", **found) for found in last.first]
    when = _when(patient, last.finished_at)
    return said("round", ok=not last.findings, when=when, cases=last.cases, n=last.findings, lines=lines)


def _heartbeat(patient: Patient) -> Check:
    """Whether the outside is being told that all is well; its address is a secret and only hinted at."""
    settings, last = patient.settings, audit.last_round(patient.session)
    if not settings.heartbeat_url:
        return Check("heartbeat", ok=True, text=say("doctor.heartbeat_off"))
    at = last.heartbeat_at if last is not None else None
    fresh = at is not None and patient.now - at <= timedelta(seconds=MISSED * settings.heartbeat_seconds)
    return said("heartbeat", ok=fresh, url=masked(settings.heartbeat_url), when=_when(patient, at))


def _journal(patient: Patient) -> Check:
    cases = audit.newest_cases(patient.session, JOURNALS)
    findings = audit.check_journal(patient.session, cases)
    return said("journal", ok=not findings, n=len(findings), cases=len(cases), lines=_found(patient, findings))


def _calendar(patient: Patient) -> Check:
    """The calendar that ends first decides; provisional days are told, they trouble nobody yet."""
    known = catalogue(patient.session)
    first = min(known.calendars.values(), key=lambda calendar: max(calendar.days))
    today = patient.now.astimezone(known.zone).date()
    left = (max(first.days) - today).days
    ahead = [day for day in first.provisional if day >= today]
    since = min(ahead).isoformat() if ahead else "-"
    return said("calendar", ok=left >= LEAST_DAYS, code=first.code, last=max(first.days), days=left, since=since)


def _semantic(patient: Patient) -> Check:
    """Which model triage uses; it troubles somebody only where one was learned that cannot be used here as it was."""
    state = semantic_state()
    model_id = storing.active_id(patient.session)
    kind = storing.about(patient.session, model_id).kind if model_id is not None else PLAIN
    return said("semantic", ok=kind == PLAIN or state == READY, text=say(f"triage_semantic.{state}"))


def _routing(patient: Patient) -> Check:
    """Whether a routing catalogue was published: an installation of before has none, and no duty list holds there."""
    version = catalogue(patient.session).routing.version
    return said("routing", ok=version > 0, version=version)


#: Without these the others cannot be asked.
FIRST: Final[tuple[Callable[[Patient], Check], ...]] = (_seeded, _sealed)


def _administrator(patient: Patient) -> Check:
    """Whether anybody can sign in who gives accounts to the others; in a demonstration everybody can."""
    return said("administrator", ok=patient.settings.demo or has_administrator(patient.session))


CHECKS: Final[tuple[Callable[[Patient], Check], ...]] = (
    *FIRST,
    _administrator,
    _engines,
    _aside,
    _clocks,
    _rungs,
    _round,
    _heartbeat,
    *MESSAGE_CHECKS,
    _journal,
    _calendar,
    _semantic,
    _routing,
)
