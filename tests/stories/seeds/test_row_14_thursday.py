"""居民说事池与每周四居民议事会 (row 14): 190 visits and more, 20 matters solved and more; the next meeting comes by itself."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from models import Affair, table
from rules.facts import Refused
from services.affairs import find
from services.affairs.voices import Voice
from services.deliberation import Cadence, Founded, Matter, file_matter, found, register, series_figures
from services.moves import Setting
from tests.support.beside import does, seen
from tests.support.sound import complaints
from tests.support.town import Town

KINDS = ("environment", "facilities", "neighbours", "property", "safety", "livelihood", "proposal")
VISITOR = "10000000041"


def founds(town: Town, user: str, title: str, cadence: Cadence, **more: object) -> Founded:
    with town.context.database.unit_of_work() as session:
        return found(session, title, str(more.pop("form", "council")), cadence, town.actor(user), Setting(town.now), **more)  # type: ignore[arg-type]


def registers(town: Town, no: str, *matters: Matter) -> list[int]:
    with town.context.database.unit_of_work() as session:
        return register(session, no, matters, town.actor("chenguang.clerk"), Setting(town.now))


def meetings(town: Town, series: Founded) -> list[str]:
    """When the meetings of a series take place, in local time, oldest first."""
    affair, zone = table(Affair), timezone(timedelta(hours=8))
    with town.context.database.unit_of_work() as session:
        ref = find(session, series.no)
    rows = town.rows(select(affair.c.at).where(affair.c.parent_case_id == ref.case_id, affair.c.parent_seq == ref.seq))
    return [f"{at:%m-%d %a %H:%M}" for at in sorted(row.at.astimezone(zone) for row in rows)]


def test_thursday_after_thursday_and_everybody_who_comes_in_between(town: Town) -> None:
    voices = [Voice(unit="chenguang-estate", role="property"), Voice(phone=VISITOR, role="representative")]
    series = founds(town, "chenguang.clerk", "每周四居民议事会", Cadence((3,), "19:30"), voices=voices, place="社区议事厅")
    assert meetings(town, series) == ["11-26 Thu 19:30"], "the first one is called at once"
    town.turn()
    assert any("11-26 19:30" in text for text in town.heard(f"resident:{VISITOR}"))
    brought = [Matter(KINDS[i % 7], f"说事第{i + 1}件", people=2 if i < 12 else 1, solved="当场答复" if i < 18 else "") for i in range(184)]
    numbers = registers(town, series.no, *brought)
    (asked,) = registers(town, series.no, Matter("facilities", "三号楼下水道堵塞，污水外溢", phone=VISITOR))
    with pytest.raises(Refused, match="unknown_matter"):
        registers(town, series.no, Matter("politics", "别的"))
    for part in numbers[18:22]:
        does(town, series.no, "solve_matter", "chenguang.clerk", part, result="两天内办好")
    for part in numbers[22:24]:
        does(town, series.no, "put_on_agenda", "chenguang.clerk", part)
    with town.context.database.unit_of_work() as session:
        case_no = file_matter(session, series.no, asked, town.actor("chenguang.clerk"), Setting(town.now))
    town.fast_forward(until=datetime(2026, 12, 17, 12, tzinfo=UTC))
    assert meetings(town, series) == [f"{day} Thu 19:30" for day in ("11-26", "12-03", "12-10", "12-17", "12-24")]
    town.turn()
    town.turn()
    assert len(meetings(town, series)) == 5, "looked at again it calls no second one"
    first = seen(town, series.first_no)
    does(town, series.first_no, "hold_meeting", "chenguang.clerk", minutes="议了两件事", present=[p["no"] for p in first.parts])
    does(town, series.first_no, "end_meeting", "chenguang.clerk", result="两件都定了办法")
    for part in numbers[22:24]:
        does(town, series.no, "solve_matter", "chenguang.clerk", part, result="议事会定了办法")
    with town.context.database.unit_of_work() as session:
        figures = series_figures(session, series.no)
    assert (figures.visits, figures.matters, figures.solved, figures.filed, figures.agenda) == (197, 185, 24, 1, 0)
    assert figures.visits >= 190
    assert figures.solved >= 20
    assert (figures.meetings, figures.held, sum(figures.by_kind.values()), set(figures.by_kind)) == (5, 1, 185, set(KINDS))
    filed = next(p for p in seen(town, series.no).parts if p["no"] == asked)
    walked_in = town.case(filed["other_case_id"])
    assert (walked_in.no, walked_in.source, walked_in.entered_by) == (case_no, "walk_in", "chenguang.clerk")
    assert any("立件" in text for text in town.heard(f"resident:{VISITOR}"))
    does(town, series.no, "stop_series", "chenguang.clerk", reason="换届后另设")
    assert seen(town, series.no).clocks == []
    assert complaints(town.context.database, town.now) == []


def test_an_engine_that_was_away_calls_one_meeting_not_three(town: Town) -> None:
    series = founds(town, "chenguang.clerk", "每周四居民议事会", Cadence((3,), "19:30"))
    town.now = datetime(2026, 12, 13, 2, tzinfo=UTC)  # three Thursdays later, nobody was at work
    town.turn()
    town.turn()
    assert meetings(town, series) == ["11-26 Thu 19:30", "12-17 Thu 19:30"]
    with pytest.raises(Refused, match="series_never_meets"):
        founds(town, "chenguang.clerk", "不开的会", Cadence((3,), "19:30", until="2026-12-14T00:00+08:00"))
    with pytest.raises(Refused, match="time_unreadable"):
        founds(town, "chenguang.clerk", "几点", Cadence((3,), "晚上"))
    with pytest.raises(Refused, match="weekday_unreadable"):
        founds(town, "chenguang.clerk", "星期几", Cadence((7,), "19:30"))
