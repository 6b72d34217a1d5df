"""A replay in a database file of its own: never the live one, taken up again after a kill, removed when it has succeeded."""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy.orm import Session

from clock import utcnow
from flows.replay import Replay
from models import Database
from notifications.channels import Channels
from rules.facts import Refused
from services import engines
from services.catalogue import catalogue
from services.claims import Claimer
from services.deliveries import Voice
from services.replay.messages import Message, read_messages
from services.replay.results import Results, results
from services.seeding import seed
from services.tables import Table
from services.upkeep import upgrade, use_keys
from settings import Settings
from tasks import events
from tasks.context import EngineContext, at_work
from tasks.recording import recording

ZONE = ZoneInfo("Asia/Shanghai")  #: zone of the local times in a file of messages
LEASE = timedelta(seconds=60)


@dataclass(frozen=True)
class Rehearsal:
    """What to replay and how.

    Attributes:
        file: Messages with the moments of submission and reply.
        policy: A policy file in the form of seeds/policy.toml; None for the seeded one.
        until: Virtual moment at which to stop; None: when every case is closed.
        prefect: Record runs and events in Prefect.
        keep: Leave the database and the recorded messages behind.
    """

    file: Path
    policy: Path | None = None
    until: datetime | None = None
    prefect: bool = False
    keep: bool = False


@dataclass(frozen=True)
class Rehearsed:
    """What came of it.

    Attributes:
        results: Counts, times and breaches.
        table: The file as it was read, with its rejects.
        names: Names of categories and units by code, in the installation's language.
        home: The folder with the database, when it was kept.
    """

    results: Results
    table: Table
    names: dict[str, str]
    home: Path | None


def rehearse(what: Rehearsal, settings: Settings, progress: Callable[[int, int], None]) -> Rehearsed:
    """Replay a file from beginning to end.

    Killed on the way, the same call takes it up where it was; the outcome is the same as if it had not been killed.

    Args:
        what: What to replay.
        settings: The installation's settings; of its data only the folder is used.
        progress: Told how many cases are final, of how many.

    Raises:
        TableRefused: the file cannot be used.
    """
    messages, table = read_messages(what.file, ZONE)
    home = settings.data_dir / "replay" / _fingerprint(what)
    home.mkdir(parents=True, exist_ok=True)
    with _database(home, settings, what) as database, _at_work(database, home, settings, what) as client:
        Replay(messages, what.until).run(progress)
        if client is not None:
            while events.push(client, utcnow()):
                pass
        found, names = _results(database, messages, table, what), _names(database, settings.lang)
    if not what.keep:
        shutil.rmtree(home)
    return Rehearsed(found, table, names, home if what.keep else None)


def _fingerprint(what: Rehearsal) -> str:
    """The same file under the same policy is the same replay."""
    digest = hashlib.sha256(what.file.read_bytes())
    digest.update(what.policy.read_bytes() if what.policy else b"")
    digest.update(str(what.prefect).encode())
    return digest.hexdigest()[:16]


@contextmanager
def _database(home: Path, settings: Settings, what: Rehearsal) -> Iterator[Database]:
    use_keys(settings)
    database = Database(f"sqlite:///{home / 'replay.db'}", synchronous="NORMAL")
    try:
        upgrade(database, utcnow())
        with database.unit_of_work() as session:
            _seed(session, what.policy)
        yield database
    finally:
        database.close()


def _seed(session: Session, policy: Path | None) -> None:
    try:
        seed(session, demo=True, policy=policy)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        if policy is None:
            raise
        raise Refused("bad_policy", file=policy.name, reason=problem) from problem


@contextmanager
def _at_work(database: Database, home: Path, settings: Settings, what: Rehearsal) -> Iterator[httpx.Client | None]:
    with database.unit_of_work() as session:
        engine_id = engines.begin(session, utcnow(), events_on=what.prefect)
    channels = Channels(dict.fromkeys(("sms", "email"), "record://"), home / "outbox.jsonl")
    context = EngineContext(
        database, Claimer(engine_id, LEASE), channels, Voice(settings.lang, settings.sms_sign), settings.batch_size, settings.small
    )
    with (
        at_work(context),
        events.client_of(settings, on=what.prefect) as client,
        recording(on=what.prefect, tags=("bihuan", "replay", f"replay-engine:{engine_id}")),
    ):
        yield client
    with database.unit_of_work() as session:
        engines.end(session, engine_id, utcnow())


def _results(database: Database, messages: Sequence[Message], table: Table, what: Rehearsal) -> Results:
    with database.unit_of_work() as session:
        return results(session, messages, len(table.rejects), what.until)


def _names(database: Database, lang: str) -> dict[str, str]:
    with database.unit_of_work() as session:
        known = catalogue(session)
    named = {unit.code: known.names[unit.id] for unit in known.units.values()}
    named |= {category.code: category.name for category in known.categories.values()}
    return {code: name.en if lang == "en" else name.zh for code, name in named.items()}
