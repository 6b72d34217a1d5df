"""The command line on an installation of its own: what is printed where, which exit code; never a traceback."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import cli
from models import Database
from services.engine.steps import Step, advance
from services.moves import Setting
from settings import get_settings
from tests.support.databases import fresh_database


@dataclass
class Answer:
    """What one command gave back."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@dataclass
class Bihuan:
    """The command line on an installation of its own."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    database: Database

    def __call__(self, *arguments: str | Path) -> Answer:
        self.capture.readouterr()
        code = cli.run([str(a) for a in arguments])
        return Answer(code, *self.capture.readouterr())

    def submits(self, body="晨光小区5号楼下水道堵了，污水外溢", *more: str) -> str:
        return self("submit", "--body", body, "--area", "chenguang-1", "--phone", "10000000001", *more).out.strip()

    def engine_turns(self, no: str) -> None:
        """What the engine would do for one case now, without an engine."""
        from clock import utcnow
        from services.reading import case_id_of

        with self.database.unit_of_work() as session:
            case_id = case_id_of(session, no)
        for step in Step:
            with self.database.unit_of_work() as session:
                advance(session, step, [case_id], Setting(utcnow()))

    def state(self, no: str) -> str:
        return str(self("case", "show", no, "--json").json["state"])


@pytest.fixture
def bare(tmp_path, monkeypatch, capsys, sqlite_supply) -> Callable[..., Answer]:
    """The command line with settings of its own, but no database."""
    for name in [name for name in os.environ if name.startswith("BIHUAN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BIHUAN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BIHUAN_PREFECT", "off")
    monkeypatch.setenv("BIHUAN_LANG", "zh")
    get_settings.reset()

    def run(*arguments: str | Path) -> Answer:
        get_settings.reset()
        capsys.readouterr()
        code = cli.run([str(a) for a in arguments])
        return Answer(code, *capsys.readouterr())

    yield run
    get_settings.reset()


@pytest.fixture
def bihuan(bare, tmp_path, monkeypatch, capsys, sqlite_supply, encryption_key) -> Bihuan:
    """The command line on a migrated and seeded database."""
    (tmp_path / "secret.key").write_bytes(encryption_key)
    with fresh_database(sqlite_supply) as database:
        monkeypatch.setenv("BIHUAN_DATABASE_URL", str(database.engine.url))
        get_settings.reset()
        yield Bihuan(tmp_path, capsys, database)
