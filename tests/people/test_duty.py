"""Who is away, who stands in, who is on duty: the services, the command line, and who hears of it in the end."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

import cli
from models import Database, DutyRoster, System, table
from rules.facts import Refused
from rules.ladder import Post
from services import duty
from services.catalogue import catalogue
from services.recipients import Roll, posts_of
from services.tables import read_table
from settings import get_settings
from tests.support.town import START, Town

ZONE = ZoneInfo("Asia/Shanghai")
DRAIN = "5号楼前下水道堵了，污水外溢"


def roster_of(folder: Path, *lines: str) -> Path:
    file = folder / "roster.csv"
    file.write_text("\n".join(("unit,user,from,to", *lines)) + "\n", encoding="utf-8")
    return file


def load(database: Database, file: Path) -> duty.Reading:
    with database.unit_of_work() as session:
        return duty.load_roster(session, read_table(file, duty.REQUIRED))


def revision(database: Database) -> int:
    with database.unit_of_work() as session:
        return int(session.connection().execute(select(System.revision)).scalar_one())


def told(town: Town, code: str, *, to: tuple[Post, ...] = (), unit: str = "water") -> list[tuple[str, str | None]]:
    """Who would hear a notice now, and in whose place."""
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        filled = Roll(known, town.now).addressees(code, known.unit_ids[unit], to=to)
    found = [each for _, people in filled for each in people]
    return [(each.person.name, each.instead_of.name if each.instead_of else None) for each in found if each.person]


# absences and deputies ------------------------------------------------------------------------------------------------


def test_the_deputy_hears_from_when_to_when(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        duty.set_deputy(session, "water.clerk", "garden.clerk")
        until = START + timedelta(hours=2)
        assert duty.set_away(session, "water.clerk", START + timedelta(hours=1), until, "培训", START)
    assert told(town, "clock_remind") == [("water.clerk", None)]
    town.now += timedelta(hours=1)
    assert told(town, "clock_remind") == [("garden.clerk", "water.clerk")]
    town.now += timedelta(hours=1)
    assert told(town, "clock_remind") == [("water.clerk", None)]


def test_a_deputy_who_is_away_too_is_replaced_by_who_is_on_duty(town: Town, tmp_path: Path) -> None:
    load(town.context.database, roster_of(tmp_path, "water,eco.clerk,2026-11-20,2026-11-20"))
    with town.context.database.unit_of_work() as session:
        duty.set_deputy(session, "water.clerk", "garden.clerk")
        for user in ("water.clerk", "garden.clerk"):
            duty.set_away(session, user, START, None, "", START)
    assert told(town, "clock_remind") == [("eco.clerk", "water.clerk")]
    town.now += timedelta(days=1)
    assert told(town, "clock_remind") == [("water.head", "water.clerk")], "the roster ends with the day, the head is the next role"


def test_a_whole_unit_that_is_away_is_answered_for_above(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        for user in ("water.clerk", "water.head"):
            duty.set_away(session, user, START, None, "", START)
    assert told(town, "clock_red") == [("centre.head", "water.head"), ("centre.clerk", "water.clerk")]


def test_nobody_hears_one_notice_twice_because_of_two_posts(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        duty.set_deputy(session, "water.head", "water.clerk")
        duty.set_away(session, "water.head", START, None, "", START)
    assert told(town, "clock_red") == [("water.clerk", "water.head")]


def test_who_is_back_hears_again_and_has_to_be_away_first(town: Town) -> None:
    database = town.context.database
    with database.unit_of_work() as session:
        duty.set_away(session, "water.clerk", START - timedelta(hours=1), None, "", START)
        duty.set_away(session, "water.clerk", START + timedelta(days=9), None, "", START)
    with database.unit_of_work() as session:
        duty.set_back(session, "water.clerk", START)
        assert duty.away(session, START) == []
    assert told(town, "clock_remind") == [("water.clerk", None)]
    with database.unit_of_work() as session, pytest.raises(Refused, match="not_away"):
        duty.set_back(session, "water.clerk", START)


def test_an_absence_is_noted_once_and_each_change_is_seen_by_all(town: Town) -> None:
    database = town.context.database
    before = revision(database)
    with database.unit_of_work() as session:
        assert duty.set_away(session, "water.clerk", START, None, "", START)
        assert not duty.set_away(session, "water.clerk", START, None, "", START)
    assert revision(database) == before + 1


@pytest.mark.parametrize(
    ("since", "until", "code"),
    [(START, START, "ends_before"), (START - timedelta(days=2), START - timedelta(days=1), "over_already")],
)
def test_an_absence_that_cannot_be_is_refused(sqlite_town: Town, since: datetime, until: datetime, code: str) -> None:
    with sqlite_town.context.database.unit_of_work() as session, pytest.raises(Refused, match=code):
        duty.set_away(session, "water.clerk", since, until, "", START)


def test_nobody_is_the_own_deputy(sqlite_town: Town) -> None:
    with sqlite_town.context.database.unit_of_work() as session:
        with pytest.raises(Refused, match="own_deputy"):
            duty.set_deputy(session, "water.clerk", "water.clerk")
        with pytest.raises(Refused, match="unknown_user"):
            duty.set_deputy(session, "water.clerk", "nobody")


def test_posts_named_by_a_rung_take_the_channel_that_the_notice_has_for_them() -> None:
    to = (Post("clerk"), Post("duty"))
    assert posts_of("clock_red", to) == [(Post("clerk"), "email"), (Post("duty"), "sms")]
    assert posts_of("clock_red") == [(Post("head"), "sms"), (Post("clerk"), "email")]


# rosters --------------------------------------------------------------------------------------------------------------


def test_a_roster_is_read_in_local_time_and_once(town: Town, tmp_path: Path) -> None:
    file = roster_of(tmp_path, "water,eco.clerk,2026-11-20T17:30,2026-11-21 08:30", "centre,centre.duty,2026-11-21,2026-11-22")
    database = town.context.database
    reading = load(database, file)
    assert (len(reading.rows), reading.known, reading.wrong) == (2, 0, [])
    again = load(database, file)
    assert (len(again.rows), again.known) == (2, 2)
    with database.unit_of_work() as session:
        rows = session.connection().execute(select(table(DutyRoster)).order_by(table(DutyRoster).c.id)).all()
        assert duty.on_roster(session, "water", START)[0]["user"] == "eco.clerk"
    assert [(r.since, r.until) for r in rows] == [
        (datetime(2026, 11, 20, 9, 30, tzinfo=UTC), datetime(2026, 11, 21, 0, 30, tzinfo=UTC)),
        (datetime(2026, 11, 20, 16, tzinfo=UTC), datetime(2026, 11, 22, 16, tzinfo=UTC)),
    ]


def test_a_roster_with_a_wrong_row_is_refused_whole_with_line_and_field(town: Town, tmp_path: Path) -> None:
    file = roster_of(
        tmp_path,
        "water,eco.clerk,2026-11-20,2026-11-21",
        "sea,eco.clerk,2026-11-20,2026-11-21",
        "water,nobody,2026-11-20,2026-11-21",
        "water,eco.clerk,soon,2026-11-21",
        "water,eco.clerk,2026-11-20,2026-13-01",
        "water,eco.clerk,2026-11-22,2026-11-20",
        "water,eco.clerk,2026-11-20,2026-11-21",
        "water,eco.clerk",
    )
    before = revision(town.context.database)
    reading = load(town.context.database, file)
    assert [(w.reject.line, w.column, w.reject.code) for w in reading.wrong] == [
        (3, "unit", "unknown_unit"),
        (4, "user", "unknown_user"),
        (5, "from", "bad_moment"),
        (6, "to", "bad_moment"),
        (7, "to", "ends_before"),
        (8, "", "twice"),
        (9, "", "too_few_fields"),
    ]
    assert town.rows(select(table(DutyRoster))) == []
    assert revision(town.context.database) == before


@pytest.mark.parametrize(
    ("text", "ends", "moment"),
    [
        ("2026-12-01", False, datetime(2026, 12, 1, tzinfo=ZONE)),
        ("2026-12-01", True, datetime(2026, 12, 2, tzinfo=ZONE)),
        ("2026-12-01T08:30", True, datetime(2026, 12, 1, 8, 30, tzinfo=ZONE)),
        ("2026-12-01T08:30+00:00", False, datetime(2026, 12, 1, 8, 30, tzinfo=UTC)),
    ],
)
def test_moments_are_local_unless_they_name_a_zone(text: str, ends: bool, moment: datetime) -> None:
    assert duty.moment_of(text, ZONE, ends=ends) == moment


# the command line -----------------------------------------------------------------------------------------------------


@pytest.fixture
def bihuan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Database, encryption_key: bytes) -> Iterator[Path]:
    """The command line on this database."""
    (tmp_path / "secret.key").write_bytes(encryption_key)
    monkeypatch.setenv("BIHUAN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BIHUAN_DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("BIHUAN_PREFECT", "off")
    monkeypatch.setenv("BIHUAN_LANG", "zh")
    get_settings.reset()
    yield tmp_path
    get_settings.reset()


def test_the_command_line_notes_who_is_away_and_who_stands_in(bihuan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["duty", "list"]) == 0
    assert "没有登记" in capsys.readouterr().out
    assert cli.run(["duty", "deputy", "water.clerk", "garden.clerk"]) == 0
    assert cli.run(["duty", "away", "water.clerk", "--from", "2099-12-01", "--to", "2099-12-03", "--reason", "培训"]) == 0
    assert "2099-12-04 00:00" in capsys.readouterr().out, "to the end of the day"
    assert cli.run(["duty", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["deputies"] == [{"user": "water.clerk", "deputy": "garden.clerk"}]
    assert [(a["user"], a["deputy"], a["reason"]) for a in listed["away"]] == [("water.clerk", "garden.clerk", "培训")]
    assert cli.run(["duty", "list"]) == 0
    assert "garden.clerk" in capsys.readouterr().out
    assert cli.run(["duty", "back", "water.clerk"]) == 0
    assert cli.run(["duty", "deputy", "water.clerk", "--none"]) == 0
    capsys.readouterr()
    assert cli.run(["duty", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"away": [], "deputies": []}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("away", "nobody", "--from", "2099-12-01"), "nobody"),
        (("away", "water.clerk", "--from", "tomorrow"), "tomorrow"),
        (("back", "water.clerk"), "没有登记外出"),
        (("deputy", "water.clerk"), "--none"),
        (("roster", "sea"), "sea"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(
    bihuan: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert cli.run(["duty", *arguments]) == 1
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_the_command_line_loads_and_shows_a_roster(bihuan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = roster_of(bihuan, "water,eco.clerk,2099-11-20T17:30,2099-11-21T08:30")
    assert cli.run(["duty", "load", str(file)]) == 0
    assert "新增 1 行" in capsys.readouterr().out
    assert cli.run(["duty", "roster", "water", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["user"] == "eco.clerk"
    assert datetime.fromisoformat(row["since"]) == datetime(2099, 11, 20, 9, 30, tzinfo=UTC)
    bad = roster_of(bihuan, "water,eco.clerk,2099-11-20,2099-11-19")
    assert cli.run(["--lang", "en", "duty", "load", str(bad)]) == 1
    assert "line 2, to: it ends before it begins" in capsys.readouterr().err


# in the end -----------------------------------------------------------------------------------------------------------


def test_the_engine_writes_to_who_is_there(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        duty.set_deputy(session, "water.clerk", "garden.clerk")
        duty.set_away(session, "water.clerk", START, None, "", START)
    case = town.reports(DRAIN)
    town.turn()
    assert [m.name for m in town.messages(case) if m.notice == "dispatched_lead"] == ["garden.clerk"]
    (words,) = [m.wording for m in town.messages(case) if m.notice == "dispatched_lead"]
    assert "本应由" not in words, "an SMS has no room for it"
