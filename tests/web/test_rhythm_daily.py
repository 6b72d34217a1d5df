"""每日清单 as a page: the list as it was made, for staff, with what was said about it; a sensitive case without its subject."""

from datetime import timedelta

from fastapi import FastAPI
from sqlalchemy import update

from models import Case, Clock, connection_of, table
from services.moves import Setting
from services.rhythm import lists
from services.rhythm.periods import DAY
from services.rhythm.remarks import Said, remark
from tests.support.town import Town
from tests.support.website import NOW, at, visit


def test_the_list_of_the_day_is_a_page(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town, clock, case = sqlite_town, table(Clock), table(Case)
    duty = visit(sqlite_app, "centre.duty")
    assert "今天的清单还没有生成" in duty.get("/board/daily").text
    late, hidden = (town.reports(f"有点事想反映{n}", "楼下又来了一堆东西，没人管", phone=f"1000000000{n}") for n in range(2))
    town.turn()
    with town.context.database.unit_of_work() as session:
        run = connection_of(session).execute
        run(update(clock).where(clock.c.case_id.in_((late, hidden))).values(due_at=NOW - timedelta(hours=3)))
        run(update(case).where(case.c.id == hidden).values(sensitive="minor", readers=["centre.head"]))
    centre, day = town.actor("centre.duty"), NOW.date()
    with town.context.database.unit_of_work() as session:
        lists.make(session, DAY, "system", NOW)
    with town.context.database.unit_of_work() as session:
        seen = lists.read_list(session, DAY, day, centre)
        first = next(line["no"] for line in seen.lines if line["case"] == town.case(late).no)
        remark(session, DAY, day, Said("今天办结，有困难上午报中心", first), centre, Setting(NOW))
    at(sqlite_app, NOW + timedelta(hours=1))
    page = duty.get("/board/daily").text
    assert f'href="/cases/{town.case(late).no}"' in page
    assert "今天办结，有困难上午报中心" in page
    assert "有点事想反映1" not in page, "of a sensitive case the number only"
    assert town.case(hidden).no in page
    assert 'href="/board/daily"' in duty.get("/board").text
    admin = visit(sqlite_app, "admin")
    assert ('href="/board/daily"' in admin.get("/board").text, admin.get("/board/daily").status_code) == (False, 409), "it is for staff"
    urban = visit(sqlite_app, "urban.clerk")
    own, whole = (urban.get(f"/board/daily?day={day}{more}").text for more in ("", "&whole"))
    assert [town.case(late).no in said for said in (own, whole)] == [False, True], "a unit sees first what is its own"
    assert "List of the day" in visit(sqlite_app, "centre.duty", "en").get("/board/daily").text
    assert [duty.get(f"/board/daily?day={given}").status_code for given in ("2020-01-01", "nonsense")] == [409, 409]
