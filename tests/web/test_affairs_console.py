"""Affairs through the pages alone: opened, moved, refused with what was typed kept; who sees which of them."""

import re
from typing import Any

from fastapi import FastAPI
from sqlalchemy import select

from models import Affair, AffairPart, table
from rules.facts import Thing, Who
from rules.handling import AFFAIRS, OPENING
from rules.table import Move
from services.affairs import sheet
from tests.support.pictures import photo
from tests.support.town import Town
from tests.support.website import Visitor, visit
from web.console.affairs.fields import ELSEWHERE, FIELDS, TAKES, kind_of
from web.console.affairs.openings import OPENINGS

_affair, _part = table(Affair), table(AffairPart)
HAN = re.compile("[\u4e00-\u9fff]")


def asked_for(move: Move) -> bool:
    """Whether a person on the staff may ask for it."""
    return not move.follows and bool(move.who - {Who.SYSTEM}) and move.action not in OPENING


def opened(who: Visitor, code: str, /, **fields: Any) -> str:
    answer = who.send_form(f"/affairs/new/{code}", **fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).rpartition("/")[2]


def move(who: Visitor, no: str, action: str, part: int | None = None, **fields: Any) -> Any:
    asked = f"?part={part}" if part is not None else ""
    form = who.get(f"/affairs/{no}/do/{action}{asked}")
    found = re.search(r'name="version" value="(\d+)"', form.text)
    version = found[1] if found else "0"
    files = fields.pop("files", None)
    return who.send_form(f"/affairs/{no}/do/{action}", files, version=version, **({"part": part} if part is not None else {}), **fields)


def made(who: Visitor, no: str, action: str, part: int | None = None, **fields: Any) -> str:
    answer = move(who, no, action, part, **fields)
    assert answer.status_code == 303, answer.text
    shown = who.get(answer.headers["location"])
    assert shown.status_code == 200
    return str(shown.text)


def parts(town: Town, no: str, thing: Thing) -> list[Any]:
    with town.context.database.unit_of_work() as session:
        return [part for part in sheet(session, no).parts if part["thing"] == thing]


def state(town: Town, no: str) -> str:
    return str(town.rows(select(_affair.c.state).where(_affair.c.no == no))[0].state)


def test_every_move_of_an_affair_has_a_form() -> None:
    moves = {m.action for kind in AFFAIRS.values() for m in kind.moves if asked_for(m)}
    assert moves - set(TAKES) - ELSEWHERE == set()
    assert set(TAKES) - moves == set()
    for action, names in TAKES.items():
        for name in names.split():
            assert kind_of(action, name.rstrip("?").partition(":")[0]).label
    used = {f"{a}.{n.rstrip('?').partition(':')[0]}" for a, names in TAKES.items() for n in names.split()}
    assert {name for name in FIELDS if name not in used and name not in {u.partition(".")[2] for u in used}} == set()
    assert {each.action for each in OPENINGS.values()} <= set(OPENING)


def test_a_whistle_from_the_call_to_the_rating(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    street, water, urban = (visit(sqlite_app, user) for user in ("hubin.clerk", "water.clerk", "urban.clerk"))
    empty = street.send_form("/affairs/new/whistle", title="夜市联合整治", place="湖滨路口")
    assert (empty.status_code, 'value="夜市联合整治"' in empty.text) == (409, True)
    no = opened(street, "whistle", title="夜市联合整治", place="湖滨路口", called=["urban", "water"], limit="30", limit_unit="m")
    first, second = parts(town, no, Thing.CALL)
    assert "剩30分" in street.get(f"/affairs/{no}").text
    assert no in water.get("/affairs?show=mine").text
    assert f"/affairs/{no}/do/report_in?part={second['no']}" in water.get(f"/affairs/{no}").text
    assert "还有单位没有报到" in street.get(f"/affairs/{no}").text
    refused = move(water, no, "report_in", second["no"], way="", words="马上到")
    assert (refused.status_code, "马上到</textarea>" in refused.text, "请选怎样报到" in refused.text) == (409, True, True)
    made(urban, no, "report_in", first["no"], way="on_site")
    assert "已办：报到" in made(water, no, "report_in", second["no"], way="in_writing", words="夜里抢修，明早到")
    late = water.send_form(f"/affairs/{no}/do/report_in", part=second["no"], version="1", way="on_site")
    assert late.status_code == 409
    assert state(town, no) == "gathered"
    stale = street.send_form(f"/affairs/{no}/do/end", version="1", result="办了")
    assert (stale.status_code, "刚被别人改过" in stale.text, "办了</textarea>" in stale.text) == (409, True, True)
    made(street, no, "end", result="油烟和污水当场处置")
    made(street, no, "rate_call", first["no"], score="5")
    made(urban, no, "rate_caller", first["no"], score="4")
    rated = parts(town, no, Thing.CALL)[0]
    assert (state(town, no), rated["score"], rated["data"]["caller_score"]) == ("ended", 5, 4)
    assert visit(sqlite_app, "garden.clerk").get(f"/affairs/{no}").status_code == 404
    assert no not in visit(sqlite_app, "garden.clerk").get("/affairs?show=all").text
    english = visit(sqlite_app, "water.clerk", "en").get(f"/affairs/{no}").text
    typed = "夜市联合整治|湖滨路口|夜里抢修，明早到|油烟和污水当场处置"
    assert set(HAN.findall(re.sub(typed, "", english.split("<main")[1]))) == set()


def test_a_hundred_chairs_are_claimed_delivered_confirmed_and_thanked_for(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    clerk, water, urban = (visit(sqlite_app, user) for user in ("chenguang.clerk", "water.clerk", "urban.clerk"))
    wrong = clerk.send_form("/affairs/new/pool", title="议事厅要折叠椅", lines="折叠椅一百把")
    assert (wrong.status_code, "有一行读不懂" in wrong.text, "折叠椅一百把</textarea>" in wrong.text) == (409, True, True)
    no = opened(clerk, "pool", title="议事厅要折叠椅", lines="折叠椅：100把\n安装:2人:木工", place="议事厅")
    chairs = parts(town, no, Thing.WANT)[0]["no"]
    assert f"/affairs/{no}/do/claim?want={chairs}" in water.get("/affairs/pool").text
    assert "还缺100把" in water.get(f"/affairs/{no}/do/claim?want={chairs}").text
    made(water, no, "claim", want=chairs, quantity="30")
    much = move(urban, no, "claim", want=chairs, quantity="71")
    assert (much.status_code, 'value="71"' in much.text) == (409, True)
    made(urban, no, "claim", want=chairs, quantity="70")
    assert "认领100 / 100把" in clerk.get(f"/affairs/{no}").text
    mine = parts(town, no, Thing.PLEDGE)[0]["no"]
    assert "折叠椅" in water.get("/affairs/pool").text.split('id="mine"')[1].split("</section>")[0]
    made(water, no, "deliver", mine)
    made(clerk, no, "confirm_pledge", mine)
    made(clerk, no, "thank", mine, words="椅子很好坐")
    assert "对方致谢：椅子很好坐" in water.get("/affairs/pool").text
    assert visit(sqlite_app, "garden.clerk").get(f"/affairs/{no}").status_code == 200
    admin = visit(sqlite_app, "admin")
    assert admin.send_form("/affairs/pool", area="chenguang", unit="water").status_code == 303
    assert "结束结对" in admin.get("/affairs/pool").text
    assert clerk.send_form("/affairs/pool", area="chenguang", unit="urban").status_code == 409
    assert "水务" in water.get("/affairs/pool").text.split('id="pairs"')[1]


def test_a_meeting_votes_agrees_shares_a_hundred_per_cent_and_signs(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town, clerk = sqlite_town, visit(sqlite_app, "chenguang.clerk")
    people = "张家=承租方\n李家=出租方"
    no = opened(clerk, "meeting", title="排水沟谁出钱", form="bench", people=people, rule="heads")
    tenant, landlord = (part["no"] for part in parts(town, no, Thing.VOICE))
    made(clerk, no, "cast_vote", tenant, choice="同意", paper="记录本第3页")
    assert move(clerk, no, "cast_vote", landlord, choice="同意", paper="").status_code == 409
    made(clerk, no, "cast_vote", landlord, choice="同意", paper="记录本第3页")
    made(clerk, no, "hold_meeting", minutes="油污堵塞，加隔油池", present=[tenant, landlord])
    assert "2人表决 / 应到2人" in made(clerk, no, "count_votes")
    shares: Any = {f"shares:{tenant}": "30", f"shares:{landlord}": "60"}
    short = move(clerk, no, "agree", text="按比例出", amount="1000", **shares)
    assert (short.status_code, "90%" in short.text, 'value="60"' in short.text) == (409, True, True)
    term: Any = {"terms.who": [f"voice:{tenant}", "", "", ""], "terms.words": ["装隔油池", "", "", ""], "terms.days": ["5", "", "", ""]}
    whole: Any = {f"shares:{tenant}": "30", f"shares:{landlord}": "70"}
    made(clerk, no, "agree", text="按比例出", amount="1000", **whole, **term)
    assert [(v["share_bp"], v["amount_fen"]) for v in parts(town, no, Thing.VOICE)] == [(3000, 30000), (7000, 70000)]
    for voice in (tenant, landlord):
        made(clerk, no, "sign_agreement", voice, paper="协议原件在社区")
    assert state(town, no) == "agreed"
    for due in parts(town, no, Thing.TERM):
        made(clerk, no, "fulfil_term", due["no"], result="收据12号")
    assert state(town, no) == "fulfilled"


def test_a_standing_meeting_takes_what_people_bring_and_makes_a_case_of_it(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town, clerk = sqlite_town, visit(sqlite_app, "chenguang.clerk")
    first = opened(clerk, "series", title="每周四议事会", form="council", days=["3"], time="19:30", units=["chenguang-estate"])
    series = re.search(r'href="/affairs/(YS-[0-9-]+)">每周四议事会<', clerk.get(f"/affairs/{first}").text)
    no = series[1] if series else first
    made(clerk, no, "raise_matters", kind="facilities", words="单元门禁坏了", solved="当场换了电池")
    made(clerk, no, "raise_matters", kind="environment", words="东门垃圾桶两天没清，想请人来看看", count="3")
    fixed, wanted = parts(town, no, Thing.MATTER)
    assert (fixed["state"], wanted["state"], wanted["quantity"]) == ("solved", "raised", 3)
    made(clerk, no, "put_on_agenda", wanted["no"])
    called = re.search(r'href="/affairs/(YS-[0-9-]+)">每周四议事会 11', clerk.get(f"/affairs/{no}").text)
    assert called is not None
    assert "东门垃圾桶两天没清" in clerk.get(f"/affairs/{called[1]}").text.split("议程")[1]
    made(clerk, no, "file_matter", wanted["no"])
    assert parts(town, no, Thing.MATTER)[1]["other_case_id"] is not None


def test_a_dispute_is_talked_over_signed_and_kept_from_whoever_may_not_see_it(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    clerk, police = visit(sqlite_app, "chenguang.clerk"), visit(sqlite_app, "police-hubin.clerk")
    no = opened(clerk, "dispute", title="楼上漏水", kind="neighbours", people="楼上住户\n楼下住户")
    made(clerk, no, "take_up_dispute", room="社区说事室")
    made(clerk, no, "act_jointly", way="collect", words="水渍两处", unit="police-hubin")
    joint = parts(town, no, Thing.JOINT)[0]["no"]
    made(police, no, "check_joint", joint)
    made(clerk, no, "set_sitting", at="2026-11-24T15:00")
    assert "明天" not in clerk.get(f"/affairs/{no}").text.split("协商与回访")[0]
    made(clerk, no, "agree", text="楼上修，楼下不追究", at_table="yes")
    assert state(town, no) == "agreed"
    assert visit(sqlite_app, "chenguang.head").get(f"/affairs/{no}").status_code == 200
    hushed = opened(clerk, "dispute", title="家里的事", kind="domestic_violence", people="甲\n乙")
    assert clerk.get(f"/affairs/{hushed}").status_code == 200
    for other in ("hubin.clerk", "water.clerk", "admin"):
        assert visit(sqlite_app, other).get(f"/affairs/{hushed}").status_code in (403, 404), other
        assert hushed not in visit(sqlite_app, other).get("/affairs?show=all").text


def test_an_errand_waits_for_its_papers_and_is_done_step_by_step(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town, clerk = sqlite_town, visit(sqlite_app, "chenguang.clerk")
    no = opened(clerk, "errand", item="chronic", agent="chenguang.clerk")
    step = parts(town, no, Thing.ERRAND_STEP)[0]["no"]
    assert "还缺" in clerk.get(f"/affairs/{no}").text
    assert move(clerk, no, "do_step", step).status_code == 409
    with town.context.database.unit_of_work() as session:
        papers = [m["code"] for m in sheet(session, no).affair["data"]["materials"]]
    made(clerk, no, "ask_material", materials=papers)
    assert state(town, no) == "missing"
    for code in papers:
        made(clerk, no, "tick_material", material=code)
    assert state(town, no) == "under_way"
    for each in parts(town, no, Thing.ERRAND_STEP):
        made(clerk, no, "do_step", each["no"], words="办了")
    made(clerk, no, "confirm_errand")
    assert state(town, no) == "confirmed"


def test_nobody_learns_of_an_inspection_before_it_is_released(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    leader, urban = visit(sqlite_app, "chenghu.leader"), visit(sqlite_app, "urban.clerk")
    sites = {"sites.who": ["urban", "", "", ""], "sites.words": ["湖滨路沿街", "", "", ""]}
    no = opened(leader, "inspection", title="街面秩序暗访", inspectors=["chenghu.leader", "centre.head"], checklist="streets", **sites)
    made(leader, no, "begin_inspection")
    found: Any = {
        "problem": "店外经营",
        "place": "湖滨路沿街",
        "unit": "urban",
        "quantity": "12",
        "measure": "处",
        "due": "5",
        "due_unit": "wd",
    }
    shown = made(leader, no, "find_problem", **found, before="占用盲道", files={"before_files": ("a.jpg", photo(), "image/jpeg")})
    assert "已交办" in shown
    assert urban.get(f"/affairs/{no}").status_code == 404
    assert no not in urban.get("/affairs?show=all").text
    assert "/affairs/new/inspection" not in urban.get("/affairs").text
    assert urban.get("/affairs/new/inspection").status_code == 409
    made(leader, no, "release_inspection")
    assert "街面秩序暗访" in urban.get(f"/affairs/{no}").text
    finding = parts(town, no, Thing.FINDING)[0]
    assert (finding["quantity"], finding["state"], len(finding["data"]["before"])) == (12, "handed_out", 1)


def test_a_case_and_the_inbox_lead_to_its_affairs(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    case_id = town.reports("晨光小区5号楼前污水管外溢", "污水流到路上")
    town.turn()
    no, street = str(town.case(case_id).no), visit(sqlite_app, "hubin.clerk")
    assert f'value="{no}"' in street.get(f"/affairs/new/whistle?case={no}").text or no in street.get(f"/affairs/new/whistle?case={no}").text
    assert f"/affairs/new/whistle?case={no}" in street.get(f"/cases/{no}").text
    assert "/affairs/new/whistle?case" not in visit(sqlite_app, "water.clerk").get(f"/cases/{no}").text
    affair = opened(street, "whistle", title="到现场看水", called=["urban"], cases=no)
    page = street.get(f"/cases/{no}").text
    assert f'href="/affairs/{affair}"' in page
    assert f'href="/cases/{no}"' in street.get(f"/affairs/{affair}").text
    seq = town.rows(select(_affair.c.seq).where(_affair.c.no == affair))[0].seq
    assert street.get(f"/affairs/{no}/{seq}").headers["location"] == f"/affairs/{affair}"
    urban = visit(sqlite_app, "urban.clerk")
    assert f'href="/affairs/{no}/{seq}"' in urban.get("/inbox").text
    assert affair in urban.get("/affairs?show=mine").text
    for other in ("/affairs/XX-20260101-0001", "/affairs/nonsense", f"/affairs/{affair}/do/nonsense"):
        assert street.get(other).status_code in (404, 409), other


def test_every_form_for_opening_is_drawn_in_both_languages(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    people = {"hubin.clerk": set(OPENINGS) - {"inspection"}, "chenghu.leader": {"inspection"}}
    for user, codes in people.items():
        chinese, english = visit(sqlite_app, user), visit(sqlite_app, user, "en")
        for code in sorted(codes):
            assert chinese.get(f"/affairs/new/{code}").status_code == 200, code
            assert set(HAN.findall(english.get(f"/affairs/new/{code}").text.split("<main")[1])) == set(), code


def test_a_form_that_comes_twice_opens_one_affair(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    clerk = visit(sqlite_app, "chenguang.clerk")
    form = clerk.get("/affairs/new/pool").text
    found = re.search(r'name="form_key" value="([0-9a-f]+)"', form)
    assert found is not None
    about = {"title": "议事厅要折叠椅", "lines": "折叠椅：100把", "form_key": found[1]}
    first, second = (clerk.send_form("/affairs/new/pool", **about) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303), first.text
    assert first.headers["location"] == second.headers["location"]
    assert len(sqlite_town.rows(select(_affair.c.no).where(_affair.c.title == "议事厅要折叠椅"))) == 1
    fresh = clerk.send_form("/affairs/new/pool", **{**about, "form_key": ""})
    assert fresh.headers["location"] != first.headers["location"]
