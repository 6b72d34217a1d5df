"""What a reviewer found in affairs, each as a test: refiling, merging, refused moves in a batch, rests, ends, further cases."""

from datetime import timedelta

import pytest

from rules.facts import Refused, Thing
from services.affairs import affairs
from services.affairs.acting import Ask, act, choices_of
from services.affairs.reading import find
from services.catalogue import catalogue
from services.moves import Intent, Moved, Setting, make_moves
from tests.support.beside import does, opens, part_of, seen
from tests.support.sound import complaints
from tests.support.town import Town


def _whistle(town: Town, *cases: str, **more: object) -> str:
    return opens(town, "hubin.clerk", "whistle", *cases, called=(town.unit_id("urban"), town.unit_id("water")), title="联合清理", **more).no


def _due(town: Town, no: str) -> dict[int, object]:
    return {c["part_no"]: c["due_at"] for c in seen(town, no).clocks}


def test_refiling_the_case_leaves_the_clocks_of_its_affairs(town: Town) -> None:
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    town.act(case, "recall", "centre.duty", reason="类别错了")
    no = _whistle(town, town.case(case).no, limit="8h")
    before = _due(town, no)
    town.act(case, "refile", "centre.duty", category=town.case(case).category, urgency="P2")
    assert _due(town, no) == before
    assert complaints(town.context.database, town.now) == []


def test_merging_cases_leaves_the_clocks_of_their_affairs(town: Town) -> None:
    first, second = (town.reports(text) for text in ("路口油烟扰民", "路口烧烤油烟太大"))
    town.turn()
    slow, fast = _whistle(town, town.case(first).no, limit="8h"), _whistle(town, town.case(second).no, limit="30m")
    before = _due(town, slow), _due(town, fast)
    town.act(second, "merge", "centre.duty", into=first)
    assert (_due(town, slow), _due(town, fast)) == before
    assert complaints(town.context.database, town.now) == []


def test_a_refused_opening_leaves_nothing_and_no_gap_in_the_numbers(town: Town) -> None:
    case = town.reports("路口油烟扰民")
    town.turn()
    clerk, urban = town.actor("hubin.clerk"), (town.unit_id("urban"),)

    def blow(title: str, **more: object) -> Intent:
        return Intent(case, "whistle", clerk, args={"title": title, "called": urban, **more})

    for batch, made in (
        ([blow("一", limit="soon")], []),
        (
            [blow("二", limit="soon"), Intent(case, "supervise", town.actor("centre.head"), args={"unit": urban[0], "demand": "限期整改"})],
            [],
        ),
    ):
        with town.context.database.unit_of_work() as session:
            outcomes = make_moves(session, batch, Setting(town.now))
            assert isinstance(outcomes[0], Refused)
        with town.context.database.unit_of_work() as session:
            assert [line.no for line in affairs(session)] == made
    assert _whistle(town, town.case(case).no).endswith("-0001")
    assert complaints(town.context.database, town.now) == []


def test_a_case_that_rests_goes_on_resting(town: Town) -> None:
    case = town.reports("学校门口的事没人管")
    town.turn()
    assert town.case(case).attend_at is None
    entries = len(town.journal(case))
    for _ in range(2):
        _whistle(town, town.case(case).no)
        town.turn()
    assert [e.action for e in town.journal(case)][entries:].count("unclaimed") == 0


def test_parts_of_what_has_ended_move_no_more(town: Town) -> None:
    no = _whistle(town)
    does(town, no, "cancel", "hubin.clerk", reason="改日")
    with pytest.raises(Refused, match="affair_ended"):
        does(town, no, "report_in", "urban.clerk", part_of(town, no, "urban"), way="on_site")


def test_further_cases_hear_how_it_ended(town: Town) -> None:
    cases = [town.reports(text) for text in ("路口油烟扰民", "消防通道被堵死")]
    town.turn()
    no = _whistle(town, *(town.case(c).no for c in cases))
    for unit in ("urban", "water"):
        does(town, no, "report_in", f"{unit}.clerk", part_of(town, no, unit), way="on_site")
    does(town, no, "end", "hubin.clerk", result="已清理")
    told = [e for e in town.journal(cases[1]) if e.action.startswith("affair_")]
    assert [e.action for e in told] == ["affair_opened", "affair_moved"]
    assert told[1].data["affair"] == no
    assert complaints(town.context.database, town.now) == []


def test_an_affair_is_opened_only_on_cases_that_one_may_open_it_on(town: Town) -> None:
    near, sensitive, far = (
        town.reports("路口油烟扰民"),
        town.reports("邻居家孩子被打", "楼上孩子天天被打，哭"),
        town.reports("路灯不亮", area="shiban-1"),
    )
    town.turn()
    for other, code in ((sensitive, "restricted"), (far, "not_yours")):
        with pytest.raises(Refused, match=code):
            _whistle(town, town.case(near).no, town.case(other).no)
    with town.context.database.unit_of_work() as session:
        assert affairs(session) == []
    assert "affair_opened" not in [e.action for e in town.journal(sensitive)]


def test_who_has_a_part_in_it_goes_on_when_the_case_becomes_sensitive(town: Town) -> None:
    case = town.reports("路口油烟扰民")
    town.turn()
    no = _whistle(town, town.case(case).no, limit="8h")
    town.act(case, "restrict", "centre.duty", kind="minor", reason="涉未成年人")
    does(town, no, "report_in", "water.clerk", part_of(town, no, "water"), way="on_site")
    does(town, no, "excuse", "hubin.clerk", part_of(town, no, "urban"), reason="不用来了")
    with pytest.raises(Refused, match="restricted"):
        does(town, no, "end", "traffic.clerk", result="x")
    assert seen(town, no).affair["state"] == "gathered"


def test_a_title_with_sensitive_words_can_be_opened_by_who_wrote_it(town: Town) -> None:
    no = opens(town, "hubin.clerk", "whistle", called=(town.unit_id("urban"),), title="邻居家孩子被打，联合上门").no
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        assert affairs(session) == [], "it is on no list"
        assert [c.action for c in choices_of(session, no, known.actor("urban.clerk")).choices] == ["report_in"]
        with pytest.raises(Refused, match="restricted"):
            choices_of(session, no, known.actor("water.clerk"))


def test_a_moment_has_to_lie_ahead(town: Town) -> None:
    for moment, code in ((town.now - timedelta(days=3), "moment_past"), (town.now + timedelta(days=4000), "moment_too_far")):
        with pytest.raises(Refused, match=code):
            _whistle(town, limit=moment.isoformat())


def test_moves_in_one_batch_see_what_the_others_did(town: Town) -> None:
    no = _whistle(town)
    with town.context.database.unit_of_work() as session:
        ref = find(session, no)
        parts = (part_of(town, no, "urban"), part_of(town, no, "water"))
        users = ("urban.clerk", "water.clerk")
        intents = [
            Intent(ref.case_id, "report_in", town.actor(u), Thing.CALL, p, {"way": "on_site"}) for u, p in zip(users, parts, strict=True)
        ]
        assert all(isinstance(o, Moved) for o in make_moves(session, intents, Setting(town.now)))
    assert seen(town, no).affair["state"] == "gathered"
    with town.context.database.unit_of_work() as session, pytest.raises(Refused, match="unknown_affair"):
        act(session, Ask("CS-20200101-0001", "end"), town.actor("hubin.clerk"), Setting(town.now))
