"""Two policies and more on the same messages: breaches appear where a calculation by hand says, and nowhere else."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.exc import OperationalError

from clock import pause
from commands.upkeep.replay import named
from models import Case, Clock, Message, Staff, Unit, table

pytestmark = pytest.mark.soak  # whole replays, several of each file

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("Asia/Shanghai")
_case, _clock, _message, _staff, _unit = table(Case), table(Clock), table(Message), table(Staff), table(Unit)

#: Handed in on Monday 2 March 2026, five minutes past midnight, so that all of them are dispatched on that day or (Q5, Q6) on the next:
#: the handling limit ends at 17:30 of the n-th working day after it. Questions that no rule claims are inquiries (G05), answered at
#: the moment of the reply; what is none of that is a suggestion (G06) or a street light (A03).
MESSAGES = (
    # id, text, replied            under 5wd   3wd   1wd
    ("Q1", "请问这件事该找谁？", "2026-03-02 20:00:00"),
    ("Q2", "请问这件事该找谁？", "2026-03-03 16:00:00"),
    ("Q3", "请问这件事该找谁？", "2026-03-04 10:00:00"),  #  late
    ("Q4", "请问这件事该找谁？", "2026-03-05 17:00:00"),  #  late
    ("Q5", "请问这件事该找谁？", "2026-03-09 16:00:00"),  #  late, late
    ("Q6", "请问这件事该找谁？", "2026-03-27 10:00:00"),  #  late under all of them
    ("Q7", "请问这件事该找谁？", "2026-03-06 10:00:00"),  #  late, late
    ("S1", "希望多种一些花。", "2026-03-04 10:00:00"),
    ("L1", "小区门口路灯不亮了。", "2026-03-04 10:00:00"),
    ("L2", "小区门口路灯不亮了。", "2026-03-24 10:00:00"),  # late under all of them: another row of the policy
)
LATE_UNDER_1WD = ["Q3", "Q4", "Q5", "Q7"]  #: and not under 5wd
LATE_UNDER_3WD = ["Q5", "Q7"]  #: and not under 5wd


def policy(folder: Path, name: str, handle: str) -> Path:
    """The seeded policy with another handling limit for inquiries."""
    text = (ROOT / "seeds" / "policy.toml").read_text(encoding="utf-8")
    file = folder / name
    limits = f'{{ acknowledge = "2wh", contact = "4wh", handle = "{handle}", feedback = "1wd" }}'
    file.write_text(f'{text}\n[[row]]\ncategory = "G05"\nurgency = "P2"\nlimits = {limits}\n', encoding="utf-8")
    return file


def messages(folder: Path) -> Path:
    file = folder / "messages.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("id", "user", "subject", "submitted_at", "body", "reply", "replied_at"))
        rows.writerows((i, f"user {i}", "来信", "2026-03-02 00:05:00", text, "已答复", replied) for i, text, replied in MESSAGES)
    return file


def bihuan(home: Path, *arguments: object, lang: str = "zh") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "BIHUAN_DATA_DIR": str(home), "BIHUAN_LANG": lang, "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)


def answer(home: Path, *arguments: object) -> dict[str, Any]:
    done = bihuan(home, "replay", *arguments, "--json", "-")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("policies")
    messages(folder)
    policy(folder, "loose.toml", "5wd")
    policy(folder, "strict.toml", "1wd")
    return folder


@pytest.fixture(scope="module")
def policies(folder: Path) -> tuple[object, ...]:
    given = (folder / "loose.toml", folder / "strict.toml", "seeded")
    return tuple(word for each in given for word in ("--policy", each))


@pytest.fixture(scope="module")
def compared(folder: Path, policies: tuple[object, ...]) -> tuple[dict[str, Any], str]:
    """The comparison for programs, and what people were shown."""
    home = folder / "home"
    done = bihuan(home, "replay", folder / "messages.csv", *policies, "--keep", "--json", folder / "out.json")
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "out.json").read_text(encoding="utf-8")), done.stdout


def by_name(compared: Mapping[str, Any]) -> dict[str, Any]:
    return {each["name"]: each for each in compared["policies"]}


def against(compared: Mapping[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in compared["difference"]["against"] if each["name"] == name)


def handled_late(cases: list[dict[str, Any]]) -> list[str]:
    return [case["id"] for case in cases if any(b["kind"] == "handle" for b in case["breaches"])]


def test_breaches_appear_in_the_predicted_cases_and_in_no_other(compared: tuple[dict[str, Any], str]) -> None:
    found, _ = compared
    assert found["difference"]["base"] == "loose.toml"
    for name, expected in (("strict.toml", LATE_UNDER_1WD), ("seeded", LATE_UNDER_3WD)):
        difference = against(found, name)
        assert [case["id"] for case in difference["appear"]] == handled_late(difference["appear"]) == expected
        broken = {(b["kind"], b["unit"], b["order_no"]) for case in difference["appear"] for b in case["breaches"]}
        assert {b for b in broken if b[0] != "sign"} == {("handle", "hall", 1)}, "beside it at most the order that nobody signed"
        assert difference["vanish"] == []


def test_the_other_way_round_the_same_breaches_vanish(folder: Path, tmp_path: Path, compared: tuple[dict[str, Any], str]) -> None:
    turned = answer(tmp_path, folder / "messages.csv", "--policy", folder / "strict.toml", "--policy", folder / "loose.toml")
    before, after = against(compared[0], "strict.toml"), against(turned, "loose.toml")
    assert handled_late(after["vanish"]) == LATE_UNDER_1WD
    assert after["appear"] == []
    assert after["figures"] == {name: -change for name, change in before["figures"].items()}
    assert not list((tmp_path / "replay").iterdir())


def test_figures_differ_by_what_those_cases_bring(compared: tuple[dict[str, Any], str]) -> None:
    found, _ = compared
    figures = {name: each["figures"] for name, each in by_name(found).items()}
    assert {name: f["breaches.handle"] for name, f in figures.items()} == {"loose.toml": 2, "strict.toml": 6, "seeded": 4}
    change = against(found, "strict.toml")["figures"]
    n = len(LATE_UNDER_1WD)
    assert change["breaches.handle"] == change["rungs.red"] == change["proposed_orders"] == n
    assert change["breaches"] == sum(len(case["breaches"]) for case in against(found, "strict.toml")["appear"])
    assert change["notices.clock_red"] == 2 * n, "the head and the clerk hear of each"
    assert change["on_time_rate"] == round(-n / len(MESSAGES), 4)
    assert {"cases", "closed", "violations", "breaches.acknowledge", "notices.fed_back"}.isdisjoint(change)


def test_each_policy_shows_what_it_shows_alone(folder: Path, tmp_path: Path, compared: tuple[dict[str, Any], str]) -> None:
    alone = {"strict.toml": ("--policy", folder / "strict.toml"), "seeded": ()}
    for name, options in alone.items():
        assert by_name(compared[0])[name]["results"] == answer(tmp_path, folder / "messages.csv", *options)


def test_load_equals_a_count_day_by_day(folder: Path, compared: tuple[dict[str, Any], str]) -> None:
    expected = {each["results"]["fired"]["red"]: each["load"] for each in compared[0]["policies"]}
    files = list((folder / "home" / "replay").glob("*/replay.db"))
    assert len(files) == len(expected) == 3
    for file in files:
        engine = create_engine(f"sqlite:///{file}")
        with engine.connect() as connection:
            load = expected[fired_red(connection)]
            counted = naive_load(connection, load)
        engine.dispose()
        assert load["by_unit"] == {unit: amounts for unit, amounts in counted.items() if unit != "*"}
        assert load["together"] == counted["*"]


def fired_red(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT count(*) FROM rung_firing WHERE rung = 'red'").scalar_one())


def naive_load(connection: Connection, load: Mapping[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """Look at each day, each unit and each clock or message in turn; "*" is all units together."""
    units: dict[int, str] = {u.id: u.code for u in connection.execute(select(_unit))}
    staff = {s.id: units[s.unit_id] for s in connection.execute(select(_staff.c.id, _staff.c.unit_id))}
    taken = [m for m in connection.execute(select(_message)) if m.state in ("accepted", "delivered")]
    sent = [(staff[m.staff_id], local_day(m.sent_at)) for m in taken if m.staff_id]
    clocks = [c for c in connection.execute(select(_clock)) if c.unit_id is not None and c.supervision_seq is None]
    first = datetime.fromisoformat(load["first"])
    days = [f"{first + timedelta(days=i):%Y-%m-%d}" for i in range(load["days"])]
    counts: dict[str, Counter[tuple[str, str]]] = {"messages": Counter(), "open_orders": Counter(), "due": Counter()}
    for day in days:
        for unit in [u for u, at in sent if at == day]:
            counts["messages"][unit, day] += 1
        for c in clocks:
            open_that_day = local_day(c.started_at) <= day and (c.stopped_at is None or local_day(c.stopped_at) >= day)
            counts["open_orders"][units[c.unit_id], day] += c.kind == "handle" and open_that_day
            counts["due"][units[c.unit_id], day] += local_day(c.due_at) == day and open_that_day
    concerned = {unit for count in counts.values() for (unit, _), n in count.items() if n}
    return {
        unit: {name: naive_amount([sum(count[u, day] for u in which) for day in days], days) for name, count in counts.items()}
        for unit, which in {**{u: [u] for u in concerned}, "*": sorted(concerned)}.items()
    }


def naive_amount(by_day: list[int], days: list[str]) -> dict[str, Any]:
    most = max(by_day)
    on = next(day for day, n in zip(days, by_day, strict=True) if n == most) if most else None
    return {"mean": round(sum(by_day) / len(days), 3), "most": most, "on": on}


def local_day(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d}"


def test_people_see_the_policies_in_columns_and_the_cases_by_name(folder: Path, compared: tuple[dict[str, Any], str]) -> None:
    _, shown = compared
    for expected in (
        "loose.toml",
        "strict.toml",
        "seeded",
        "超时 · 处置",
        "档 · 红灯",
        "通知 · 红灯",
        "消息 · 短信",
        "编号 Q3（BH-20260302-0005）",
    ):
        assert expected in shown
    english = bihuan(folder / "en", "replay", folder / "messages.csv", "--policy", "seeded", "--policy", folder / "strict.toml", lang="en")
    assert "Broken under strict.toml and not under seeded: 2 limits in 2 cases" in english.stdout
    assert "id Q4 (BH-20260302-0006)" in english.stdout


def test_the_same_policy_twice_makes_no_difference(folder: Path, tmp_path: Path) -> None:
    twice = ("--policy", folder / "strict.toml") * 2
    found = answer(tmp_path, folder / "messages.csv", *twice, "--keep")
    first, second = found["policies"]
    assert [first.pop("name"), second.pop("name")] == ["strict.toml", "strict.toml #2"]
    assert first == second
    assert found["difference"] == {
        "base": "strict.toml",
        "against": [{"name": "strict.toml #2", "figures": {}, "appear": [], "vanish": []}],
    }
    assert len(list((tmp_path / "replay").glob("*/replay.db"))) == 2, "each has a database of its own"


def test_killed_under_the_second_policy_it_is_taken_up_there(
    folder: Path, policies: tuple[object, ...], compared: tuple[dict[str, Any], str], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "cli", "replay", str(folder / "messages.csv"), *map(str, policies)]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "BIHUAN_DATA_DIR": str(tmp_path)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and sum(map(bool, handed_in(tmp_path))) < 2:
        pause(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert sorted(map(bool, handed_in(tmp_path))) == [False, True, True], "one is finished, one begun, one prepared"
    assert answer(tmp_path, folder / "messages.csv", *policies) == compared[0]
    assert not list((tmp_path / "replay").iterdir())


def handed_in(home: Path) -> list[int]:
    """How many cases each replay has so far."""
    found = []
    for file in (home / "replay").glob("*/replay.db"):
        engine = create_engine(f"sqlite:///{file}")
        try:
            with engine.connect() as connection:
                found.append(connection.execute(select(func.count()).select_from(_case)).scalar_one())
        except OperationalError:
            found.append(0)  # its tables are being made
        finally:
            engine.dispose()
    return found


def test_policies_are_told_apart(tmp_path: Path) -> None:
    assert list(named(["a.toml", "seeded"])) == ["a.toml", "seeded"]
    assert list(named(["x/a.toml", "y/a.toml"])) == ["x/a.toml", "y/a.toml"]
    assert list(named(["x/a.toml", "x/a.toml", "y/b.toml"])) == ["a.toml", "a.toml #2", "b.toml"]
    assert list(named(["a.toml", "a.toml #2", "a.toml"])) == ["a.toml", "a.toml #2", "a.toml #3"]
    assert named(["./seeded", "seeded"]) == {"./seeded": Path("seeded"), "seeded": None}


def test_one_policy_that_cannot_be_used_stops_all_before_the_first_begins(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text('version = 1\neffective_from = 2000-01-01\nnote = ""\n[urgency.P0]\nlimits = { handle = "soon" }\n', encoding="utf-8")
    for bad in (broken, tmp_path / "nowhere.toml"):
        done = bihuan(tmp_path, "replay", folder / "messages.csv", "--policy", folder / "loose.toml", "--policy", bad)
        assert done.returncode == 1
        assert bad.name in done.stderr
        assert "Traceback" not in done.stderr
        assert not list((tmp_path / "replay").glob("*"))


def test_without_a_message_there_is_nothing_to_compare(folder: Path, tmp_path: Path) -> None:
    two = ("--policy", "seeded", "--policy", folder / "strict.toml")
    early = bihuan(tmp_path, "replay", folder / "messages.csv", *two, "--until", "2026-03-01")
    assert early.returncode == 1
    assert "2026-03-01" in early.stderr
    empty = tmp_path / "empty.csv"
    empty.write_text(
        "id,user,subject,submitted_at,body,reply,replied_at\nA,u,s,2026-03-02 09:00:00,,r,2026-03-03 09:00:00\n", encoding="utf-8"
    )
    none = bihuan(tmp_path, "replay", empty, *two)
    assert none.returncode == 1
    assert "第 2 行" in none.stderr
    assert "empty.csv" in none.stderr


def test_stopped_half_way_an_open_limit_that_has_passed_is_a_breach(folder: Path, tmp_path: Path) -> None:
    two = ("--policy", folder / "loose.toml", "--policy", folder / "strict.toml")
    found = answer(tmp_path, folder / "messages.csv", *two, "--until", "2026-03-04T18:00")
    assert handled_late(against(found, "strict.toml")["appear"]) == ["Q3", "Q4", "Q5", "Q6", "Q7"], "due on Wednesday or before"
    assert by_name(found)["loose.toml"]["figures"].get("breaches.handle", 0) == 0, "due next week"
