"""Keys of personal data: a new one goes in front while everybody works, and at no moment is anything unreadable."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import LargeBinary, insert, select, type_coerce, update

from clock import utcnow
from models import AdminEntry, Database, Requester, Sealed, Staff, table
from rules.facts import Refused
from services.intake import requester_key
from services.privacy import keyring, rotation
from settings import Settings
from tests.support.town import START, Town

_requester, _staff, _admin = table(Requester), table(Staff), table(AdminEntry)


@pytest.fixture(autouse=True)
def own_keys(encryption_key: bytes) -> Iterator[None]:
    """Other tests go on with the key of this run."""
    yield
    Sealed.use_keys([encryption_key])


@pytest.fixture
def settings(tmp_path: Path, database: Database, encryption_key: bytes) -> Settings:
    (tmp_path / "secret.key").write_bytes(encryption_key + b"\n")
    (tmp_path / "secret.key").chmod(0o600)
    return Settings(data_dir=tmp_path, database_url=database.engine.url.render_as_string(hide_password=False))


def phones(database: Database) -> dict[int, str | None]:
    with database.unit_of_work() as session:
        return {row.id: row.phone for row in session.execute(select(_staff.c.id, _staff.c.phone))}


def stored(database: Database) -> list[bytes]:
    with database.unit_of_work() as session:
        wanted = select(type_coerce(_staff.c.phone, LargeBinary)).where(_staff.c.phone.is_not(None))
        return [bytes(value) for value in session.execute(wanted).scalars()]


def silent(_done: int, _whole: int) -> None:
    """Nobody watches."""


def test_everything_is_sealed_anew_and_stays_readable(database: Database, settings: Settings, encryption_key: bytes) -> None:
    before = phones(database)
    done = rotation.rotate(database, settings, START, silent)
    (new, old) = settings.key_file.read_bytes().split()
    assert (done.made, old, done.key) == (True, encryption_key, keyring.short(new))
    assert done.values == sum(each.values for each in rotation.status(database, settings))
    newest, hashing = rotation.status(database, settings)
    assert (newest.values > 0, newest.seals, newest.hashes) == (True, True, False)
    assert (hashing.values, hashing.seals, hashing.hashes) == (0, False, True)
    assert all(Fernet(new).decrypt(value) for value in stored(database))
    assert phones(database) == before
    assert settings.key_file.stat().st_mode & 0o777 == 0o600
    with database.unit_of_work() as session:
        assert [row.action for row in session.execute(select(_admin).order_by(_admin.c.id))] == ["key_made", "keys_rotated"]


def test_a_dry_run_changes_nothing(database: Database, settings: Settings, encryption_key: bytes) -> None:
    before = stored(database)
    done = rotation.rotate(database, settings, START, silent, dry_run=True)
    assert (done.made, done.values >= len(before), done.key) == (True, True, keyring.short(encryption_key))
    assert (stored(database), settings.key_file.read_bytes().split()) == (before, [encryption_key])


def test_a_rotation_that_was_broken_off_is_brought_to_its_end(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = phones(database)
    monkeypatch.setattr(rotation, "BATCH", 7)

    def tired(done: int, _whole: int) -> None:
        if done >= 14:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(database, settings, START, tired)
    halfway = rotation.status(database, settings)
    assert 0 < halfway[0].values < sum(each.values for each in halfway)
    assert phones(database) == before
    done = rotation.rotate(database, settings, START, silent)
    assert (done.made, done.values) == (False, halfway[1].values)
    assert len(settings.key_file.read_bytes().split()) == 2
    assert phones(database) == before


def test_a_row_changed_meanwhile_keeps_what_was_written(database: Database, settings: Settings) -> None:
    keyring.load(settings)
    first = min(phones(database))

    def somebody_else(done: int, _whole: int) -> None:
        with database.unit_of_work() as session:
            session.execute(update(_staff).where(_staff.c.id == first).values(phone=f"1390000{done:04d}"[:11]))

    rotation.rotate(database, settings, START, somebody_else)
    assert str(phones(database)[first]).startswith("1390000")
    assert rotation.status(database, settings)[1].values == 0


READER = """
import sys
from pathlib import Path
from sqlalchemy import insert, select
from models import Database, Requester, Staff, table
from services.privacy import keyring
from settings import Settings

settings = Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2])
keyring.load(settings)
database = Database(settings.database_url)
staff, requester = table(Staff), table(Requester)
for line in sys.stdin:
    with database.unit_of_work() as session:
        if line.strip() == "write":
            session.execute(insert(requester).values(key="from another process", name="李四", phone="13900001234"))
            print("written", flush=True)
        else:
            print(session.execute(select(staff.c.phone).where(staff.c.name == "water.clerk")).scalar_one(), flush=True)
"""


def test_another_process_learns_of_the_new_key_without_a_restart(database: Database, settings: Settings) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(settings.data_dir), url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None

        def asked(what: str) -> str:
            other.stdin.write(f"{what}\n")  # type: ignore[union-attr]
            other.stdin.flush()  # type: ignore[union-attr]
            return other.stdout.readline().strip()  # type: ignore[union-attr]

        before = asked("read")
        seen: list[str] = []
        rotation.rotate(database, settings, START, lambda _done, _whole: seen.append(asked("read")))
        assert seen
        assert set(seen) == {before}, "readable while it is sealed anew"
        rotation.rotate(database, settings, START, silent)
        assert asked("write") == "written"
        other.stdin.close()
    newest, *older = rotation.status(database, settings)
    assert newest.values > 0
    assert [each.values for each in older] == [0, 0], "the other process seals under the newest key"
    with database.unit_of_work() as session:
        wanted = select(_requester.c.name).where(_requester.c.key == "from another process")
        assert session.execute(wanted).scalar_one() == "李四"


def test_a_reporter_is_found_again_after_the_key_was_changed(town: Town, tmp_path: Path, encryption_key: bytes) -> None:
    database = town.context.database
    (tmp_path / "secret.key").write_bytes(encryption_key)
    settings = Settings(data_dir=tmp_path, database_url=database.engine.url.render_as_string(hide_password=False))
    first = town.reports("路灯不亮", phone="13812345678")
    key = requester_key("13812345678")
    rotation.rotate(database, settings, START, silent)
    second = town.reports("路灯还是不亮", phone="13812345678")
    assert requester_key("13812345678") == key
    assert town.case(first).requester_id == town.case(second).requester_id


def test_old_keys_are_let_go_once_nothing_needs_them(database: Database, settings: Settings) -> None:
    hashing = settings.key_file.read_bytes().split()[0]
    rotation.rotate(database, settings, START, silent)
    rotation.rotate(database, settings, START, silent)
    first, second, last = settings.key_file.read_bytes().split()
    later = utcnow() + timedelta(hours=2)
    with pytest.raises(Refused, match="key_too_young"):
        rotation.retire(database, settings, utcnow())
    assert rotation.retire(database, settings, later) == [keyring.short(second)]
    assert settings.key_file.read_bytes().split() == [first, last]
    assert last == hashing
    assert rotation.retire(database, settings, later) == []
    assert phones(database)


def test_keys_of_the_environment_are_the_operators(database: Database, tmp_path: Path, encryption_key: bytes) -> None:
    url = database.engine.url.render_as_string(hide_password=False)

    def given(*keys: bytes) -> Settings:
        return Settings(data_dir=tmp_path, database_url=url, keys=",".join(key.decode() for key in keys))

    before, new = phones(database), Fernet.generate_key()
    with pytest.raises(Refused, match="keys_from_environment"):
        rotation.rotate(database, given(encryption_key), START, silent)
    assert not (tmp_path / "secret.key").exists()
    assert rotation.rotate(database, given(new, encryption_key), START, silent).values > 0
    assert phones(database) == before
    assert all(Fernet(new).decrypt(value) for value in stored(database))
    with pytest.raises(Refused, match="keys_in_environment"):
        rotation.retire(database, given(new, encryption_key), START)
    with pytest.raises(Refused, match="keys_broken"):
        keyring.load(given(b"nonsense"))


def test_without_the_key_nothing_is_guessed(database: Database, tmp_path: Path) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    (tmp_path / "secret.key").write_bytes(Fernet.generate_key())
    settings = Settings(data_dir=tmp_path, database_url=url)
    with pytest.raises(InvalidToken):
        rotation.rotate(database, settings, START, silent)
    assert len(settings.key_file.read_bytes().split()) == 1, "no key is made on top of a wrong one"
    (tmp_path / "secret.key").write_bytes(b"nonsense")
    with pytest.raises(Refused, match="key_broken"):
        keyring.load(settings)


def test_a_broken_file_never_replaces_good_keys(sqlite_database: Database, tmp_path: Path, encryption_key: bytes) -> None:
    file = tmp_path / "secret.key"
    file.write_bytes(encryption_key)
    keyring.load(Settings(data_dir=tmp_path))
    file.write_bytes(b"half a ke")
    with sqlite_database.unit_of_work() as session:
        session.execute(insert(_requester).values(key="k", name="王五", phone=None))
        assert session.execute(select(_requester.c.name).where(_requester.c.key == "k")).scalar_one() == "王五"


def test_threads_that_meet_the_new_key_at_once_all_read(tmp_path: Path, encryption_key: bytes) -> None:
    file = tmp_path / "secret.key"
    file.write_bytes(encryption_key)
    keyring.load(Settings(data_dir=tmp_path))
    for _ in range(20):
        new = Fernet.generate_key()
        sealed = Fernet(new).encrypt("王五".encode())
        keyring.KeyFile(file).write([new, *file.read_bytes().split()])
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(Sealed.unseal, [sealed] * 16)) == {"王五"}
