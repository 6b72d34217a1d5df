"""The ladders on their page: drawn, edited as a whole in a draft, and published with the limits of that version."""

import re
from typing import Any

from fastapi import FastAPI

from services.catalogue import catalogue
from services.policies.stored import policy_file
from services.policy_files import seeded_policy
from tests.support.town import Town
from tests.support.website import NOW, visit

PATH = "/config/ladders"


def form_in(page: str) -> dict[str, Any]:
    """The fields of the rungs as a browser would send them back."""
    own = page[page.index('id="edit"') :]
    fields: dict[str, Any] = dict(re.findall(r'<input class="[^"]*" id="[^"]*" name="(r\d+_\w+)" value="([^"]*)"', own))
    for name, inner in re.findall(r'<select class="select"[^>]* name="(r\d+_\w+)"[^>]*>(.*?)</select>', own):
        chosen = re.search(r'<option value="([^"]*)" selected', inner) or re.search(r'<option value="([^"]*)"', inner)
        fields[name] = chosen[1] if chosen else ""
    for name, value in re.findall(r'<input type="checkbox" name="(r\d+_\w+)" value="([^"]*)" checked', own):
        fields.setdefault(name, []).append(value)
    return fields


def rungs(town: Town, version: int, code: str) -> list[dict[str, Any]]:
    with town.context.database.unit_of_work() as session:
        return [dict(rung) for rung in next(each for each in policy_file(session, version).ladders if each.code == code).rungs]


def test_a_ladder_is_drawn_with_who_is_told_when(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    duty = visit(sqlite_app, "centre.duty")
    page = duty.get(PATH).text
    drawing = page[page.index('<svg class="chart"') : page.index("</svg>", page.index('<svg class="chart"'))]
    assert all(each in drawing for each in ("50%", "80%", "100%", "200%", "单位负责人", "区值班领导", "到期前1个工作日", "超期5个工作日"))
    assert "例：一般件，处置5个工作日" in page
    assert "新建草稿" not in page
    assert duty.get(f"{PATH}?l=moon").status_code == 409
    assert visit(sqlite_app, "water.clerk").get(PATH).status_code == 409


def test_every_ladder_of_the_seeds_can_be_shown(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    duty = visit(sqlite_app, "centre.duty", "en")
    for ladder in seeded_policy().ladders:
        answer = duty.get(f"{PATH}?l={ladder.code}")
        assert answer.status_code == 200, ladder.code
        assert not re.search("[\u4e00-\u9fff]", answer.text.split("<main")[1]), ladder.code


def test_rungs_are_edited_in_a_draft_and_published(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    admin, head = visit(sqlite_app, "admin"), visit(sqlite_app, "centre.head")
    assert admin.send_form(PATH, do="draft", l="acknowledge_p0").headers["location"] == f"{PATH}?v=2&l=acknowledge_p0"
    about = {"do": "rungs", "v": "2", "l": "acknowledge_p0"}
    fields = form_in(admin.get(f"{PATH}?v=2&l=acknowledge_p0").text)
    admin.send_form(PATH, **about, **fields)  # sent back as it came: nothing is written
    assert rungs(sqlite_town, 2, "acknowledge_p0") == rungs(sqlite_town, 1, "acknowledge_p0")
    assert "改升级阶梯" not in admin.get("/config/sla?v=2").text
    more: dict[str, Any] = {"r7_code": "call_6", "r7_number": "1600", "r7_unit": "%", "r7_act": "tell"}
    more |= {"r7_notice": "emergency_call", "r7_to": ["duty", "centre_head"]}
    written = admin.send_form(PATH, **about, **fields | {"r0_number": "90", "r6_drop": "yes"} | more)
    assert written.headers["location"] == f"{PATH}?v=2&l=acknowledge_p0&done=written"
    now = rungs(sqlite_town, 2, "acknowledge_p0")
    assert [rung["at"] for rung in now] == ["90%", "200%", "300%", "400%", "600%", "800%", "1600%"]
    assert now[-1]["to"] == ["duty", "centre_head"]
    assert "与现行不同" in admin.get(f"{PATH}?v=2&l=acknowledge_p0").text
    assert "特急件签收" in head.get("/config/sla?v=2").text.split('id="publish"')[1]
    assert head.send_form("/config/sla", do="publish", v="2", treatment="keep").status_code == 303
    with sqlite_town.context.database.unit_of_work() as session:
        known = catalogue(session)
        assert known.ladder(known.policy_at(NOW), "acknowledge_p0").rungs[0].permille == 900


def test_a_rung_that_cannot_be_is_refused_and_kept(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    admin = visit(sqlite_app, "admin")
    admin.send_form(PATH, do="draft", l="acknowledge")
    about = {"do": "rungs", "v": "2", "l": "acknowledge"}
    fields = form_in(admin.get(f"{PATH}?v=2&l=acknowledge").text)
    for wrong, why in (({"r0_number": "0"}, "请写 1% 以上"), ({"r0_number": "soon"}, "这一档不能用"), ({"r1_code": "urge"}, "出现了两次")):
        refused = admin.send_form(PATH, **about, **fields | wrong)
        assert (refused.status_code, why in refused.text) == (409, True), wrong
        name, value = next(iter(wrong.items()))
        assert re.search(f'name="{name}" value="{value}"', refused.text)
    gone = admin.send_form(PATH, **about, **fields | {"r0_drop": "yes", "r1_drop": "yes"})
    assert (gone.status_code, "没有任何一档" in gone.text) == (409, True)
    assert rungs(sqlite_town, 2, "acknowledge") == rungs(sqlite_town, 1, "acknowledge")
    published = admin.send_form(PATH, **about | {"v": "1"}, **fields)
    assert (published.status_code, "已不是草稿" in published.text) == (409, True)
