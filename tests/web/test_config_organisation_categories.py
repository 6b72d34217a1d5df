"""Categories as they are given, and the words of triage as they are edited and tried on a page."""

import re

from fastapi import FastAPI
from sqlalchemy import select

from models import AdminEntry, table
from services.triage.rules_editing import RuleRow, listed
from tests.support.town import Town
from tests.support.website import visit

PATH = "/config/rules"
_entry = table(AdminEntry)


def of(town: Town, target: str) -> list[RuleRow]:
    with town.context.database.unit_of_work() as session:
        return [row for row in listed(session) if row.target == target]


def test_categories_show_limits_leads_and_what_they_rest_on(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    admin = visit(sqlite_app, "admin")
    page = admin.get("/config/categories").text
    row = page.partition('id="D01"')[2].partition("</tr>")[0]
    assert all(
        word in row for word in ("违法建设", "城管执法", "责令停工", "20个工作日", "依据 </span>有出处", "处理前的照片、处理后的照片")
    )
    assert "40类的时限还是建议值" in page
    found = admin.get("/config/categories?q=燃气").text
    assert ("A08" in found, "A03" in found, "找到1类" in found) == (True, False, True)
    english = visit(sqlite_app, "chenghu.leader", "en").get("/config/categories").text.partition("<main")[2]
    assert not re.search(r"[\u4e00-\u9fff]", english)
    assert visit(sqlite_app, "water.clerk").get("/config/categories").status_code == 403


def test_words_are_tried_added_changed_and_dropped(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    duty = visit(sqlite_app, "centre.duty")
    text = "小区里的秋千架摇摇晃晃，孩子不敢玩"
    tried = duty.send_form(PATH, do="try", text=text)
    assert (tried.status_code, text in tried.text, "认不准，留给人研判" in tried.text) == (200, True, True)
    new = {"do": "add", "target": "A06", "words": "秋千架，跷跷板", "excludes": "出售"}
    refused = duty.send_form(PATH, **(new | {"words": "秋"}))
    assert (refused.status_code, ">秋</textarea>" in refused.text, 'value="A06" selected' in refused.text) == (409, True, True)
    answer = duty.send_form(PATH, **new)
    made = of(sqlite_town, "A06")[-1]
    assert (made.words, made.excludes) == (("秋千架", "跷跷板"), ("出售",))
    assert answer.headers["location"] == f"{PATH}?done=add&target=A06#{made.no}"
    tried = duty.send_form(PATH, do="try", text=text).text.partition("凭这些字")[2]
    assert "秋千架" in tried
    assert "A06 便民设施" in tried
    page = duty.get(f"{PATH}?target=A06&edit={made.no}").text
    assert f'name="no" value="{made.no}"' in page
    assert ">秋千架 跷跷板</textarea>" in page
    assert duty.send_form(PATH, do="change", no=made.no, target="A06", words="秋千架", needs="", excludes="").status_code == 303
    assert (of(sqlite_town, "A06")[-1].words, of(sqlite_town, "A06")[-1].excludes) == (("秋千架",), ())
    wrong = duty.send_form(PATH, do="change", no=made.no, target="A06", words="x", needs="滑梯")
    assert (wrong.status_code, ">滑梯</textarea>" in wrong.text, f'name="no" value="{made.no}"' in wrong.text) == (409, True, True)
    assert duty.send_form(PATH, do="drop", no=made.no, target="A06").status_code == 303
    assert made.no not in {row.no for row in of(sqlite_town, "A06")}
    kept = sqlite_town.rows(select(_entry.c.action, _entry.c.actor).where(_entry.c.subject == made.no).order_by(_entry.c.id))
    assert [tuple(row) for row in kept] == [(f"rule_{what}", "centre.duty") for what in ("added", "changed", "dropped")]
    leader = visit(sqlite_app, "chenghu.leader", "en")
    page = leader.get(f"{PATH}?target=P0").text
    assert ("Urgency: emergency" in page, 'id="write"' in page, leader.send_form(PATH, **new).status_code) == (True, False, 409)
    seeded = next(row for row in of(sqlite_town, "A01") if any(len(word) == 1 for word in row.needs))
    short = {"no": seeded.no, "target": "A01", "words": " ".join(seeded.words), "needs": " ".join((*seeded.needs, "外冒"))}
    assert duty.send_form(PATH, do="change", **short, excludes="").status_code == 303  # short words that it had may stay
    every = duty.get(PATH).text
    assert ('href="/config/rules?target=A01"' in every, "下水道堵" in every) == (True, False)
    assert "没有这样的用语" in duty.get(f"{PATH}?q=飞船").text
