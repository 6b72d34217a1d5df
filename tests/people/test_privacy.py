"""Who sees what of a case, who may see who reported it, and that looking is on record."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import LargeBinary, select, type_coerce, update

from models import AdminEntry, Case, Journal, Requester, table
from rules.facts import Actor, Refused
from services import ball
from services.catalogue import catalogue
from services.due_list import Wanted, list_cases, listed_json
from services.intake import Report, submit
from services.listing import Wanted as WantedPage
from services.listing import list_cases as page_of
from services.moves import Setting
from services.privacy.masking import masked, masked_name, masked_phone
from services.privacy.seeing import ANYBODY
from services.privacy.showing import Shown, public, shown
from services.privacy.unmasking import log, unmask
from services.reading import as_json, held_by
from tests.support.town import Town
from tests.support.website import BEARER, HTML, Visitor, app_on, at, visit

PHONE, NAME = "13812345678", "张三丰"
_admin, _requester, _case = table(AdminEntry), table(Requester), table(Case)


def hands_in(town: Town, body: str = "5号楼下水道堵了，污水外溢", *, user: str | None = None, **more: Any) -> int:
    report = Report("下水道堵了", body, **{"area": "chenguang-1", "requester": PHONE, "name": NAME, "phone": PHONE} | more)
    with town.context.database.unit_of_work() as session:
        actor = [catalogue(session).actor(user)] if user else []
        return submit(session, [report], Setting(town.now), *actor)[0].case_id


def as_seen(town: Town, case_id: int, user: str | None) -> Shown:
    viewer = town.actor(user) if user is not None else None
    with town.context.database.unit_of_work() as session:
        return shown(session, town.case(case_id).no, viewer, town.now)


def told(town: Town, case_id: int, user: str | None) -> str:
    """Everything that this viewer is told of the case."""
    found = as_seen(town, case_id, user)
    return str(as_json(found.story, town.now)) + str(found.contacts)


def lines(town: Town, user: str | None, **wanted: Any) -> list[dict[str, Any]]:
    viewer = town.actor(user) if user is not None else None
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        return [listed_json(each, known, town.now) for each in list_cases(session, Wanted(**wanted), 50, viewer, town.now)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [("张三", "张*"), ("欧阳修", "欧*"), (" 李 ", "李*"), ("", "")],
)
def test_a_name_is_masked(given: str, expected: str) -> None:
    assert masked_name(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [("13812345678", "138****5678"), ("051288886666", "051****6666"), ("88886666", "88****66"), ("110", "1****"), ("", "")],
)
def test_a_phone_is_masked(given: str, expected: str) -> None:
    assert masked_phone(given) == expected


def test_numbers_of_people_are_blotted_out_of_sentences() -> None:
    assert masked(f"打{PHONE}，身份证11010519491231002X，单号202611200001") == "打138****，身份证110****，单号202611200001"


def test_the_reporter_is_hidden_from_who_handles_unless_it_must_call(town: Town) -> None:
    case_id = hands_in(town, f"5号楼下水道堵了，请打{PHONE}")
    town.turn()
    lead = next(o for o in town.orders(case_id) if o.lead)
    clerk = f"{lead.code}.clerk"
    found = as_seen(town, case_id, clerk)
    assert found.contacts == ({"name": "张*", "phone": "138****5678"},), "it has not been in touch yet"
    town.order(case_id, "acknowledge", clerk)
    town.order(case_id, "contact", clerk)
    assert as_seen(town, case_id, clerk).contacts == ()
    for user in (clerk, "hubin.clerk", None):
        assert PHONE not in told(town, case_id, user)
        assert NAME not in told(town, case_id, user)
    for user in ("centre.duty", "centre.head", "chenghu.leader"):
        assert as_seen(town, case_id, user).contacts == ({"name": "张*", "phone": "138****5678"},)
        assert NAME not in told(town, case_id, user)


def test_no_contact_means_no_contact(town: Town) -> None:
    case_id = hands_in(town, contact_allowed=False)
    town.turn()
    lead = next(o for o in town.orders(case_id) if o.lead)
    assert as_seen(town, case_id, f"{lead.code}.clerk").contacts == ()
    assert as_seen(town, case_id, "centre.duty").contacts != ()


def test_who_wrote_it_down_and_the_reporter_see_their_own(town: Town) -> None:
    case_id = hands_in(town, source="walk_in", user="chenguang.clerk")
    assert as_seen(town, case_id, "chenguang.clerk").contacts == ({"name": "张*", "phone": "138****5678"},)
    assert as_seen(town, case_id, f"resident:{PHONE}").contacts == ({"name": "张*", "phone": "138****5678"},)
    assert as_seen(town, case_id, "hubin.clerk").story.case["entered_by"] is None
    other = hands_in(town, requester="13700000000", phone="13700000000", name="赵六")
    assert as_seen(town, other, f"resident:{PHONE}").contacts == ()


def test_an_unannounced_inspection_is_a_patrol_to_who_handles(town: Town) -> None:
    case_id = hands_in(town, source="leader_inspection", user="centre.duty", requester=None, name=None, phone=None)
    town.turn()
    lead = next(o for o in town.orders(case_id) if o.lead)
    for user in (f"{lead.code}.clerk", "hubin.clerk"):
        found = told(town, case_id, user)
        assert "leader_inspection" not in found
        assert as_seen(town, case_id, user).story.source == "inspection"
        assert [line["source"] for line in lines(town, user)] == ["inspection"]
        first = as_seen(town, case_id, user).story.journal[0]
        assert (first["action"], first["actor"], first["data"]["source"]) == ("submit", "inspection", "inspection")
    assert as_seen(town, case_id, "centre.duty").story.source == "leader_inspection"
    assert [line["source"] for line in lines(town, "centre.head")] == ["leader_inspection"]
    with town.context.database.unit_of_work() as session:
        assert "leader_inspection" not in str(as_json(public(session, town.case(case_id).no, town.now), town.now))


def test_the_street_that_handles_is_not_told_of_an_unannounced_inspection_by_its_own_centre(town: Town) -> None:
    case_id = hands_in(town, source="leader_inspection", user="chenghu.leader", requester=None, name=None, phone=None)
    assert as_seen(town, case_id, "hubin-centre.duty").story.source == "leader_inspection", "no work of its street is in it"
    town.act(case_id, "accept", "centre.duty")
    town.act(case_id, "file", "centre.duty", category="A01", urgency="P2")
    town.act(case_id, "dispatch", "centre.duty", lead=town.unit_id("hubin"), override=True, reason="街道")
    found = as_seen(town, case_id, "hubin-centre.duty").story
    assert (found.source, found.case["source"], found.case["entered_by"]) == ("inspection", "inspection", None)
    assert (found.journal[0]["action"], found.journal[0]["actor"]) == ("submit", "inspection")
    for word in ("leader_inspection", "chenghu.leader"):
        assert word not in told(town, case_id, "hubin-centre.duty")
    for user in ("centre.duty", "chenghu.leader"):
        assert as_seen(town, case_id, user).story.source == "leader_inspection"


def test_a_rating_is_hidden_from_who_handled_until_the_window_ends(town: Town) -> None:
    case_id = hands_in(town)
    town.turn()
    orders = [o for o in town.orders(case_id) if o.state != "recalled"]
    for order in orders:
        town.order(case_id, "acknowledge", f"{order.code}.clerk", order.code)
        town.order(case_id, "finish", f"{order.code}.clerk", order.code, result="已疏通")
    town.turn()
    town.act(case_id, "pass_check", "centre.duty")
    town.turn()
    town.act(case_id, "rate", f"resident:{PHONE}", solved=False, score=1)
    (clerk,) = {f"{o.code}.clerk" for o in orders if o.lead}
    before = as_seen(town, case_id, clerk).story
    assert (before.case["solved"], before.case["score"]) == (None, None)
    assert [e["data"] for e in before.journal if e["action"] == "rate"] == [{}]
    assert as_seen(town, case_id, "centre.duty").story.case["score"] == 1
    town.now += timedelta(days=60)
    assert as_seen(town, case_id, clerk).story.case["score"] == 1


def test_of_a_sensitive_case_others_learn_the_number_only(town: Town) -> None:
    case_id = hands_in(town)
    other = hands_in(town, "路灯不亮")
    town.act(case_id, "restrict", "centre.duty", kind="minor", reason="孩子受伤")
    no = town.case(case_id).no
    for user in ("hubin.clerk", "water.clerk", None):
        assert not as_seen(town, case_id, user).seen.opened
        (line,) = [each for each in lines(town, user) if each["no"] == no]
        assert line == {"no": no, "sensitive": True, "subject": None}
        listed = [each["no"] for each in lines(town, user, state=town.state(case_id))]
        assert (no in listed, town.case(other).no in listed) == (False, True), "a filter would tell its state"
    for user in ("centre.duty", "centre.head", "chenghu.leader"):
        assert as_seen(town, case_id, user).seen.opened
        assert no in [each["no"] for each in lines(town, user, state=town.state(case_id))]
    with town.context.database.unit_of_work() as session:
        assert no not in [line.no for line in page_of(session, WantedPage(), town.now).cases]
        with pytest.raises(Refused, match="restricted"):
            public(session, no, town.now)


def test_the_web_shows_no_sensitive_case_and_no_reporter(town: Town, tmp_path: Path, encryption_key: bytes) -> None:
    case_id = hands_in(town, f"请打{PHONE}")
    hidden = hands_in(town, "家里的事")
    town.act(hidden, "restrict", "centre.duty", kind="minor", reason="孩子受伤")
    no, secret = town.case(case_id).no, town.case(hidden).no
    app = app_on(town.context.database, tmp_path, encryption_key)
    at(app, town.now)
    with TestClient(app, headers=BEARER) as client:
        assert [c["no"] for c in client.get("/api/cases").json()["cases"]] == [no]
        for path in (f"/api/cases/{secret}", f"/api/cases/{secret}/why"):
            answer = client.get(path, headers=HTML)
            assert answer.status_code == 403
            assert "孩子" not in answer.text
            assert "家里的事" not in answer.text
        found = client.get(f"/api/cases/{no}", headers=HTML).text
        assert PHONE not in found
        assert "138****" in found
        _shows_nothing(visit(app, "hubin.clerk"), no, secret)


def _shows_nothing(clerk: Visitor, no: str, secret: str) -> None:
    """Whoever is signed in and is no reader learns nothing of a sensitive case, and no phone of the other."""
    page = clerk.get("/cases").text
    assert no in page
    assert secret not in page
    assert clerk.get(f"/cases/{secret}").status_code == 404
    found = clerk.get(f"/cases/{no}").text
    assert PHONE not in found
    assert "138****" in found


def test_unmasking_needs_a_reason_and_is_on_record(town: Town) -> None:
    case_id = hands_in(town)
    no = town.case(case_id).no

    def look(user: str, reason: str = "需电话核实地点") -> list[dict[str, str]]:
        with town.context.database.unit_of_work() as session:
            return unmask(session, no, user, reason, town.now)

    for user, reason, code in (
        ("centre.duty", " ", "unmask_reason_missing"),
        ("water.clerk", "想看看", "unmask_not_yours"),
        ("chenguang.clerk", "想看看", "unmask_not_yours"),
        ("nobody", "想看看", "unknown_user"),
    ):
        with pytest.raises(Refused, match=code):
            look(user, reason)
    assert town.rows(select(_admin)) == [], "who saw nothing is not on record as having seen"
    assert look("centre.duty", f"回拨{PHONE}") == [{"name": NAME, "phone": PHONE}]
    assert look("chenghu.leader")[0]["name"] == NAME
    with town.context.database.unit_of_work() as session:
        newest, oldest = log(session, 10)
    assert (newest["user"], oldest["user"], oldest["no"], oldest["reason"]) == ("chenghu.leader", "centre.duty", no, "回拨138****")
    assert [(row.action, row.subject) for row in town.rows(select(_admin))] == [("unmask", no)] * 2


def test_of_a_sensitive_case_only_readers_learn_who_reported_it(town: Town) -> None:
    case_id = hands_in(town)
    town.act(case_id, "restrict", "centre.duty", kind="minor", reason="孩子受伤")
    readers = set(town.case(case_id).readers)
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        outsider = next(p.name for p in known.people.values() if p.role == "dispatcher" and p.id not in readers)
        with pytest.raises(Refused, match="restricted"):
            unmask(session, town.case(case_id).no, outsider, "核实", town.now)
    with town.context.database.unit_of_work() as session:
        assert unmask(session, town.case(case_id).no, "centre.duty", "核实", town.now)


def test_nobody_is_unmasked_of_an_anonymous_report(town: Town) -> None:
    case_id = hands_in(town, requester=None, name=None, phone=None)
    with pytest.raises(Refused, match="nobody_named"), town.context.database.unit_of_work() as session:
        unmask(session, town.case(case_id).no, "centre.duty", "核实", town.now)


def test_personal_data_are_sealed_and_the_journal_holds_none(town: Town) -> None:
    case_id = hands_in(town)
    town.turn()
    sealed = (type_coerce(_requester.c[name], LargeBinary).label(name) for name in ("name", "phone"))
    kept = town.rows(select(*sealed))
    assert all(NAME.encode() not in bytes(row.name) and PHONE.encode() not in bytes(row.phone) for row in kept)
    entries = " ".join(str(row) for row in town.rows(select(table(Journal)).where(table(Journal).c.case_id == case_id)))
    assert NAME not in entries
    assert PHONE not in entries


def test_anybody_is_nobody_in_particular(town: Town) -> None:
    case_id = hands_in(town)
    with town.context.database.unit_of_work() as session:
        session.execute(update(_case).where(_case.c.id == case_id).values(entered_by=ANYBODY.name))
        found = shown(session, town.case(case_id).no, ANYBODY, town.now)
    assert (found.contacts, found.seen.words) == ((), False)
    assert not ANYBODY.roles
    assert Actor("web") == ANYBODY


def test_the_trail_is_that_of_the_ball_and_goes_on_until_the_end(town: Town) -> None:
    case_id = hands_in(town)
    town.fast_forward(hours=1)
    (clerk,) = {f"{o.code}.clerk" for o in town.orders(case_id) if o.lead}
    town.order(case_id, "acknowledge", clerk)
    town.now += timedelta(minutes=95)
    story = as_seen(town, case_id, "centre.duty").story
    trail = held_by(story)
    assert all(a.until == b.since for a, b in pairwise(trail))
    assert (trail[0].since, trail[-1].until) == (story.case["submitted_at"], None)
    sums: dict[int | None, timedelta] = {}
    for each in trail:
        sums[each.unit_id] = sums.get(each.unit_id, timedelta()) + (each.until or town.now) - each.since
    assert sums == ball.by_unit(story.spells)
    assert sum(sums.values(), timedelta()) == town.now - story.case["submitted_at"]
