"""What was tampered with is found, and who is told what."""

import json
import re
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import update

from models import Case, Clock, Journal, table
from rules.facts import Refused
from rules.worktime import Window
from services.audit import check_journal
from services.calendars import add_calendar, change_calendars, set_hours, use
from services.why import Which, as_json, for_public, lines
from tests.support.explaining import LIGHT, agreed, at_work_on, change, give, hold_over_the_holiday, local, move_due, why
from tests.support.town import Town
from tests.support.website import BEARER, app_on
from wording import LANGUAGES, sentences

_case = table(Case)
_journal = table(Journal)
_clock = table(Clock)


# what was tampered with ------------------------------------------------------------------------------------------------


def test_a_due_moment_moved_by_a_minute_disagrees_for_every_clock(lit: tuple[Town, int]) -> None:
    town, case = lit
    for clock in town.clocks(case):
        move_due(town, clock.id)
    for each in why(town, case):
        assert (each.agrees, each.problem, each.off_by_s) == (False, "differs", 60)
        assert lines(each, "zh")[-1].startswith("✗")
        assert "later by 1 min" in lines(each, "en")[-1]


def test_a_start_that_was_moved_has_no_entry_in_the_journal(lit: tuple[Town, int]) -> None:
    town, case = lit
    clock = next(c for c in town.clocks(case) if c.kind == "handle")
    change(town, _clock, clock.id, started_at=clock.started_at + timedelta(minutes=1))
    moved = why(town, case, Which(clock_id=clock.id))[0]
    assert (moved.agrees, moved.problem, moved.start) == (False, "no_start", None)
    assert lines(moved, "zh")[-1].startswith("✗")


def test_derived_columns_are_not_looked_at(lit: tuple[Town, int]) -> None:
    town, case = lit
    wrong = {"budget_s": 1, "consumed_s": 7, "limit": "9wd", "source_row": 99, "bound_by": "note", "round": 4}
    for clock in town.clocks(case):
        change(town, _clock, clock.id, **wrong)
    agreed(town, case)


def test_a_journal_that_was_changed_is_found_by_the_doctor(town: Town) -> None:
    case = hold_over_the_holiday(town)
    entry = next(e for e in town.journal(case) if e.action == "resume")
    with town.context.database.unit_of_work() as session:
        where = (_journal.c.case_id == case, _journal.c.seq == entry.seq)
        session.connection().execute(update(_journal).where(*where).values(at=entry.at + timedelta(hours=1)))
        assert [finding.code for finding in check_journal(session, [case])] == ["journal_broken"]
    assert why(town, case, Which("handle", 1))[0].agrees is False


# who is told -----------------------------------------------------------------------------------------------------------


def test_the_public_reads_neither_names_nor_what_people_wrote(sqlite_town: Town) -> None:
    case = hold_over_the_holiday(sqlite_town)
    found = why(sqlite_town, case, Which("handle", 1))[0]
    inside, public = (json.dumps(as_json([each]), ensure_ascii=False) + "".join(lines(each, "zh")) for each in (found, for_public(found)))
    assert "centre.duty" in inside
    assert "等电缆" in inside
    assert "centre.duty" not in public
    assert "等电缆" not in public
    assert "挂账" in public


def test_a_program_gets_the_same_over_the_web(sqlite_town: Town, tmp_path: Any, encryption_key: bytes) -> None:
    case = hold_over_the_holiday(sqlite_town)
    app: FastAPI = app_on(sqlite_town.context.database, tmp_path, encryption_key)
    no = sqlite_town.case(case).no
    with TestClient(app, headers=BEARER) as client:
        clocks = client.get(f"/api/cases/{no}/why?lang=en").json()["clocks"]
        assert client.get("/api/cases/BH-20200101-0001/why").status_code == 404
    with TestClient(app) as stranger:
        assert stranger.get(f"/api/cases/{no}/why").status_code == 401
    handle = next(c for c in clocks if (c["kind"], c["order_no"]) == ("handle", 1))
    assert (handle["agrees"], handle["due_at"], handle["lines"][-1]) == (True, "2026-10-10T04:00:00+00:00", "→ due 2026-10-10 12:00")
    assert "centre.duty" not in json.dumps(clocks, ensure_ascii=False)


def test_a_kind_that_does_not_exist_is_refused(sqlite_town: Town) -> None:
    case = sqlite_town.reports(LIGHT)
    with pytest.raises(Refused, match="unknown_clock"):
        why(sqlite_town, case, Which("handling"))


@pytest.mark.parametrize(
    ("moments", "told"),
    [
        (("2026-11-20T10:42", "22wd"), "11-23 至 12-21 21个工作日：136小时30分（其间周末 8 天不计）"),
        (("2026-11-20T18:00", "6wd"), "11-20 周五 已无工作时间"),
        (("2026-11-25T10:42", "5wd"), "11-26 至 12-01 4个工作日：26小时（周末 11-28、11-29 不计）"),
        (
            ("2026-12-31T10:42", "2wd"),
            "不计 元旦（2027-01-01）、周末（2027-01-02、2027-01-03），依据：全国年节及纪念日放假办法（暂定，尚无正式通知）",
        ),
    ],
)
def test_days_in_a_row_are_one_line(sqlite_town: Town, moments: tuple[str, str], told: str) -> None:
    town = sqlite_town
    town.now, limit = local(moments[0]), moments[1]
    give(town, ({"handle": limit}, {"source": "resident"}))
    case = at_work_on(town, LIGHT)
    assert told in lines(agreed(town, case)["handle", 1], "zh")


def test_rungs_in_a_year_without_a_notice_say_so_and_a_day_ends_at_24(sqlite_town: Town) -> None:
    town = sqlite_town
    town.now = local("2026-12-29T10:42")
    always = Window(time(0, 0), time(0, 0))
    for edit in (
        add_calendar("round", "全天", "Round the clock", "cn", "unit"),
        set_hours("round", always, [always]),
        use("municipal", "round"),
    ):
        with town.context.database.unit_of_work() as session:
            change_calendars(session, edit, "admin", town.now)
    case = at_work_on(town, LIGHT)
    found = agreed(town, case)["handle", 1]
    assert {r.provisional for r in found.rungs if r.at > local("2027-01-01T00:00")} == {True}
    assert {r.provisional for r in found.rungs if r.at <= local("2027-01-01T00:00")} == {False}
    told = "\n".join(lines(found, "zh"))
    assert "10:42–24:00" in told
    assert "–00:00" not in told
    assert "（暂定，尚无正式通知）；" in told


def test_every_sentence_of_an_explanation_is_worded_and_every_word_is_used() -> None:
    folder = Path(__file__).parents[2] / "services" / "why"
    text = "".join((folder / name).read_text(encoding="utf-8") for name in ("telling.py", "words.py"))
    anew = {f"anew_{why}" for why in ("calendar", "policy", "merged", "split")}
    said = set(re.findall(r'"([a-z_]+)"', text)) | anew | {"how_half", "how_rework", "no_start", "no_limit"}
    for lang in LANGUAGES:
        words = sentences(lang)["why"]
        assert set(re.findall(r'sentence\("([a-z_]+)"', text)) <= set(words)
        assert set(words) <= said | {"none"}
