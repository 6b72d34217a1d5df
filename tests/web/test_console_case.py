"""The page of a case: who sees what of it."""

import re
from datetime import timedelta

from fastapi import FastAPI
from sqlalchemy import select, update

from models import AdminEntry, Case, CaseLink, table
from services.choices import choices, drafted, drafted_from
from services.duplicates.candidates import DUPLICATE
from services.reading import read_case
from tests.support.statements import asked_of
from tests.support.town import Town
from tests.support.website import NOW, at, visit

PHONE = "13812345678"
_case, _admin, _link = table(Case), table(AdminEntry), table(CaseLink)


def new_case(town: Town, source: str = "resident") -> tuple[int, str]:
    case_id = town.reports("晨光小区5号楼前污水管外溢", f"污水流到路上，打我电话{PHONE}", phone=PHONE, source=source)
    town.turn()
    return case_id, str(town.case(case_id).no)


def moved(town: Town, case_id: int, **values: object) -> None:
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(_case).where(_case.c.id == case_id).values(**values))


def test_the_centre_reads_all_of_a_case_and_the_number_only_for_a_reason(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    case_id, no = new_case(town)
    at(sqlite_app, NOW + timedelta(minutes=9))
    desk = visit(sqlite_app, "centre.duty")
    page = desk.get(f"/cases/{no}").text
    for said in ("晨光小区5号楼前污水管外溢", "A01", "紧急", "区水务", "你现在可以", "为什么是", "消息与回执", "时限计算过程"):
        assert said in page, said
    assert re.search(r"区水务排水中心 · [^·<]+ · 剩", page.split('class="page-head"')[1].split("你现在可以")[0]), (
        "who has it, and what is left"
    )
    order = [page.index(f">{said}<") for said in ("你现在可以", "问题采集", "反映内容", "办理记录", "其他时钟")]
    assert order == sorted(order), "what one can do comes right after the head, on a phone too"
    (others,) = re.findall(r'class="bill bill--others">(.*?)</table>', page, re.DOTALL)
    assert others.count("<tr>") == len(town.open_clocks(case_id)) - 1
    assert page.count('class="wo"') == len(town.orders(case_id))
    assert re.search(r'<svg class="rail"[^>]*>.*?100% 到期', page)
    assert 'aria-current="step"' in page
    assert "138****5678" in page
    assert PHONE not in page.split('id="reporters"')[1]
    assert not re.search(r'\sstyle="|\sonclick=|<script>', page)
    for wanted, absent in (("clock", "<b>区水务"), ("people", "is-auto")):
        assert absent not in desk.get(f"/cases/{no}?log={wanted}").text.split('id="log"')[1].split("</section>")[0]
    bare = desk.send_form(f"/cases/{no}/unmask", reason=" ")
    assert (bare.status_code, PHONE in bare.text.split('id="reporters"')[1]) == (409, False)
    full = desk.send_form(f"/cases/{no}/unmask", reason="电话核实地点")
    assert (full.status_code, PHONE in full.text.split('id="reporters"')[1]) == (200, True)
    (entry,) = town.rows(select(_admin).where(_admin.c.action == "unmask"))
    assert (entry.actor, entry.subject, entry.data["reason"]) == ("centre.duty", no, "电话核实地点")
    english = visit(sqlite_app, "centre.duty", "en").get(f"/cases/{no}").text
    assert "What you can do now" in english
    assert not re.search("[\u4e00-\u9fff]", english.split('id="why"')[1].split("</table>")[0])


def test_units_and_strangers_see_what_they_may(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    case_id, no = new_case(town)
    at(sqlite_app, NOW + timedelta(minutes=9))
    water = visit(sqlite_app, "water.clerk")
    page = water.get(f"/cases/{no}").text
    assert f"/cases/{no}/do/acknowledge?thing=order" in page
    assert PHONE not in page
    assert "查看完整号码" not in page
    assert water.send_form(f"/cases/{no}/unmask", reason="想知道").status_code == 409
    for path in ("", "/do/urge", "/files/1"):
        assert visit(sqlite_app, "garden.clerk").get(f"/cases/{no}{path}").status_code == 404
    assert water.get("/cases/BH-20261120-9999").status_code == 404
    assert water.get("/cases/nonsense").status_code == 404
    moved(town, case_id, sensitive="minor", readers=[])
    assert water.get(f"/cases/{no}").status_code == 404
    assert visit(sqlite_app, "chenghu.leader").get(f"/cases/{no}").status_code == 200


def test_where_an_unannounced_look_comes_from_stays_hidden_from_those_it_is_about(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    case_id, no = new_case(town)
    concealed = "leader_inspection"
    moved(town, case_id, source=concealed)
    assert "领导暗访" not in visit(sqlite_app, "water.clerk").get(f"/cases/{no}").text
    assert "领导暗访" in visit(sqlite_app, "centre.duty").get(f"/cases/{no}").text


def test_what_may_be_the_same_is_shown_with_its_reasons_and_decided(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    first, earlier = new_case(town)
    second, later = new_case(town)
    moved(town, first, lat=31.2, lon=121.4, accuracy_m=20)
    moved(town, second, lat=31.2005, lon=121.4)
    with town.context.database.unit_of_work() as session:
        session.connection().execute(_link.delete())
        row = {
            "case_id": second,
            "other_id": first,
            "kind": DUPLICATE,
            "score": 0.9,
            "reasons": ["near:56 m"],
            "state": "proposed",
            "at": NOW,
        }
        session.connection().execute(_link.insert().values(**row))
    desk = visit(sqlite_app, "centre.duty")
    page = desk.get(f"/cases/{earlier}").text
    assert "可能是同一件" in page
    assert "相距 56 m" in page
    assert f"/cases/{later}/do/merge?thing=case&amp;into={earlier}" in page
    assert re.search(r'class="m-near" cx="170.0" cy="[0-9.]+"', page)
    assert f'value="{earlier}"' in desk.get(f"/cases/{later}/do/merge?thing=case&into={earlier}").text
    assert desk.send_form(f"/cases/{earlier}/links", other=later, do="refuse", reason="").status_code == 409
    assert desk.send_form(f"/cases/{earlier}/links", other=later, do="refuse", reason="两处井盖").status_code == 303
    assert [row.state for row in town.rows(select(_link.c.state))] == ["refused"]


def test_a_page_of_a_case_asks_little_and_the_frame_almost_nothing(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    database = sqlite_app.state.site.database
    case_id, no = new_case(sqlite_town)
    for user in ("centre.duty", "water.clerk"):
        who = visit(sqlite_app, user)
        paths = {f"/cases/{no}": 20, "/inbox": 7, "/cases": 7, "/me": 3}  # two of /me are about one's own account and sessions
        for path, most in paths.items():
            assert who.get(path).status_code == 200, (user, path)
            with asked_of(database) as asked:
                who.get(path)
            assert 0 < len(asked) <= most, (user, path, asked)
    with database.unit_of_work() as session:
        for user in ("centre.duty", "water.clerk", "chenghu.leader"):
            actor = sqlite_town.actor(user)
            anew = list(choices(drafted(session, case_id), actor, NOW))
            assert list(choices(drafted_from(session, read_case(session, no, NOW)), actor, NOW)) == anew != [], user
