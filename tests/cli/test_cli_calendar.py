"""`bihuan calendar`: a month in words, notices, stoppages; what would end earlier is listed and has to be confirmed."""

from pathlib import Path
from typing import Any

import pytest

from models import Clock, table

PARKING = "小区停车位不够，想增加停车位"
BY = ("--by", "admin")
#: Every public holiday of 2027 as the law has it.
LAW = ("01-01", "02-05", "02-08", "02-09", "02-10", "04-05", "05-03", "05-04", "06-09", "09-15", "10-01", "10-04", "10-05")
NOTICE = "日期,上班,名称\n" + "".join(f"2027-{day},0,节日\n" for day in LAW) + "2027-02-27,1,调休上班\n"


@pytest.fixture
def dispatched(bihuan: Any) -> str:
    no: str = bihuan.submits(PARKING)
    bihuan.engine_turns(no)
    return no


def working_day_ahead(bihuan: Any, no: str) -> str:
    """A working day between now and the handling limit of a case."""
    clock = next(c for c in bihuan("case", "show", no, "--json").json["clocks"] if c["kind"] == "handle")
    first, last = clock["started_at"][:10], clock["due_at"][:10]
    months = {first[:7], last[:7]}
    days = [d for m in sorted(months) for d in bihuan("calendar", "show", "--month", m, "--json").json["days"]]
    return str(next(d["day"] for d in days if first < d["day"] < last and d["working"] and d["weekday"] == 3))


def test_a_month_is_a_grid_of_words(bihuan):
    shown = bihuan("calendar", "show", "--month", "2027-02")
    assert shown.code == 0
    assert all(word in shown.out for word in ("周一", "周日", "放假", "春节", "暂定", "08:30-12:00", "2027、2028"))
    assert "make-up" in bihuan("--lang", "en", "calendar", "show", "--month", "2026-10").out


def test_a_month_as_data(bihuan):
    told = bihuan("calendar", "show", "--month", "2026-10", "--json").json
    days = {day["day"]: day for day in told["days"]}
    assert (told["code"], told["month"], len(days)) == ("cn", "2026-10", 31)
    assert [days[f"2026-10-{n:02d}"]["mark"] for n in (1, 8, 10, 11)] == ["holiday", "work", "make_up", "rest"]
    assert days["2026-10-08"]["hours"] == ["08:30-12:00", "14:30-17:30"]
    assert not days["2026-10-01"]["provisional"]


def test_the_calendars_are_listed(bihuan):
    added = bihuan("calendar", "add", "wharf", "--zh", "滨水片区", "--en", "Waterfront", *BY)
    assert all(word in added.out for word in ("wharf v1", "bihuan calendar use"))
    stop = ("calendar", "day", "2026-12-01", "--off", "--reason", "停工", "--calendar", "wharf", *BY)
    assert bihuan(*stop, "--json").json["versions"] == {"wharf": 2}
    assert "wharf v2" in bihuan("calendar", "use", "hubin", "wharf", "--with-below", "--as", "admin").out
    found = {c["code"]: c for c in bihuan("calendar", "list", "--json").json}
    assert (found["wharf"]["above"], found["wharf"]["layer"], found["cn"]["awaiting"]) == ("cn", "area", [2027, 2028])
    assert found["wharf"]["units"] > 10
    assert "滨水片区" in bihuan("calendar", "list").out


def test_a_stoppage_and_taking_it_back(bihuan, dispatched):
    day = working_day_ahead(bihuan, dispatched)
    stop = ("calendar", "day", day, "--off", "--reason", "台风停工", *BY)
    tried = bihuan(*stop, "--dry-run", "--json").json
    assert (tried["dry_run"], tried["shorter"], tried["versions"]) == (True, 0, {"cn": 2})
    assert tried["moved"] == len(tried["moves"]) > 0
    made = bihuan(*stop)
    assert made.code == 0
    assert dispatched in made.out
    assert "推后" in made.out
    assert bihuan(*stop).out.strip() == "没有变化：日历上本来就是这样。"
    taken_back = bihuan("calendar", "day", day, "--clear", *BY)
    assert taken_back.code == 1
    assert "提前" in taken_back.out
    assert "--confirm" in taken_back.err
    refused = bihuan("calendar", "day", day, "--clear", *BY, "--json")
    assert (refused.code, refused.json["changed"], refused.json["shorter"]) == (1, False, tried["moved"])
    confirmed = bihuan("calendar", "day", day, "--clear", *BY, "--confirm", "--json").json
    assert (confirmed["changed"], confirmed["versions"], confirmed["shorter"]) == (True, {"cn": 3}, tried["moved"])


def test_a_notice_is_tried_loaded_and_known(bihuan, tmp_path: Path):
    file = tmp_path / "notice.csv"
    file.write_bytes(NOTICE.encode("gb18030"))
    assert "没有写入" in bihuan("calendar", "load", file, "--dry-run", *BY).out
    assert bihuan("calendar", "list", "--json").json[0]["awaiting"] == [2027, 2028]
    loaded = bihuan("calendar", "load", file, "--source", "国办发明电", *BY, "--json").json
    assert (loaded["changed"], loaded["versions"]) == (True, {"cn": 2})
    assert bihuan("calendar", "list", "--json").json[0]["awaiting"] == [2028]
    assert not bihuan("calendar", "load", file, "--source", "国办发明电", *BY, "--json").json["changed"]


def test_a_notice_of_two_lines_publishes_no_year_in_silence(bihuan, tmp_path: Path):
    file = tmp_path / "notice.csv"
    file.write_text("日期,上班,名称\n2027-02-05,0,春节\n2027-02-27,1,调休上班\n", encoding="utf-8")
    refused = bihuan("calendar", "load", file, *BY)
    assert (refused.code, "国庆节" in refused.err, "--confirm" in refused.err) == (1, True, True)
    assert "国庆节" in bihuan("calendar", "load", file, *BY, "--dry-run").out
    assert bihuan("calendar", "list", "--json").json[0]["awaiting"] == [2027, 2028]
    assert bihuan("calendar", "load", file, *BY, "--confirm").code == 0


def test_whoever_changes_a_calendar_is_named_and_may(bihuan):
    stop = ("calendar", "day", "2026-12-01", "--off", "--reason", "停工")
    assert "--by" in bihuan(*stop).err
    refused = bihuan(*stop, "--by", "hubin.clerk")
    assert (refused.code, "管理员" in refused.err) == (1, True)
    assert bihuan("calendar", "list", "--json").json[0]["version"] == 1


def test_a_month_beyond_the_calendar_says_so(bihuan):
    assert "日历只到 2028-12-31" in bihuan("calendar", "show", "--month", "2031-05").out
    assert "日历只到" not in bihuan("calendar", "show", "--month", "2028-12").out


def test_a_bad_notice_is_refused_with_line_and_field(bihuan, tmp_path: Path):
    file = tmp_path / "notice.csv"
    file.write_text("date,working,name\n2027-02-05,0,春节\n2027-02-06,maybe,春节\n", encoding="utf-8")
    answer = bihuan("calendar", "load", file, *BY)
    assert (answer.code, answer.out) == (1, "")
    assert "第 3 行 working" in answer.err
    assert bihuan("calendar", "list", "--json").json[0]["version"] == 1


def test_hours_are_set_and_taken_back(bihuan):
    summer = ("calendar", "hours", "--first", "2027-06-01", "--last", "2027-09-30", *BY)
    assert bihuan(*summer, "08:00-12:00", "15:00-18:00").code == 0
    days = {d["day"]: d["hours"] for d in bihuan("calendar", "show", "--month", "2027-06", "--json").json["days"]}
    assert days["2027-06-01"] == ["08:00-12:00", "15:00-18:00"]
    august = bihuan("calendar", "hours", "--first", "2027-08-01", "--last", "2027-12-31", *BY, "08:00-11:00")
    assert "2027-08-01 至 2027-09-30" in august.out
    assert bihuan(*summer, "--clear", "--confirm").code == 0
    gap = bihuan("calendar", "hours", "--clear", "--confirm", *BY)
    assert (gap.code, "没有工作时间" in gap.err) == (1, True)
    assert bihuan("calendar", "hours", "--days", "every", "00:00-24:00", *BY, "--json").code == 1  # lies over the hours of working days


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("show", "--month", "2027-13"), "2027-02"),
        (("show", "--calendar", "nowhere"), "nowhere"),
        (("day", "2026-12-03", "--reason", "x"), "--on"),
        (("day", "2026-12-03", "--off"), "--reason"),
        (("day", "tomorrow", "--off", "--reason", "x"), "tomorrow"),
        (("day", "2026-12-03", "--off", "--reason", "x" * 61), "60"),
        (("day", "2026-12-03", "--off", "--reason", "x", "--by", "nobody"), "nobody"),
        (("hours",), "--clear"),
        (("hours", "8-12"), "8-12"),
        (("hours", "12:00-08:00"), "12:00-08:00"),
        (("hours", "08:00-12:00", "--days", "sunday"), "sunday"),
        (("hours", "08:00-12:00", "--first", "2027-02-01", "--last", "2027-01-01"), "2027-01-01"),
        (("load", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(bihuan, arguments, word):
    named = arguments[0] == "show" or "--by" in arguments
    answer = bihuan("calendar", *arguments, *(() if named else BY))
    assert answer.code == 1
    assert word in answer.err
    assert "Traceback" not in answer.err


def test_a_provisional_deadline_is_marked_in_the_list_and_on_the_case(bihuan, dispatched):
    for provisional in (True, False):
        with bihuan.database.unit_of_work() as session:
            session.connection().execute(table(Clock).update().values(provisional=provisional))
        assert ("暂定" in bihuan("case", "list").out) is provisional
        assert ("暂定" in bihuan("case", "show", dispatched).out) is provisional
        assert [line["provisional"] for line in bihuan("case", "list", "--json").json] == [provisional]
        assert {c["provisional"] for c in bihuan("case", "show", dispatched, "--json").json["clocks"]} == {provisional}


def test_the_doctor_says_from_when_the_calendar_is_provisional(bihuan, tmp_path: Path):
    def line() -> str:
        return next(str(c["text"]) for c in bihuan("doctor", "--json").json["checks"] if c["name"] == "calendar")

    assert "2027-01-01" in line()
    file = tmp_path / "notice.csv"
    file.write_text(NOTICE, encoding="utf-8")
    assert bihuan("calendar", "load", file, *BY).code == 0
    assert "2028-01-01" in line()
