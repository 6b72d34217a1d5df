"""Lists of campaigns as people bring them, and lines that become cases."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from models import AffairPart, Case, table
from rules.facts import Refused
from services.campaigns import (
    Action,
    Campaign,
    Subsidy,
    add_tasks,
    done_of,
    done_of_table,
    lines_of,
    move,
    open_campaign,
    open_case,
    progress,
    record,
    target_of,
)
from services.catalogue import catalogue
from services.moves import Setting
from services.sheets import workbook
from tests.support.beside import does, seen
from tests.support.sound import complaints
from tests.support.town import Town

HEAD = "名称,单位,协办单位,数量,计量单位,完成期限,方案,类别,权重"


def test_a_list_is_read_by_names_and_codes_and_a_wrong_cell_is_named(sqlite_town: Town, tmp_path: Path) -> None:
    town, file = sqlite_town, tmp_path / "list.csv"
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        good = "点位一,区城管执法局,water、telecom,30,m²,2026-12-31,一户一策：自行拆除,D01,2"
        file.write_text(f"{HEAD}\n{good}\n", encoding="utf-8")
        (line,) = lines_of(file, known)
        assert line == {
            "title": "点位一",
            "target": "2026-12-31T23:59:00+08:00",
            "unit": town.unit_id("urban"),
            "with": [town.unit_id("water"), town.unit_id("telecom")],
            "quantity": 30,
            "measure": "m²",
            "plan": "一户一策：自行拆除",
            "category": "D01",
            "weight": 2,
        }
        book = tmp_path / "list.xlsx"
        book.write_bytes(workbook({"清单": [HEAD.split(","), good.split(",")]}))
        assert lines_of(book, known) == [line], "a spreadsheet says the same"
        for column, value in (
            ("单位", "某局"),
            ("协办单位", "water、某局"),
            ("数量", "0"),
            ("完成期限", "明天"),
            ("类别", "Z99"),
            ("名称", ""),
        ):
            at = HEAD.split(",").index(column)
            cells = good.split(",")
            cells[at] = value
            file.write_text(f"{HEAD}\n{good}\n{','.join(cells)}\n", encoding="utf-8")
            with pytest.raises(Refused, match="list_row_wrong") as refused:
                lines_of(file, known)
            assert refused.value.details["line"] == 3, column
        zone = known.zone
    assert [target_of(text, zone) for text in ("", "60wd", "2026-12-31")] == [None, "60wd", "2026-12-31T23:59:00+08:00"]
    assert done_of("12=30").no == 12
    file.write_text("序号,完成数,整治后\n1,30,已清\n2,x,\n", encoding="utf-8")
    with pytest.raises(Refused, match="list_row_wrong"):
        done_of_table(file)


def test_a_line_becomes_a_case_and_the_target_is_watched(sqlite_town: Town) -> None:
    town = sqlite_town
    with town.context.database.unit_of_work() as session:
        actor, setting = town.actor("hubin.clerk"), Setting(town.now)
        bad = Campaign("奖补", subsidy=Subsidy(100, 50))
        for refusal, attempt in (
            ("subsidy_wrong", lambda: open_campaign(session, bad, actor, setting)),
            ("unknown_template", lambda: open_campaign(session, Campaign("x", template="gone"), actor, setting)),
            (
                "unknown_plan_action",
                lambda: open_campaign(session, Campaign("x", template="remake", actions={"gone": Action("urban")}), actor, setting),
            ),
            ("limit_unreadable", lambda: open_campaign(session, Campaign("x", target="soon", area="hubin"), actor, setting)),
            ("not_yours", lambda: open_campaign(session, Campaign("x", area="hubin"), town.actor("water.clerk"), setting)),
        ):
            with pytest.raises(Refused, match=refusal):
                attempt()
        session.rollback()
    with town.context.database.unit_of_work() as session:
        no = open_campaign(session, Campaign("背街小巷整治", area="hubin", target="48h"), actor, setting).no
        row = {"title": "巷口积水", "unit": town.unit_id("water"), "quantity": 2, "measure": "处", "weight": 3, "place": "榕荫路18号"}
        add_tasks(session, no, [row, {"title": "宣传"}], actor, setting)
        with pytest.raises(Refused, match="wrong_state"):
            record(session, no, [done_of("1=1")], town.actor("water.clerk"), setting)
        move(session, no, "start_campaign", actor, setting)
        case = open_case(session, no, 1, actor, setting)
        with pytest.raises(Refused, match="task_has_case"):
            open_case(session, no, 1, actor, setting)
        with pytest.raises(Refused, match="no_such_task"):
            record(session, no, [done_of("9=1")], actor, setting)
        record(session, no, [done_of("1=1")], town.actor("water.clerk"), setting)
        assert progress(session, no, town.now).done_bp == 3750, "half of the line that weighs three of four"
    (found,) = town.rows(select(table(Case)).where(table(Case).c.no == case))
    (part,) = town.rows(select(table(AffairPart)).where(table(AffairPart).c.no == 1))
    assert (found.place, "背街小巷整治" in found.body, part.other_case_id) == ("榕荫路18号", True, found.id)
    town.fast_forward(hours=50)
    with town.context.database.unit_of_work() as session:
        assert progress(session, no, town.now).late == 1
    assert any(no in text for text in town.heard("hubin.head")), "that its time is up is heard"
    does(town, no, "set_target", "hubin.clerk", target=(town.now + timedelta(days=9)).isoformat(), reason="连日大雨")
    with town.context.database.unit_of_work() as session:
        assert progress(session, no, town.now).late == 0
    does(town, no, "cancel_campaign", "hubin.clerk", reason="并入另一个专项")
    assert (seen(town, no).affair["state"], seen(town, no).clocks) == ("cancelled", [])
    assert complaints(town.context.database, town.now) == []
