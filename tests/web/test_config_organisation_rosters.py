"""Duty, absences and deputies on their page: entered by the person, the head of the house, an administrator; by nobody else."""

from datetime import UTC, datetime

from fastapi import FastAPI
from sqlalchemy import func, select

from models import AdminEntry, DutyRoster, table
from services.catalogue import catalogue
from services.duty import away
from services.people.on_duty import duties, plans_for
from tests.support.town import Town
from tests.support.website import NOW, visit

PATH = "/config/rosters"
_entry, _roster = table(AdminEntry), table(DutyRoster)


def absent(town: Town) -> list[tuple[str, datetime | None, str | None]]:
    with town.context.database.unit_of_work() as session:
        return [(each["user"], each["until"], each["deputy"]) for each in away(session, NOW)]


def test_absences_and_deputies(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    clerk, head = visit(sqlite_app, "water.clerk"), visit(sqlite_app, "water.head")
    assert "没有人登记外出" in clerk.get(PATH).text
    wrong = clerk.send_form(PATH, do="away", user="water.clerk", until="2026-11-01", reason="出差两天")
    assert (wrong.status_code, 'value="出差两天"' in wrong.text) == (409, True)
    own = {"do": "away", "user": "water.clerk", "until": "2026-11-23T08:30", "reason": "培训"}
    assert clerk.send_form(PATH, **own).headers["location"] == f"{PATH}?done=away"
    assert clerk.send_form(PATH, do="away", user="water.head").status_code == 409
    assert head.send_form(PATH, do="deputy", user="water.clerk", deputy="water.head").status_code == 303
    assert absent(sqlite_town) == [("water.clerk", datetime(2026, 11, 23, 0, 30, tzinfo=UTC), "water.head")]
    assert "外出中" in head.get(PATH).text
    foreign = visit(sqlite_app, "urban.head")
    assert ("培训" in foreign.get(PATH).text, "培训" in visit(sqlite_app, "admin", "en").get(PATH).text) == (False, True)
    refused = foreign.send_form(PATH, do="back", user="water.clerk")
    assert (refused.status_code, "不归您管" in refused.text) == (409, True)
    assert head.send_form(PATH, do="back", user="water.clerk").headers["location"] == f"{PATH}?done=back"
    assert absent(sqlite_town) == []
    kept = sqlite_town.rows(select(_entry.c.actor, _entry.c.action).where(_entry.c.subject == "water.clerk").order_by(_entry.c.id))
    told = [(row.actor, row.action) for row in kept if row.action.endswith("_entered")]
    assert told == [("water.clerk", "away_entered"), ("water.head", "deputy_entered"), ("water.head", "back_entered")]


def test_duty_is_entered_one_by_one_or_as_a_table(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    head = visit(sqlite_app, "water.head")
    one = {"do": "duty", "unit": "water", "user": "water.clerk", "from": "2026-11-20T08:00", "to": "2026-11-21T08:00"}
    assert [head.send_form(PATH, **one).status_code for _ in range(2)] == [303, 303]  # twice: one row
    page = head.get(PATH).text
    assert ("正在值班" in page, page.count('value="drop"')) == (True, 1)
    assert head.send_form(PATH, **(one | {"unit": "urban"})).status_code == 409
    assert 'value="duty"' not in visit(sqlite_app, "water.clerk").get(PATH).text
    sheet = "单位,用户,开始,结束\nwater,water.head,2026-11-21,2026-11-22\nwater,water.nobody,2026-11-23,2026-11-24\n"
    wrong = head.send_form(PATH, {"table": ("值班.csv", sheet.encode(), "text/csv")}, do="table")
    assert (wrong.status_code, "没有用户“water.nobody”" in wrong.text) == (409, True)
    good = sheet.replace("water.nobody", "water.clerk").encode("gb18030")
    assert head.send_form(PATH, {"table": ("值班.csv", good, "text/csv")}, do="table").status_code == 303
    assert head.send_form(PATH, do="table").status_code == 409
    with sqlite_town.context.database.unit_of_work() as session:
        rows = duties(session, None, NOW)
        known = catalogue(session)
        assert [row.user for row in rows] == ["water.clerk", "water.head", "water.clerk"]
        assert plans_for(known, known.actor("hubin.head")) == {known.unit_ids[code] for code in ("hubin", "hubin-works")}
    assert visit(sqlite_app, "urban.head").send_form(PATH, do="drop", number=str(rows[0].id)).status_code == 409
    assert [head.send_form(PATH, do="drop", number=str(rows[0].id)).status_code for _ in range(2)] == [303, 303]
    assert sqlite_town.rows(select(func.count().label("n")).select_from(_roster))[0].n == 2
