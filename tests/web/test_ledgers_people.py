"""The ledgers of residents who join in: patrol groups and their members by number, points without ranking or names."""

from datetime import timedelta
from importlib import resources

from fastapi import FastAPI

from demo.mechanisms import patrols as bees
from demo.mechanisms import points as book
from services import patrols, points
from tests.support.website import NOW, visit
from tests.web.test_ledgers_devices import made

GROUP = "/ledgers/patrols/groups/chenguang-bees"


def test_groups_show_what_became_of_their_reports_and_members_by_number(sqlite_app: FastAPI) -> None:
    database = made(sqlite_app, bees)
    clerk, other = visit(sqlite_app, "chenguang.clerk"), visit(sqlite_app, "jinqiao.clerk")
    page = clerk.get("/ledgers/patrols?span=month").text
    assert all(text in page for text in ("晨光小蜜蜂", "晨光蜂巢驿站", "反映2件，解决0件"))
    members = clerk.get(GROUP).text
    assert "队员1" in members
    assert not any(text in members for text in ("骑手小陈", "10000070001"))
    assert "队员名单由所在社区" in other.get(GROUP).text
    assert other.get("/ledgers/patrols/members/1").status_code == 409
    assert other.send_form(GROUP, do="join", name="小张", phone="10000070009", age="adult").status_code == 409
    child = clerk.send_form(GROUP, do="join", name="小张", phone="10000070009", age="child")
    assert (child.status_code, 'value="小张"' in child.text) == (409, True)
    joined = clerk.send_form(GROUP, do="join", name="小张", phone="10000070009", age="adult", station="chenguang-hive")
    assert joined.headers["location"].startswith(f"{GROUP}?done=join#m")
    number = joined.headers["location"].split("#m")[1]
    told = clerk.send_form(GROUP, do="report", member=number, text="井盖松动，走过会响", area="chenguang-1")
    assert told.headers["location"] == f"/ledgers/patrols/members/{number}?done=report"
    assert "井盖松动" in clerk.get(told.headers["location"]).text
    assert clerk.send_form(GROUP, do="leave", member=number, why="搬走了").status_code == 303
    assert f'id="m{number}"' not in clerk.get(GROUP).text
    assert f'id="m{number}"' in clerk.get(f"{GROUP}?all=yes").text
    with database.unit_of_work() as session:
        assert patrols.one(session, "group", "chenguang-bees").figures.reported == 3


def test_communities_open_and_close_their_own_groups(sqlite_app: FastAPI) -> None:
    database = made(sqlite_app)
    clerk = visit(sqlite_app, "chenguang.clerk")
    about = {"code": "night-owls", "zh": "夜巡队", "en": "Night Owls", "kind": "courier"}
    assert clerk.send_form("/ledgers/patrols", do="group", area="jinqiao", **about).status_code == 409
    assert clerk.send_form("/ledgers/patrols", do="group", area="chenguang", **about).status_code == 303
    assert clerk.send_form("/ledgers/patrols", do="close", which="group night-owls").status_code == 303
    with database.unit_of_work() as session:
        (row,) = patrols.listed(session, "group")
    assert (row["code"], row["closed_at"]) == ("night-owls", NOW)
    assert "Night Owls" in visit(sqlite_app, "chenguang.clerk", "en").get("/ledgers/patrols").text


def test_points_are_given_redeemed_and_handed_over_without_names(sqlite_app: FastAPI) -> None:
    database = made(sqlite_app, book)
    clerk, head = visit(sqlite_app, "chenguang.clerk"), visit(sqlite_app, "centre.head")
    page = clerk.get("/ledgers/points").text
    assert all(text in page for text in ("账户1", "香皂一块", "按开户先后，不按分数"))
    assert not any(text in page for text in ("居民老周", book.PHONE))
    assert clerk.send_form("/ledgers/points", do="find", phone=book.PHONE).headers["location"] == "/ledgers/points/1"
    assert clerk.send_form("/ledgers/points", do="find", phone="10000079999").status_code == 409
    given = {"do": "give", "rule": "voluntary_work", "what": "2026-11-20 clean", "note": "河道清理"}
    assert [clerk.send_form("/ledgers/points/1", **given).status_code for _ in range(2)] == [303, 303]
    one = clerk.get("/ledgers/points/1").text
    once = one.split('name="once" value="')[1].split('"')[0]
    wish = {"do": "redeem", "goods": "chenguang-soap", "phone": book.PHONE, "once": once}
    assert clerk.send_form("/ledgers/points/1", **{**wish, "phone": "10000070001"}).status_code == 409
    first, second = (clerk.send_form("/ledgers/points/1", **wish) for _ in range(2))
    assert (first.status_code, first.headers["cache-control"]) == (200, "no-store")
    code = first.text.split('<p class="mono num">')[1].split("<")[0]
    assert code in second.text
    assert code not in clerk.get("/ledgers/points/1").text
    with database.unit_of_work() as session:
        newest, *_ = points.redemptions(session, account_id=1)
        assert len(points.redemptions(session, account_id=1)) == 2
    number = str(newest["number"])
    hand = {"do": "confirm", "redemption": number, "key": number, "partner": book.PARTNER}
    wrong = clerk.send_form("/ledgers/points/1", code="AAAA-AAAA", **hand)
    assert (wrong.status_code, 'value="AAAA-AAAA"' in wrong.text) == (409, True)
    assert clerk.send_form("/ledgers/points/1", code=code, **hand).status_code == 303
    with database.unit_of_work() as session:
        found = points.statement(session, 1, NOW)
        entry = next(each["id"] for each in found["entries"] if each["note"].startswith("河道清理"))
    assert found["balance"] == 2
    taken = {"do": "reverse", "entry": str(entry), "why": "error"}
    assert clerk.send_form("/ledgers/points/1", **taken).status_code == 409
    assert head.send_form("/ledgers/points/1", **taken).status_code == 303
    assert clerk.send_form("/ledgers/points/1", do="close").status_code == 303
    assert "已销户" in clerk.get("/ledgers/points/1").text


def test_goods_accounts_and_rules_are_kept_on_the_page(sqlite_app: FastAPI) -> None:
    database = made(sqlite_app, book, bees)
    clerk, admin = visit(sqlite_app, "chenguang.clerk"), visit(sqlite_app, "admin")
    tea = {"code": "tea", "zh": "茶叶一包", "en": "Tea", "partner": book.PARTNER, "price": "很多", "stock": "3"}
    refused = clerk.send_form("/ledgers/points", do="goods", **tea)
    assert (refused.status_code, "读不懂" in refused.text, 'value="茶叶一包"' in refused.text) == (409, True, True)
    assert clerk.send_form("/ledgers/points", do="goods", **{**tea, "price": "5"}).status_code == 303
    assert clerk.send_form("/ledgers/points", do="stock", goods="tea", more="-2").status_code == 303
    assert clerk.send_form("/ledgers/points", do="open", member="1").headers["location"] == "/ledgers/points/2?done=open"
    with database.unit_of_work() as session:
        assert {row["code"]: row["stock"] for row in points.offered(session)}["tea"] == 1
    rules = resources.files("seeds").joinpath("points.toml").read_bytes()
    since = f"{NOW + timedelta(days=3):%Y-%m-%d}"
    file = {"table": ("r.toml", rules)}
    assert clerk.send_form("/ledgers/points", do="publish", since=since, files=file).status_code == 409
    assert admin.send_form("/ledgers/points", do="publish", since=since, files={"table": ("r.toml", b"x = [")}).status_code == 409
    assert admin.send_form("/ledgers/points", do="publish", since=since, files=file).status_code == 303
    assert "第2版从2026-11-23" in admin.get("/ledgers/points").text
