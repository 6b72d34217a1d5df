"""The supervision desk: many signed at once, a unit answers its own with proof, somebody else looks, it is written off."""

import re
from typing import Any

from fastapi import FastAPI

from services.desks import orders
from tests.support.in_hand import in_hand
from tests.support.pictures import photo
from tests.support.town import Town
from tests.support.website import Visitor, visit


def act(who: Visitor, link: str, do: str, files: Any = None, **typed: Any) -> Any:
    page = who.get(link)
    assert page.status_code == 200, page.text
    assert f'name="do" value="{do}"' in page.text, page.text
    found = re.search(r'name="version" value="(\d+)"', page.text)
    assert found is not None
    return who.send_form(link, files, version=found[1], do=do, **typed)


def test_an_order_from_proposal_to_write_off(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    town = sqlite_town
    cases = [in_hand(town), in_hand(town, phone="10000000002")]
    seqs = [town.supervise(case, "centre.duty", "water", f"三天内修好第{n}处") for n, case in enumerate(cases, 1)]
    links = [f"/desks/supervision/{town.case(case).no}/{seq}" for case, seq in zip(cases, seqs, strict=True)]
    leader, water, desk = (visit(sqlite_app, user) for user in ("chenghu.leader", "water.clerk", "centre.duty"))
    page = leader.get("/desks/supervision").text
    assert "三天内修好第1处" in page
    assert "签发选中的" in page
    assert "签发选中的" not in desk.get("/desks/supervision").text  # proposes, does not sign
    hidden = water.get(links[0])
    assert hidden.status_code == 404  # not signed, not sent
    labels = re.findall(r'name="row" value="([^"]+)"', page)
    assert len(labels) == 2
    none = leader.send_form("/desks/supervision")
    assert (none.status_code, "没有选中督办单" in none.text) == (409, True)
    assert desk.send_form("/desks/supervision", row=labels).status_code == 409
    signed = leader.send_form("/desks/supervision", row=labels)
    assert signed.status_code == 303, signed.text
    assert "已签发2张" in leader.get(signed.headers["location"]).text
    assert {town.supervision(case)[-1].state for case in cases} == {"signed"}
    # the unit finds it, and answers with proof
    assert "等着2件" in water.get("/desks").text
    own = water.get("/desks/supervision").text
    assert links[0] in own
    bare = act(water, links[0], "reply", result="已更换管道", after="")
    assert (bare.status_code, 'role="alert"' in bare.text, "已更换管道" in bare.text) == (409, True, True)
    assert (
        act(
            water, links[0], "reply", [("after_files", ("a.jpg", photo(), "image/jpeg"))], result="已更换管道", after="现场照片"
        ).status_code
        == 303
    )
    answered = desk.get(links[0]).text
    assert "已更换管道" in answered
    picture = re.search(r'src="(/desks/supervision/[^"]+/files/\d+)"', answered)
    assert picture is not None
    assert desk.get(picture[1]).headers["content-type"] == "image/jpeg"
    assert visit(sqlite_app, "traffic.clerk").get(picture[1]).status_code == 404
    assert 'value="pass_check"' not in water.get(links[0]).text
    assert act(desk, links[0], "fail_check", reason="又漏了").status_code == 303
    assert act(water, links[0], "reply", result="重新接好", after="复查照片见附件").status_code == 303
    assert act(desk, links[0], "pass_check").status_code == 303
    done = act(leader, links[0], "write_off")
    assert done.status_code == 303
    assert town.supervision(cases[0])[-1].state == "written_off"
    assert "没有要您办的" in leader.get(done.headers["location"]).text
    assert act(leader, links[1], "withdraw", reason="重复").status_code == 303
    ended = leader.get("/desks/supervision?part=ended").text
    assert all(link in ended for link in links)


def test_who_sees_which_order_on_both_databases(town: Town) -> None:
    case = in_hand(town)
    seq = town.supervise(case, "centre.duty", "water")
    people = ("chenghu.leader", "centre.duty", "water.clerk", "housing.clerk", "chenguang.clerk", "traffic.clerk", "chenguang-1.worker")

    def seen() -> dict[str, dict[str, int]]:
        with town.context.database.unit_of_work() as session:
            found = {user: orders.counted(session, town.actor(user)) for user in people}
            assert {u: len(orders.listed(session, town.actor(u), "proposed")) for u in people} == {
                u: n["proposed"] for u, n in found.items()
            }
        return {user: {part: n for part, n in counts.items() if n} for user, counts in found.items()}

    assert seen() == {"chenghu.leader": {"proposed": 1}, "centre.duty": {"proposed": 1}} | {u: {} for u in people[2:]}
    town.sign(case, "sign", "chenghu.leader", seq)
    near = ("chenghu.leader", "centre.duty", "water.clerk", "chenguang.clerk", "chenguang-1.worker")
    assert seen() == {user: {"signed": 1} if user in near else {} for user in people}
