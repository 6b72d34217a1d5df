"""A town with cases and affairs: the figures of cases are the same as without, and what is shown of a case names its affairs."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select, update

from models import Case, Journal, table
from rules.facts import Refused, State
from services import ball
from services.affairs.acting import choices_of
from services.affairs.reading import opened_affair
from services.catalogue import catalogue
from services.due_list import Wanted, list_cases, listed_json
from services.duplicates.candidates import find
from services.listing import Wanted as Page
from services.listing import list_cases as page_of
from services.metrics import read_figures
from services.people.handover import prepare
from services.people.handover import shown as handed
from services.policies.trial import DryRun, dry_run
from services.privacy.opening import hidden_affairs
from services.privacy.seeing import ANYBODY
from services.privacy.showing import public, shown
from services.reading import as_json
from services.units.affected import affected
from services.why import explain, lines
from tests.support.beside import does, opens, part_of, seen
from tests.support.sound import complaints
from tests.support.town import Town

TEXT = "晨光小区5号楼下水道堵了，污水外溢"


def figures(town: Town) -> Mapping[str, Any]:
    """What is counted and listed of cases, each by what reads it."""
    with town.context.database.unit_of_work() as session:
        known, whole = catalogue(session), read_figures(session, town.now)
        (version,) = {case.policy_version for case in session.connection().execute(select(table(Case).c.policy_version))}
        hubin = known.unit_ids["chenguang-1"]
        return {
            "open": whole.cases,
            "ended": whole.cases_ended,
            "page": [line.no for line in page_of(session, Page(), town.now).cases],
            "list": [each.case["no"] for each in list_cases(session, Wanted(), 50, None, town.now)],
            "open list": [each.case["no"] for each in list_cases(session, Wanted(open_only=True), 50, None, town.now)],
            "trial": _counts(dry_run(session, version, _reproject(), town.now)),
            "area": affected(session, known, hubin, town.now).area,
        }


def _reproject() -> Any:
    from services.policies.stored import Treatment

    return Treatment.REPROJECT


def _counts(found: DryRun) -> tuple[int, int]:
    return found.cases, found.clocks


def test_figures_of_cases_are_the_same_with_and_without_affairs(town: Town) -> None:
    ended = town.reports("问一下社区办公时间")
    town.turn()
    town.act(ended, "answer", "centre.duty", result="工作日 9 点到 17 点")
    town.reports(TEXT)
    case = town.reports(TEXT + "，请来人疏通")
    town.turn()
    before = figures(town)
    called = (town.unit_id("urban"), town.unit_id("water"))
    apart = opens(town, "hubin.clerk", "whistle", called=called, title=TEXT, area="chenguang-1", place="5号楼")
    opens(town, "hubin.clerk", "whistle", town.case(case).no, called=called, title="现场会商")
    assert figures(town) == before
    does(town, apart.no, "cancel", "hubin.clerk", reason="已另行安排")
    assert figures(town) == before
    with town.context.database.unit_of_work() as session:
        assert [page_of(session, Page(state=State.BESIDE), town.now).cases] == [()]
        beside = list_cases(session, Wanted(state="beside"), 50, None, town.now)
        assert [each.case["state"] for each in beside] == ["beside"], "it is listed where it is asked for"
    later = town.reports(TEXT + "，请来人疏通")
    with town.context.database.unit_of_work() as session:
        alike = {candidate.other_id for candidate in find(session, [later], town.now)}
        assert case in alike
        assert apart.case_id not in alike
    assert complaints(town.context.database, town.now) == []


def test_a_case_names_its_affairs_and_their_clocks(town: Town) -> None:
    case, other = (town.reports(text) for text in ("夜市油烟扰民", "占道经营，行人只能走机动车道"))
    town.turn()
    no, further = town.case(case).no, town.case(other).no
    began = opens(town, "hubin.clerk", "whistle", no, further, called=(town.unit_id("urban"),), title="夜市联合处置")
    does(town, began.no, "report_in", "urban.clerk", part_of(town, began.no, "urban"), way="on_site")
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        told = as_json(shown(session, no, known.actor("urban.clerk"), town.now).story, town.now)
        (beside,) = told["affairs"]
        assert (beside["no"], beside["kind"], beside["state"], beside["kept_here"]) == (began.no, "whistle", "gathered", True)
        assert beside["due"] is not None
        own = {clock["kind"]: clock["affair"] for clock in told["clocks"] if clock["stopped_at"] is None}
        assert own["solve"] == began.no
        assert own["overall"] is None
        named = [entry["action"] for entry in told["journal"] if entry["affair"] == began.no]
        assert named == ["whistle", "report_in", "gather"]
        (linked,) = as_json(shown(session, further, None, town.now).story, town.now)["affairs"]
        assert (linked["no"], linked["case"], linked["kept_here"]) == (began.no, no, False)
        heads = {each.kind: lines(each, "zh")[0] for each in explain(session, no, town.now)}
        assert f"（{began.no}）" in heads["solve"]
        assert "CS-" not in heads["overall"]
        for page in (public(session, no, town.now), public(session, further, town.now)):
            assert began.no not in str(as_json(page, town.now))
            assert [clock for clock in page.clocks if clock["affair_seq"] is not None] == []
            assert not {"whistle", "report_in", "gather", "affair_opened"} & {entry["action"] for entry in page.journal}


def test_what_waits_for_somebody_is_listed_by_its_affair(town: Town) -> None:
    apart = opens(town, "hubin.clerk", "whistle", called=(town.unit_id("urban"),), title="联合清理")
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        (line,) = list_cases(session, Wanted(mine=True), 50, known.actor("urban.clerk"), town.now)
        told = listed_json(line, known, town.now)
        assert (told["clock"], told["affair"], told["part"], told["state"]) == ("report_in", apart.no, 1, "beside")
        number = prepare(session, "urban.clerk", "urban.head", "", town.now)
        assert [(i["affair"], i["part"], i["order"]) for i in handed(session, number)["items"]] == [(apart.no, 1, None)]


def test_the_file_of_an_affair_is_held_by_its_owner_until_that_ends(town: Town) -> None:
    apart = opens(town, "hubin.clerk", "whistle", called=(town.unit_id("urban"),), title="联合清理")
    town.fast_forward(hours=1)
    does(town, apart.no, "cancel", "hubin.clerk", reason="不用了")
    town.fast_forward(hours=5)
    with town.context.database.unit_of_work() as session:
        spells = ball.held(session, [apart.case_id], town.now)[apart.case_id]
        assert {spell.unit_id for spell in spells} == {town.unit_id("hubin")}
        assert sum(ball.minutes(ball.by_unit(spells)).values()) == 60
        story = shown(session, town.case(apart.case_id).no, None, town.now).story
        assert as_json(story, town.now)["held_by"][-1]["until"] is not None
        with pytest.raises(Refused, match="unknown_case"):
            public(session, town.case(apart.case_id).no, town.now)


def test_affairs_of_a_sensitive_case_open_for_its_readers_only(town: Town) -> None:
    case = town.reports("邻居家孩子常被打，哭声很大")
    town.turn()
    no = town.case(case).no
    began = opens(town, "centre.duty", "whistle", no, called=(town.unit_id("urban"),), title="联合上门")
    if town.case(case).sensitive is None:
        town.act(case, "restrict", "centre.duty", kind="minor", reason="涉未成年人")
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        reader = known.by_id[town.case(case).readers[0]].name
        assert opened_affair(session, began.no, known.actor(reader)).affair["no"] == began.no
        for viewer in (known.actor("traffic.clerk"), None):
            with pytest.raises(Refused, match="restricted"):
                opened_affair(session, began.no, viewer)
        with pytest.raises(Refused, match="restricted"):
            choices_of(session, began.no, known.actor("traffic.clerk"))
        assert choices_of(session, began.no, known.actor(reader)).no == began.no
    with pytest.raises(Refused, match="restricted"):
        does(town, began.no, "report_in", "traffic.clerk", part_of(town, began.no, "urban"), way="on_site")


def test_of_a_hidden_affair_others_learn_nothing(town: Town) -> None:
    from models import Affair

    case = town.reports("夜市油烟扰民")
    town.turn()
    no = town.case(case).no
    began = opens(town, "hubin.clerk", "whistle", no, called=(town.unit_id("urban"),), title="联合处置")
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(table(Affair)).values(hidden=True))
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        for viewer in (None, known.actor("traffic.clerk"), ANYBODY):
            assert began.no not in str(as_json(shown(session, no, viewer, town.now).story, town.now)), viewer
        assert began.no in str(as_json(shown(session, no, known.actor("hubin.clerk"), town.now).story, town.now))
        assert hidden_affairs(session, case, None) == {began.seq}
        assert hidden_affairs(session, case, "hubin.clerk") == set()
        with pytest.raises(Refused, match="unknown_affair"):
            opened_affair(session, began.no, None)
    assert seen(town, began.no).affair["no"] == began.no
    assert town.rows(select(table(Journal).c.seq).where(table(Journal).c.case_id == case)) != []
