"""The rows of the articles: each has its mechanisms and its story, and without the mechanism's row the story fails."""

import importlib.util
import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import cli
from rules import handling
from services.seed_rows import SeedRow, seed_rows
from tests.conftest import context_for
from tests.support.databases import SqliteSupply, fresh_database
from tests.support.town import Town

ROOT = Path(__file__).parents[2]
ROWS = seed_rows()


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"removed_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _stories(row: SeedRow) -> Iterator[Path]:
    """Files that tell of a row: the one that it names, and further ones with its number."""
    folder = ROOT / "tests" / "stories" / "seeds"
    yield from sorted(folder.glob(f"test_row_{row.row:02d}*.py"))


def _told(path: Path) -> list[tuple[str, Callable[..., None]]]:
    return [(name, found) for name, found in inspect.getmembers(_module(path), inspect.isfunction) if name.startswith("test_")]


def _removals() -> list[tuple[SeedRow, str]]:
    return [(row, code) for row in ROWS if row.test for code in row.mechanisms]


def test_the_rows_are_those_of_the_articles() -> None:
    assert [row.row for row in ROWS] == list(range(1, 34))
    assert [row.row for row in ROWS if row.test is None] == [30, 33], "platforms joined come later, rentals and tourism never"
    for row in ROWS:
        assert (row.test is None) == (row.why is not None), row.row
        assert set(row.mechanisms) <= set(handling.HANDLING), row.row
        assert row.test is None or (ROOT / row.test).is_file(), row.test
    assert {code for row in ROWS for code in row.mechanisms} == set(handling.HANDLING), "no mechanism without a row"
    for code, mechanism in handling.HANDLING.items():
        assert set(mechanism.rows) == {row.row for row in ROWS if code in row.mechanisms}, code


def test_the_command_lists_them(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIHUAN_LANG", "zh")  # `--lang` says so to the whole process
    assert cli.run(["seeds", "--json", "-"]) == 0
    listed = json.loads(capsys.readouterr().out)["rows"]
    assert len(listed) == 33
    assert {"row", "name", "seed", "test"} <= set(listed[0])
    assert cli.run(["seeds", "--json", str(tmp_path / "rows.json")]) == 0
    assert json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))["rows"] == listed
    assert cli.run(["--lang", "en", "seeds"]) == 0
    assert "Bench meetings" in capsys.readouterr().out


@pytest.mark.parametrize(("row", "code"), [pytest.param(row, code, id=f"{row.row}-{code}") for row, code in _removals()])
def test_without_the_row_of_a_mechanism_its_story_fails(
    row: SeedRow, code: str, sqlite_supply: SqliteSupply, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(handling.HANDLING, code)
    refused = []
    for name, story in (told for path in _stories(row) for told in _told(path)):
        with fresh_database(sqlite_supply) as database:  # each in a town of its own, so that it fails for this reason only
            town = Town(context_for(database, tmp_path))
            given = {each: town if each == "town" else request.getfixturevalue(each) for each in inspect.signature(story).parameters}
            try:
                story(**given)
            except (Exception, pytest.fail.Exception) as why:  # with the row it passes, as the suite shows
                refused.append((name, why))
                break
    assert refused, f"row {row.row} is told without {code}"
