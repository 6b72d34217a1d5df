"""Reading affairs: a look into one of a sensitive case is on record, lists are full and counted, pages ask no more for many rows."""

from datetime import timedelta
from itertools import chain

from fastapi import FastAPI
from sqlalchemy import select, update

from demo.mechanisms import campaigns as cables
from demo.mechanisms import claims, disputes, inspections, sensors, whistle
from models import AdminEntry, Affair, Database, table
from rules.facts import Thing
from services.affairs.seen import Wanted, count_seen, seen_affairs, seen_among
from services.campaigns import Campaign, open_campaign
from services.catalogue import catalogue
from services.desks.restricted import LOOK
from services.moves import Setting
from services.outside_records import Record, record
from services.subjects import Subject, open_subject
from tests.support.beside import opens
from tests.support.statements import asked_of
from tests.support.town import Town
from tests.support.website import NOW, at, visit

_entry, _affair = table(AdminEntry), table(Affair)


def looks(town: Town) -> list[tuple[str, str]]:
    return [(row.actor, row.subject) for row in town.rows(select(_entry).where(_entry.c.action == LOOK).order_by(_entry.c.id))]


def test_a_look_into_an_affair_of_a_sensitive_case_is_on_record(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    case = town.reports("夜市油烟扰民")
    town.turn()
    no = str(town.case(case).no)
    called = (town.unit_id("urban"),)
    began = opens(town, "centre.duty", "whistle", no, called=called, title="联合处置")
    desk, other = visit(sqlite_app, "centre.duty"), visit(sqlite_app, "water.clerk")
    assert desk.get(f"/affairs/{began.no}").status_code == 200
    assert looks(town) == [], "the case is open to all who are concerned"
    town.act(case, "restrict", "centre.duty", kind="minor", reason="涉未成年人")
    assert other.get(f"/affairs/{began.no}").status_code == 404
    assert looks(town) == []
    assert desk.get(f"/affairs/{began.no}").status_code == 200
    assert desk.get(f"/cases/{no}").status_code == 200  # the same look
    assert looks(town) == [("centre.duty", no)]
    at(sqlite_app, town.now + timedelta(minutes=20))
    assert desk.get(f"/affairs/{began.no}/do/cancel").status_code == 200
    assert looks(town) == [("centre.duty", no)] * 2
    at(sqlite_app, town.now + timedelta(minutes=40))
    desk.send_form(f"/affairs/{began.no}/do/cancel", version="0", reason="不用了")
    assert looks(town) == [("centre.duty", no)] * 3
    clerk = visit(sqlite_app, "chenguang.clerk")
    hushed = clerk.send_form("/affairs/new/dispute", title="家里的事", kind="domestic_violence", people="甲\n乙").headers["location"]
    assert clerk.get(hushed).status_code == 200
    assert looks(town)[3:] == [("chenguang.clerk", hushed.rpartition("/")[2])], "an affair that is kept by itself"


def test_pages_are_full_and_counts_are_those_of_the_list(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        for example in (whistle, claims, disputes, inspections):
            example.show(session, town.now)
    with town.context.database.unit_of_work() as session:
        newest = select(_affair.c.no).where(_affair.c.thing == Thing.INSPECTION.value)
        hidden = session.connection().execute(newest).scalars().all()
        session.connection().execute(update(_affair).where(_affair.c.no.in_(hidden)).values(opened_at=town.now + timedelta(hours=1)))

        def pages(user: str, size: int, **asked: bool) -> list[list[str]]:
            found, after = [], ""
            while after or not found:
                page = seen_affairs(session, town.actor(user), Wanted(limit=size, after=after, **asked))
                found.append([row["no"] for row in page.rows])
                after = page.next
            return found

        for user in ("garden.clerk", "chenguang.clerk", "urban.clerk", "chenghu.leader", "admin"):
            one, whole = pages(user, 1), pages(user, 50)
            assert [len(page) for page in one] == [1] * len(whole[0]), user
            assert list(chain(*one)) == whole[0]
            assert count_seen(session, town.actor(user), Wanted()) == len(whole[0])
            assert set(whole[0]) <= seen_among(session, town.actor(user), [*whole[0], *hidden])
        assert not set(hidden) & seen_among(session, town.actor("garden.clerk"), hidden)
        leader = town.actor("chenghu.leader")
        found = seen_affairs(session, leader, Wanted(by_due=True))
        times = [found.clocks[row["case_id"], row["seq"]]["due_at"] for row in found.rows]
        assert times == sorted(times)
        assert times != sorted(times, reverse=True)
        one, newest = pages("chenghu.leader", 1, by_due=True), pages("chenghu.leader", 50)[0]
        assert list(chain(*one)) == [row["no"] for row in found.rows]
        assert list(chain(*one)) != newest


def test_of_a_campaign_only_projects_that_are_seen_are_shown_and_counted(sqlite_app: FastAPI) -> None:
    database = sqlite_app.state.site.database
    with database.unit_of_work() as session:
        cables.show(session, NOW)
    with database.unit_of_work() as session:
        rows = session.connection().execute(select(_affair).where(_affair.c.thing == Thing.CAMPAIGN.value)).mappings().all()
        (child,) = (row for row in rows if row["parent_seq"] is not None)
    owner = visit(sqlite_app, "hubin.clerk")
    parent = next(row["no"] for row in rows if row["parent_seq"] is None)
    assert child["title"] in owner.get(f"/ledgers/campaigns/{parent}").text
    assert "在办1项" in owner.get("/ledgers").text
    assert owner.get("/ledgers/campaigns").text.count('href="/ledgers/campaigns/') == 1
    with database.unit_of_work() as session:
        hidden = update(_affair).where(_affair.c.no == child["no"])
        session.connection().execute(hidden.values(hidden=True, unit_id=1, data={"units": []}))
    assert owner.get(f"/ledgers/campaigns/{child['no']}").status_code == 404
    assert child["title"] not in owner.get(f"/ledgers/campaigns/{parent}").text


def more(database: Database, count: int) -> None:
    """So many more records, campaigns and household files."""
    with database.unit_of_work() as session:
        known, setting = catalogue(session), Setting(NOW)
        clerk, worker = known.actor("hubin.clerk"), known.actor("chenguang-1.worker")
        made = [Record("interview", f"某公司{count}-{n}", "多次催告", "办法第12条") for n in range(count)]
        record(session, made, clerk, setting)
        for n in range(count):
            open_campaign(session, Campaign(f"专项{count}-{n}", area="hubin"), clerk, setting)
            open_subject(session, Subject("household", f"晨光{count}-{n}", tier=1, area="chenguang-1", kind="独居老人"), worker, setting)


def test_lists_ask_as_much_for_many_rows_as_for_few(sqlite_app: FastAPI) -> None:
    database = sqlite_app.state.site.database
    with database.unit_of_work() as session:
        sensors.show(session, NOW)
    owner, admin = visit(sqlite_app, "hubin.clerk"), visit(sqlite_app, "admin")
    asks: dict[str, list[int]] = {}
    for count in (5, 20):
        more(database, count)
        pages = [(owner, "/ledgers/outside"), (owner, "/ledgers/campaigns"), (owner, "/affairs"), (admin, "/ledgers/sensors/MJ-CG-0700")]
        for who, path in pages:
            assert who.get(path).status_code == 200
            with asked_of(database) as asked:
                assert f"{count}-{count - 1}" in who.get(path).text
            asks.setdefault(path, []).append(len(asked))
    assert all(few == many for few, many in asks.values()), asks


def test_a_page_of_an_affair_asks_as_much_for_many_cases_and_messages(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town, database = sqlite_town, sqlite_app.state.site.database
    street = visit(sqlite_app, "hubin.clerk")
    asks = []
    for count in (1, 8):
        cases = [town.reports(f"夜市油烟扰民{n}", phone=f"1380000{count}00{n}") for n in range(count)]
        town.turn()
        called = tuple(town.unit_id(code) for code in ("urban", "water", "garden", "traffic")[: min(count, 4)])
        began = opens(town, "hubin.clerk", "whistle", *(town.case(case).no for case in cases), called=called, title="联合处置")
        assert street.get(f"/affairs/{began.no}").status_code == 200
        with asked_of(database) as asked:
            assert street.get(f"/affairs/{began.no}").text.count('href="/cases/') >= count
        asks.append(len(asked))
    assert asks[0] == asks[1], asks
