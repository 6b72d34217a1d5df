"""一办六组、日碰头、周调度 (row 28): a task force meets every working day and dispatches every Monday until its end; decisions are work."""

from datetime import UTC, datetime

from services.affairs.voices import Voice
from services.deliberation import Agreement, Cadence, Term, agree
from services.moves import Setting
from services.units.task_forces import Force, set_up
from tests.stories.seeds.test_row_14_thursday import founds, meetings
from tests.support.beside import does, part_of, seen
from tests.support.sound import complaints
from tests.support.town import Town

#: 一办六组: the task force is the office; its six groups are units.
GROUPS = ("urban", "sanitation", "police", "market", "housing", "civil")
END = "2026-12-05T00:00+08:00"


def test_every_working_day_and_every_monday_until_the_task_force_ends(town: Town) -> None:
    force = Force("night", "夜市整治专班", "Night Market Task Force", "hubin", datetime.fromisoformat(END))
    with town.context.database.unit_of_work() as session:
        set_up(session, [force], "admin", town.now)
    voices = [Voice(unit=unit, role="group") for unit in GROUPS]
    every_day = Cadence((0, 1, 2, 3, 4), "17:00", workdays=True)
    daily = founds(town, "night.clerk", "专班日碰头", every_day, form="task_force", voices=voices)
    weekly = founds(town, "night.clerk", "专班周调度", Cadence((0,), "09:00"), form="task_force", voices=voices)
    assert {seen(town, series.no).affair["until"] for series in (daily, weekly)} == {force.until}, "its rounds end with it"
    first = seen(town, daily.first_no)
    assert sorted(town.unit_code(p["unit_id"]) for p in first.parts) == sorted(GROUPS)
    town.now = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    town.turn()
    does(town, daily.first_no, "hold_meeting", "night.clerk", minutes="两件事分下去", present=[p["no"] for p in first.parts])
    terms = [Term("清理夜市后巷", unit="sanitation", limit="2wd"), Term("约谈三家商户", unit="market", limit="3wd")]
    with town.context.database.unit_of_work() as session:
        done = agree(session, daily.first_no, Agreement("当日分工", terms=terms, sign=()), town.actor("night.clerk"), Setting(town.now))
    assert (done.ordered, done.waiting) == ([], {}), "it belongs to no case: the terms themselves are the work"
    held = seen(town, daily.first_no)
    assert held.affair["state"] == "agreed"
    assert sorted(c["limit"] for c in held.clocks) == ["2wd", "3wd"], "nobody need sign; the clocks run"
    town.turn()
    assert any(daily.first_no in text for text in town.heard("sanitation.clerk"))
    work = {town.unit_code(p["unit_id"]): p["no"] for p in held.parts if p["thing"] == "term"}
    does(town, daily.first_no, "fulfil_term", "sanitation.clerk", work["sanitation"], result="后巷清完，照片 3 张")
    town.fast_forward(until=datetime(2026, 11, 26, 2, tzinfo=UTC))
    assert any("履约" in text and "还没登记" in text for text in town.heard("market.clerk")), "the one who is late hears"
    does(town, daily.first_no, "fulfil_term", "market.clerk", work["market"], result="三家都谈过")
    assert seen(town, daily.first_no).affair["state"] == "fulfilled"
    town.fast_forward(until=datetime(2026, 12, 7, 2, tzinfo=UTC))
    days = [each[:5] for each in meetings(town, daily)]
    assert days == ["11-20", "11-23", "11-24", "11-25", "11-26", "11-27", "11-30", "12-01", "12-02", "12-03", "12-04"]
    assert [each[:9] for each in meetings(town, weekly)] == ["11-23 Mon", "11-30 Mon"]
    for series in (daily, weekly):
        over = seen(town, series.no)
        assert (over.affair["state"], over.clocks) == ("stopped", []), "with the task force its meetings end"
    assert part_of(town, daily.first_no, "urban") in [p["no"] for p in held.parts if p["state"] == "present"]
    assert complaints(town.context.database, town.now) == []
