"""Replay: the outcome equals a deliberately naive calculation, killed half-way or not, on our sample and on real messages."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.exc import OperationalError

from clock import pause
from models import Attachment, Case, Clock, Database, Journal, Message, RungFiring, table
from seeds import read, rows
from services import ball
from services.attachments import is_whole
from tests.cases.test_ball import adds_up, open_time

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "demo" / "messages.csv"
REAL = ROOT.parent / "shared" / "data" / "real" / "messages_replied.csv"
ZONE = ZoneInfo("Asia/Shanghai")
_clock, _firing, _journal = table(Clock), table(RungFiring), table(Journal)

real = pytest.mark.skipif(not REAL.exists(), reason="the real messages lie in ../shared, which is not here")


def replay(file: Path, home: Path, *more: str, kill_when: Callable[[], bool] | None = None) -> dict[str, Any]:
    command = [sys.executable, "-m", "cli", "replay", str(file), "--keep", "--json", str(home / "out.json"), *more]
    environment = {**os.environ, "BIHUAN_DATA_DIR": str(home)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while kill_when is not None and process.poll() is None:
        if kill_when():
            process.send_signal(signal.SIGKILL)
        pause(0.02)
    _, errors = process.communicate()
    if kill_when is None:
        assert process.returncode == 0, errors.decode()
    found: dict[str, Any] = json.loads((home / "out.json").read_text()) if (home / "out.json").exists() else {}
    return found


def read_csv(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))


def database(home: Path) -> Path:
    found = list((home / "replay").glob("*/replay.db"))
    return found[0] if found else home / "none"


def content(home: Path) -> dict[str, list[Any]]:
    """Everything that a replay decided, without ids that depend on nothing but the order of writing."""
    engine = create_engine(f"sqlite:///{database(home)}")
    case, journal, message = table(Case), table(Journal), table(Message)
    firings = select(_clock.c.case_id, _clock.c.order_no, _clock.c.kind, _firing.c.rung, _firing.c.due_at, _firing.c.fired_at)
    with engine.connect() as connection:
        found = {
            "cases": connection.execute(select(case.c.no, case.c.state, case.c.seq, case.c.journal_hash).order_by(case.c.no)).all(),
            "journal": connection.execute(select(journal).order_by(journal.c.case_id, journal.c.seq)).all(),
            "rungs": connection.execute(firings.join(_clock, _clock.c.id == _firing.c.clock_id)).all(),
            "messages": connection.execute(select(message.c.dedupe_key, message.c.state, message.c.wording)).all(),
        }
    engine.dispose()
    return {name: sorted(map(tuple, values), key=repr) if name != "journal" else values for name, values in found.items()}


# -- the naive calculation: minute by minute, no prefix sums, no shared code -----------------------------------------------


@cache
def working_minutes() -> tuple[datetime, ...]:
    """Every working minute of the calendar, found by looking at each day and each minute."""
    exceptions = {date.fromisoformat(r["date"]): r["working"] == "1" for r in rows("calendar/cn.csv")}
    found = []
    day = date(2011, 1, 1)
    while day < date(2022, 1, 1) or date(2025, 9, 1) <= day < date(2027, 3, 1):
        if exceptions.get(day, day.weekday() < 5):
            minute = datetime(day.year, day.month, day.day, 8, 30, tzinfo=ZONE)
            for _ in range(9 * 60):
                if not (12, 0) <= (minute.hour, minute.minute) < (14, 30):
                    found.append(minute)
                minute += timedelta(minutes=1)
        day = day + timedelta(days=1) if day != date(2021, 12, 31) else date(2025, 9, 1)
    return tuple(found)


def naive_after(start: datetime, seconds: float) -> datetime:
    """Walk working minutes from `start` until so many seconds are used up."""
    minutes = working_minutes()
    i = bisect_right(minutes, start) - 1
    at = start
    if i < 0 or start >= minutes[i] + timedelta(minutes=1):
        i += 1
        at = minutes[i]
    while True:
        left = (minutes[i] + timedelta(minutes=1) - at).total_seconds()
        if seconds <= left:
            return at + timedelta(seconds=seconds)
        seconds -= left
        i += 1
        at = minutes[i]


def naive_between(start: datetime, end: datetime) -> float:
    minutes = working_minutes()
    total = 0.0
    i = max(0, bisect_right(minutes, start) - 1)
    while minutes[i] < end:
        total += max(0.0, (min(end, minutes[i] + timedelta(minutes=1)) - max(start, minutes[i])).total_seconds())
        i += 1
    return total


@cache
def working_days() -> tuple[date, ...]:
    return tuple(sorted({m.date() for m in working_minutes()}))


def naive_neighbour(at: datetime, days: int) -> datetime:
    working = working_days()
    day = at.date()
    for _ in range(abs(days)):
        day += timedelta(days=1 if days > 0 else -1)
        while day not in working:
            day += timedelta(days=1 if days > 0 else -1)
    return datetime.combine(day, at.time(), ZONE)


def naive_rungs(clock: Any, ladder: list[dict[str, str]]) -> dict[str, datetime]:
    """When each rung of a clock must have fired, had nothing stopped it."""
    start = clock.started_at.astimezone(ZONE)
    number, unit = int(clock.limit.rstrip("mhwd")), clock.limit.lstrip("0123456789")
    if unit in ("m", "h"):
        budget = number * {"m": 60, "h": 3600}[unit]
        walk: Callable[[float], datetime] = lambda seconds: start + timedelta(seconds=seconds)  # noqa: E731
    else:
        walk = lambda seconds: naive_after(start, seconds)  # noqa: E731
        budget = number * 3600 if unit == "wh" else int(naive_between(start, _close_after(start, number)))
    found = {}
    due = walk(budget)
    for rung in ladder:
        if rung.get("only") == "wd" and unit != "wd":
            continue
        if rung["at"].endswith("%"):
            found[rung["code"]] = walk(-(-budget * int(rung["at"][:-1]) // 100))
        elif (moment := naive_neighbour(due, int(rung["at"].removesuffix("wd")))) > start:
            found[rung["code"]] = moment
    return found


def _close_after(start: datetime, days: int) -> datetime:
    working = working_days()
    day = working[bisect_right(working, start.date()) + days - 1]
    return datetime(day.year, day.month, day.day, 17, 30, tzinfo=ZONE)


def check_every_rung(home: Path) -> int:
    ladders = {ladder["code"]: ladder["rungs"] for ladder in read("ladders.toml")["ladder"]}
    engine = create_engine(f"sqlite:///{database(home)}")
    with engine.connect() as connection:
        clocks = connection.execute(select(_clock)).all()
        fired: dict[int, dict[str, datetime]] = {}
        for row in connection.execute(select(_firing)):
            fired.setdefault(row.clock_id, {})[row.rung] = row.fired_at
    engine.dispose()
    for clock in clocks:
        expected = {
            code: at for code, at in naive_rungs(clock, ladders[clock.ladder]).items() if clock.stopped_at is None or at < clock.stopped_at
        }
        by_move = {r["code"] for r in ladders[clock.ladder] if r["act"].startswith("move:")}
        found = dict(fired.get(clock.id, {}))
        for code in by_move & set(found):
            expected[code] = found[code]
            assert found[code] == naive_rungs(clock, ladders[clock.ladder])[code]
            # an emergency is called on after it was deemed acknowledged; any other clock ends with the move that its rung made
            assert clock.ladder in ("acknowledge_p0", "acknowledge_gentle") or found[code] == clock.stopped_at
        assert found == expected, (clock.id, clock.kind, clock.limit, clock.started_at, clock.stopped_at)
    return sum(map(len, fired.values()))


# -- the tests ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    home = tmp_path_factory.mktemp("sample")
    return home, replay(SAMPLE, home)


@pytest.mark.soak
def test_our_sample_goes_through_the_whole_loop(sample: tuple[Path, dict[str, Any]]) -> None:
    _, found = sample
    lines = read_csv(SAMPLE)
    assert found["cases"] == len(lines) == found["closed"]
    assert found["states"] == {"closed": len(lines)}
    assert found["rejected"] == 0
    assert set(found["steps"]) == {"collect", "triage", "report", "handle", "feedback", "evaluate"}
    assert {"remind", "yellow", "red", "escalate_1", "escalate_2"} == set(found["fired"])
    assert 0 < found["on_time_rate"] < 1
    late = _late(lines)
    assert [v["id"] for v in found["violations"]] == late


def _late(lines: list[dict[str, str]]) -> list[str]:
    """More than 15 working days from submitted to replied, counted day by day."""
    late = []
    for line in lines:
        start, end = (datetime.fromisoformat(line[k]).replace(tzinfo=ZONE) for k in ("submitted_at", "replied_at"))
        if end > _close_after(start, 15):
            late.append(line["id"])
    return late


@pytest.mark.soak
def test_every_rung_equals_the_naive_calculation(sample: tuple[Path, dict[str, Any]]) -> None:
    assert check_every_rung(sample[0]) > 100


def check_who_held_it(home: Path, cases: int) -> None:
    """Of each case: all its time was somebody's, in seconds and in whole minutes, and no moment that of two."""
    store = Database(f"sqlite:///{database(home)}")
    with store.unit_of_work() as session:
        journals: dict[int, list[Any]] = {}
        for entry in session.connection().execute(select(_journal).order_by(_journal.c.case_id, _journal.c.seq)):
            journals.setdefault(entry.case_id, []).append(entry)
        end = max(journal[-1].at for journal in journals.values())
        held = ball.held(session, journals, end)
    store.close()
    assert len(held) == cases
    for case_id, journal in journals.items():
        closed = next(e.at for e in journal if e.after == "closed")
        adds_up(held[case_id], closed - journal[0].at)
        assert open_time(journal, end) == closed - journal[0].at


@pytest.mark.soak
def test_who_held_the_ball_adds_up_for_every_case(sample: tuple[Path, dict[str, Any]]) -> None:
    check_who_held_it(sample[0], len(read_csv(SAMPLE)))


@pytest.mark.soak
def test_triage_and_routing_are_counted(sample: tuple[Path, dict[str, Any]]) -> None:
    _, found = sample
    triage, routing = found["triage"], found["routing"]
    assert triage["claimed"] + triage["left_to_people"] == found["cases"]
    assert triage["left_to_people"] == found["unclaimed"] == found["scripted"]["file"]
    assert triage["claimed_share"] == round(triage["claimed"] / found["cases"], 4)
    assert routing["dispatched"] + routing["handled_here"] == found["cases"], "nothing was recalled"
    assert routing["by_people"] == found["scripted"]["dispatch"]
    assert routing["returned"] == found["scripted"].get("ask_return", 0)


@pytest.mark.soak
def test_photos_are_there_where_the_category_asks_for_them_and_nowhere_else(sample: tuple[Path, dict[str, Any]]) -> None:
    wanted = {c["code"]: {p.removeprefix("photo_") for p in c.get("closing", ())} for c in read("categories.toml")["category"]}
    engine = create_engine(f"sqlite:///{database(sample[0])}")
    case, attachment = table(Case), table(Attachment)
    with engine.connect() as connection:
        there: dict[int, set[str]] = {}
        for row in connection.execute(select(attachment)):
            there.setdefault(row.case_id, set()).add(row.stage)
            assert is_whole(database(sample[0]).parent / "files", row.sha256)
        categories = {row.id: row.category for row in connection.execute(select(case.c.id, case.c.category))}
    engine.dispose()
    assert {i: there.get(i, set()) for i in categories} == {i: wanted[category] for i, category in categories.items()}
    assert there


@pytest.mark.soak
def test_feedback_goes_out_at_the_moment_of_the_real_reply(sample: tuple[Path, dict[str, Any]]) -> None:
    lines = {f"replay:{r['id']}": r["replied_at"] for r in read_csv(SAMPLE)}
    engine = create_engine(f"sqlite:///{database(sample[0])}")
    case, journal = table(Case), table(Journal)
    with engine.connect() as connection:
        told = connection.execute(
            select(case.c.idempotency_key, journal.c.at)
            .join(journal, journal.c.case_id == case.c.id)
            .where(journal.c.action == "feed_back")
        ).all()
    engine.dispose()
    assert len(told) == len(lines)
    for key, at in told:
        assert f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}" == lines[key]


@pytest.mark.soak
def test_killed_half_way_and_taken_up_again_it_comes_out_the_same(sample: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    whole, found = sample

    def closed_at_least(wanted: int) -> bool:
        file = database(tmp_path)
        if not file.exists():
            return False
        engine = create_engine(f"sqlite:///{file}")
        try:
            with engine.connect() as connection:
                return bool(connection.exec_driver_sql("SELECT count(*) FROM case_file WHERE state = 'closed'").scalar_one() >= wanted)
        except OperationalError:
            return False  # its tables are being made
        finally:
            engine.dispose()

    for threshold in (8, 30):
        replay(SAMPLE, tmp_path, kill_when=partial(closed_at_least, threshold))
    assert not (tmp_path / "out.json").exists(), "it was killed before the end"
    assert replay(SAMPLE, tmp_path) == found
    assert content(tmp_path) == content(whole)
    check_every_rung(tmp_path)


@pytest.mark.soak
@real
def test_real_messages_close_and_their_rungs_are_right(tmp_path: Path) -> None:
    found = replay(REAL, tmp_path)
    assert found["cases"] == found["closed"] == 80
    check_every_rung(tmp_path)
    check_who_held_it(tmp_path, 80)
    lines = read_csv(REAL)
    assert sorted(v["id"] for v in found["violations"]) == sorted(_late(lines))


@pytest.mark.soak
def test_it_may_stop_at_a_moment_and_leaves_nothing_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli", "replay", str(SAMPLE), "--until", "2026-01-15", "--json", "-"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "BIHUAN_DATA_DIR": str(tmp_path)}, capture_output=True, check=True)
    found = json.loads(done.stdout)
    assert 0 < found["closed"] < found["cases"] < 65
    assert not list((tmp_path / "replay").iterdir())


HEADER = "id,user,subject,submitted_at,body,reply,replied_at"
GOOD = "A,u,路灯坏了,2026-03-02 09:00:00,桥下路灯坏了,修好了,2026-03-03 09:00:00"


@pytest.mark.parametrize(
    "encoding", ["gb18030", pytest.param("utf-8", marks=pytest.mark.soak), pytest.param("utf-8-sig", marks=pytest.mark.soak)]
)
def test_bad_rows_are_set_aside_with_their_line_and_the_rest_goes_on(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "messages.csv"
    rows_of_file = [
        HEADER.encode(encoding),
        GOOD.encode(encoding.removesuffix("-sig")),
        'B,u,两行,2026-03-02 09:00:00,"第一行\n第二行",好,2026-03-04 09:00:00'.encode(encoding.removesuffix("-sig")),
        "C,u,日期,2026-13-02 09:00:00,正文,好,2026-03-04 09:00:00".encode(encoding.removesuffix("-sig")),
        "D,u,空,2026-03-02 09:00:00,,好,2026-03-04 09:00:00".encode(encoding.removesuffix("-sig")),
        GOOD.encode(encoding.removesuffix("-sig")),
        b"E,u,\xff\xff\xff,2026-03-02 09:00:00,x,y,2026-03-04 09:00:00",
        "F,u,反了,2026-03-05 09:00:00,正文,好,2026-03-04 09:00:00".encode(encoding.removesuffix("-sig")),
    ]
    file.write_bytes(b"\n".join(rows_of_file) + b"\n")
    command = [sys.executable, "-m", "cli", "replay", str(file), "--json", "-", "--rejects", str(tmp_path / "rejects.csv")]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "BIHUAN_DATA_DIR": str(tmp_path)}, capture_output=True, check=True)
    found = json.loads(done.stdout)
    assert (found["cases"], found["rejected"]) == (2, 5)
    aside = read_csv(tmp_path / "rejects.csv")
    assert [int(r["line"]) for r in aside] == [5, 6, 7, 8, 9]


def test_a_missing_column_refuses_the_file(tmp_path: Path) -> None:
    file = tmp_path / "messages.csv"
    file.write_text("id,user,subject,body,reply,replied_at\n1,u,s,b,r,2026-03-03 09:00:00\n", encoding="utf-8")
    command = [sys.executable, "-m", "cli", "replay", str(file)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "BIHUAN_DATA_DIR": str(tmp_path)}, capture_output=True, check=False)
    assert done.returncode != 0
    assert b"submitted_at" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.soak
def test_another_policy_gives_other_lights_on_the_same_messages(sample: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    policy = (ROOT / "seeds" / "policy.toml").read_text(encoding="utf-8")
    strict = tmp_path / "strict.toml"
    strict.write_text(
        policy + '\n[[row]]\ncategory = "G05"\nurgency = "P2"\nlimits = { handle = "1wh", acknowledge = "5m" }\n', encoding="utf-8"
    )
    found = replay(SAMPLE, tmp_path, "--policy", str(strict))
    assert found["closed"] == sample[1]["closed"]
    assert found["fired"]["red"] > sample[1]["fired"]["red"]
    check_every_rung(tmp_path)


def test_a_policy_that_cannot_be_read_is_refused_in_one_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text('version = 1\neffective_from = 2000-01-01\nnote = ""\n[urgency.P0]\nlimits = { handle = "soon" }\n', encoding="utf-8")
    command = [sys.executable, "-m", "cli", "replay", str(SAMPLE), "--policy", str(broken)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "BIHUAN_DATA_DIR": str(tmp_path)}, capture_output=True, check=False)
    assert done.returncode == 1
    assert "broken.toml" in done.stderr.decode()
    assert b"Traceback" not in done.stderr
