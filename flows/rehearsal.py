"""A replay in a database file of its own: never the live one, taken up again after a kill, removed when it has succeeded."""

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy.orm import Session

from clock import utcnow
from flows.replay import Replay
from models import Database
from notifications.channels.bus import Channels
from rules.facts import Refused
from services.catalogue import catalogue
from services.deliveries import Voice
from services.deliveries.lenient import heed_no_limits
from services.engine import engines
from services.engine.claims import Claimer
from services.replay.comparison import Difference, Figures, difference, figures, last_moment
from services.replay.load import Span
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
Progress = Callable[[int, int], None]


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


@dataclass(frozen=True)
class Compared:
    """What came of several policies.

    Attributes:
        figures: What each policy did, by its name, in the order given; empty when there was no message to replay.
        table: The file as it was read, with its rejects.
        names: Names of categories and units by code, in the installation's language.
        homes: The folders with the databases, by policy, when they were kept.
    """

    figures: dict[str, Figures]
    table: Table
    names: dict[str, str]
    homes: dict[str, Path]

    def differences(self) -> dict[str, Difference]:
        """What each further policy changes against the first, by its name."""
        first, *others = self.figures
        return {name: difference(self.figures[first], self.figures[name]) for name in others}


def rehearse(what: Rehearsal, settings: Settings, progress: Progress) -> Rehearsed:
    """Replay a file from beginning to end.

    Killed on the way, the same call takes it up where it was; the outcome is the same as if it had not been killed.

    Args:
        what: What to replay.
        settings: The installation's settings; of its data only the folder is used.
        progress: Told how many cases are final, of how many.

    Raises:
        TableRefused: the file cannot be used.
        Refused: `bad_policy`, the policy cannot be used.
    """
    messages, table = read_messages(what.file, ZONE)
    (home,) = _homes([what], settings)
    with ExitStack() as stack:
        (database,) = _databases(stack, {home: what}, settings)
        found = _play(database, home, settings, what, messages, table, progress)
        names = _names(database, settings.lang)
    if not what.keep:
        shutil.rmtree(home)
    return Rehearsed(found, table, names, home if what.keep else None)


def compare(
    what: Rehearsal, policies: Mapping[str, Path | None], settings: Settings, watch: Callable[[str], AbstractContextManager[Progress]]
) -> Compared:
    """Replay a file under several policies, one after the other, each in a database of its own.

    No replay begins unless every policy can be used. Killed on the way, the same call takes it up where it was: what is finished is not
    replayed again, because all databases stay until the last figure has been counted.

    Args:
        what: What to replay; its own policy is not looked at.
        policies: Policy files by the name they are reported under; None is the seeded one.
        settings: The installation's settings; of its data only the folder is used.
        watch: Called with a policy's name when its replay begins; yields what is told how many cases are final, of how many.

    Raises:
        TableRefused: the file cannot be used.
        Refused: `bad_policy`, one of the policies cannot be used.
    """
    messages, table = read_messages(what.file, ZONE)
    runs = {name: replace(what, policy=policy) for name, policy in policies.items()}
    homes = _homes(runs.values(), settings)
    if not any(what.until is None or m.submitted_at <= what.until for m in messages):
        return Compared({}, table, {}, {})
    done: dict[str, Results] = {}
    with ExitStack() as stack:
        databases = dict(zip(runs, _databases(stack, dict(zip(homes, runs.values(), strict=True)), settings), strict=True))
        for (name, run), home in zip(runs.items(), homes, strict=True):
            with watch(name) as progress:
                done[name] = _play(databases[name], home, settings, run, messages, table, progress)
        found = _figures(databases, done, messages)
        names = _names(next(iter(databases.values())), settings.lang)
    for home in () if what.keep else homes:
        shutil.rmtree(home)
    return Compared(found, table, names, dict(zip(runs, homes, strict=True)) if what.keep else {})


def _homes(runs: Iterable[Rehearsal], settings: Settings) -> list[Path]:
    """A folder for each replay, the same one whenever it is asked for again; the same policy given twice has two."""
    seen: Counter[str] = Counter()
    homes = []
    for what in runs:
        digest = _fingerprint(what)
        seen[digest] += 1
        homes.append(settings.data_dir / "replay" / (digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"))
    return homes


def _fingerprint(what: Rehearsal) -> str:
    """The same file under the same policy to the same moment is the same replay."""
    digest = hashlib.sha256(what.file.read_bytes())
    digest.update(what.policy.read_bytes() if what.policy else b"")
    digest.update(f"{what.prefect}{what.until or ''}".encode())
    return digest.hexdigest()[:16]


def _databases(stack: ExitStack, homes: Mapping[Path, Rehearsal], settings: Settings) -> list[Database]:
    """Open the database of each replay; refused by one of the policies, none of the new ones is left behind."""
    new = [home for home in homes if not home.exists()]
    try:
        return [stack.enter_context(_database(home, settings, what)) for home, what in homes.items()]
    except Refused:
        for home in new:
            shutil.rmtree(home, ignore_errors=True)
        raise


def _play(
    database: Database, home: Path, settings: Settings, what: Rehearsal, messages: Sequence[Message], table: Table, progress: Progress
) -> Results:
    """Replay in a database that is open, or take up there, and count."""
    with _at_work(database, home, settings, what) as client:
        Replay(messages, home / "files", what.until).run(progress)
        if client is not None:
            while events.push(client, utcnow()):
                pass
        with database.unit_of_work() as session:
            return results(session, messages, len(table.rejects), what.until)


def _figures(databases: Mapping[str, Database], done: Mapping[str, Results], messages: Sequence[Message]) -> dict[str, Figures]:
    """Count each policy over the days of all: from the first message until nothing happened any more under any of them."""
    first = min(m.submitted_at for m in messages)
    ends = [first]
    for database in databases.values():
        with database.unit_of_work() as session:
            ends.append(last_moment(session) or first)
    span = Span(first, max(ends), ZONE)
    found = {}
    for name, database in databases.items():
        with database.unit_of_work() as session:
            found[name] = figures(session, done[name], span)
    return found


@contextmanager
def _database(home: Path, settings: Settings, what: Rehearsal) -> Iterator[Database]:
    home.mkdir(parents=True, exist_ok=True)
    use_keys(settings)
    database = Database(f"sqlite:///{home / 'replay.db'}", synchronous="NORMAL")
    try:
        upgrade(database, utcnow())
        with database.unit_of_work() as session:
            _seed(session, what.policy)
        with database.unit_of_work() as session:
            heed_no_limits(session)
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


def _names(database: Database, lang: str) -> dict[str, str]:
    with database.unit_of_work() as session:
        known = catalogue(session)
    named = {unit.code: known.names[unit.id] for unit in known.units.values()}
    named |= {category.code: category.name for category in known.categories.values()}
    return {code: name.en if lang == "en" else name.zh for code, name in named.items()}
