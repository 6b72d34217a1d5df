"""A category is retired and restored: nothing new is filed under it, what has it keeps it."""

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from models import AdminEntry, table
from rules.facts import Refused
from services.categories import Written, add, change, restore, retire, written
from services.category_uses import uses
from services.triage import rules_editing
from services.triage.rules_editing import Words
from tests.support.town import Town
from tests.support.website import visit

PATH = "/config/categories"
UMBRELLA = Written("H01", "共享雨伞", "Shared umbrellas", "component", "P3", "MUNICIPAL", ("PROPERTY",), closing=("photo_after",))
TOLD = ("共享雨伞架倒了", "门口的共享雨伞架倒了，雨伞撒了一地")
_entry = table(AdminEntry)


def made(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        add(session, UMBRELLA, "admin", town.now)
        rules_editing.add(session, "H01", Words(("共享雨伞", "雨伞架")), "admin", town.now)


def acts(town: Town) -> list[tuple[str, str, str]]:
    rows = town.rows(select(_entry).where(_entry.c.action.startswith("category_")).order_by(_entry.c.id))
    return [(row.action, row.actor, row.subject) for row in rows]


def test_a_retired_category_takes_no_new_case_and_loses_none(town: Town) -> None:
    made(town)
    old = town.reports(*TOLD)
    town.turn()
    assert town.case(old).category == "H01"
    with town.context.database.unit_of_work() as session:
        assert retire(session, "H01", "并入市政设施", "admin", town.now)
        assert not retire(session, "H01", "再来一次", "centre.head", town.now)
    assert acts(town) == [("category_added", "admin", "H01"), ("category_retired", "admin", "H01")]

    new = town.reports(*TOLD, phone="10000000002")
    town.turn()
    assert (town.case(new).category, town.case(new).state) == (None, "accepted")
    with pytest.raises(Refused, match="category_retired"):
        town.act(new, "file", "centre.duty", category="H01", urgency="P3")
    with town.context.database.unit_of_work() as session:
        found = uses(session, "H01", town.now)
        with pytest.raises(Refused, match="category_retired"):
            rules_editing.add(session, "H01", Words(("雨伞桩",)), "admin", town.now)
    assert found.retired is not None
    assert (found.cases, len(found.rules), found.retired.by, found.retired.reason) == (1, 1, "admin", "并入市政设施")
    assert town.case(old).category == "H01"

    with town.context.database.unit_of_work() as session:
        assert restore(session, "H01", "admin", town.now)
        assert uses(session, "H01", town.now).retired is None
    town.act(new, "file", "centre.duty", category="H01", urgency="P3")
    assert town.case(new).category == "H01"


def test_nobody_else_and_nothing_half(town: Town) -> None:
    made(town)
    wrong = [
        ("not_your_categories", lambda session: retire(session, "H01", "不再使用", "water.clerk", town.now)),
        ("not_your_categories", lambda session: restore(session, "H01", "centre.duty", town.now)),
        ("unknown_category", lambda session: retire(session, "Z99", "不再使用", "admin", town.now)),
        ("category_reason_unclear", lambda session: retire(session, "H01", " ", "admin", town.now)),
        ("category_exists", lambda session: add(session, UMBRELLA, "admin", town.now)),
    ]
    for code, deed in wrong:
        with pytest.raises(Refused, match=code), town.context.database.unit_of_work() as session:
            deed(session)
    assert acts(town) == [("category_added", "admin", "H01")]
    with town.context.database.unit_of_work() as session:
        assert change(session, written(session, "H01"), "admin", town.now) == UMBRELLA


def test_the_page_says_what_applies_and_retires(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    made(sqlite_town)
    case = sqlite_town.reports(*TOLD)
    sqlite_town.turn()
    admin, no = visit(sqlite_app, "admin"), sqlite_town.case(case).no
    page = admin.get(f"{PATH}/H01").text
    assert ("（默认）" in page, "没有单独的行：派给当地的" in page, "雨伞架" in page) == (True, True, True)
    assert "H01 共享雨伞" in visit(sqlite_app, "centre.duty").get("/triage").text + admin.get("/config/rules").text
    refused = admin.send_form(f"{PATH}/H01", do="retire", reason="无")
    assert (refused.status_code, "请写明为什么停用" in refused.text, 'value="无"' in refused.text) == (409, True, True)
    gone = admin.send_form(f"{PATH}/H01", do="retire", reason="没有这种设施了")
    assert gone.headers["location"] == f"{PATH}/H01?done=retire"
    page = admin.get(gone.headers["location"]).text
    assert ("没有这种设施了" in page, "恢复这个类别" in page, "停用这个类别" in page) == (True, True, False)
    assert "停用的类别" in admin.get(PATH).text
    assert '<option value="H01">H01' not in admin.get("/config/rules").text.partition('id="r-target"')[2]
    assert "共享雨伞" in admin.get(f"/cases/{no}").text
    assert visit(sqlite_app, "centre.duty").send_form(f"{PATH}/H01", do="restore").status_code == 409
    assert admin.send_form(f"{PATH}/Z99", do="retire", reason="没有这种设施了").status_code == 404
    assert admin.send_form(f"{PATH}/H01", do="restore").status_code == 303
    assert [action for action, _, _ in acts(sqlite_town)] == ["category_added", "category_retired", "category_restored"]
