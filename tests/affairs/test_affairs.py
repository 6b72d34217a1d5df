"""Affairs beside the loop: opened, numbered, hidden, switched off; their limits, their clocks after downtime, two at once."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models import Affair, AffairPart, Case, begin_write, table
from rules import handling
from rules.facts import Refused, State
from services.affairs import Plan, affairs, begin, sheet
from services.affairs.acting import Ask, act, choices_of
from services.catalogue import catalogue
from services.listing import Wanted, list_cases
from services.mechanisms import is_on, standings, switch
from services.moves import Setting
from services.people.leaving import ask_leave, leaving
from services.units import asking
from services.why import Which, explain, lines
from tests.support.beside import does, opens, part_of, seen
from tests.support.sound import complaints
from tests.support.town import Town


def _whistle(town: Town, **more: object) -> str:
    return opens(town, "hubin.clerk", "whistle", called=(town.unit_id("urban"), town.unit_id("water")), title="联合清理", **more).no


def test_one_that_belongs_to_no_case_is_kept_apart_from_cases(town: Town) -> None:
    first, second = _whistle(town), _whistle(town)
    day = "CS-20261120-"
    assert (first, second) == (f"{day}0001", f"{day}0002"), "numbered without gaps, by the local day"
    town.turn()
    with town.context.database.unit_of_work() as session:
        assert list_cases(session, Wanted(), town.now).cases == ()
        found = list_cases(session, Wanted(state=State.BESIDE), town.now).cases
        assert found == (), "not where cases are listed either"
        assert [line.no for line in affairs(session, open_only=True)] == [second, first]
    assert complaints(town.context.database, town.now) == []


def test_what_cannot_be_opened_is_refused_and_leaves_nothing(town: Town) -> None:
    urban = (town.unit_id("urban"),)
    for code, args in (
        ("called_missing", {"title": "x"}),
        ("called_missing", {"called": urban}),
        ("calls_itself", {"title": "x", "called": (town.unit_id("hubin"),)}),
        ("unknown_unit", {"title": "x", "called": (99_999,)}),
        ("limit_unreadable", {"title": "x", "called": urban, "limit": "soon"}),
        ("moment_unreadable", {"title": "x", "called": urban, "at": "2026-11-20T15:00"}),
        ("text_too_long", {"title": "长" * 121, "called": urban}),
    ):
        with pytest.raises(Refused) as refusal:
            opens(town, "hubin.clerk", "whistle", **args)
        assert refusal.value.code == code, args
    with pytest.raises(Refused, match="unknown_case"):
        opens(town, "hubin.clerk", "whistle", "BH-20200101-0001", title="x", called=urban)
    with pytest.raises(Refused, match="not_yours"):
        opens(town, "water.clerk", "whistle", title="x", called=urban, area="hubin")
    with town.context.database.unit_of_work() as session:
        run = session.connection().execute
        assert run(select(table(Affair).c.no)).all() == run(select(table(Case).c.no)).all() == []
    assert _whistle(town) == "CS-20261120-0001", "no number was used up"


def test_a_limit_is_a_length_or_a_moment(town: Town) -> None:
    until = town.now + timedelta(minutes=47)
    for limit, due in (("2h", town.now + timedelta(hours=2)), (until.isoformat(), until), (None, town.now + timedelta(minutes=30))):
        clocks = seen(town, _whistle(town, limit=limit)).clocks
        assert [c["due_at"] for c in clocks] == [due, due], limit


def test_a_mechanism_that_is_off_opens_nothing_and_finishes_what_it_began(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    no = _whistle(town)
    with town.context.database.unit_of_work() as session:
        admin, clerk = catalogue(session).actor("admin"), catalogue(session).actor("hubin.clerk")
        with pytest.raises(Refused, match="not_yours"):
            switch(session, "whistle", clerk, town.now, on=False)
        with pytest.raises(Refused, match="mechanism_core"):
            switch(session, "levels", admin, town.now, on=False)
        with pytest.raises(Refused, match="unknown_mechanism"):
            switch(session, "gossip", admin, town.now, on=False)
        assert switch(session, "whistle", admin, town.now, on=False)
        assert not switch(session, "whistle", admin, town.now, on=False), "again changes nothing"
    with pytest.raises(Refused, match="mechanism_off"):
        _whistle(town)
    does(town, no, "report_in", "urban.clerk", part_of(town, no, "urban"), way="on_site")
    with town.context.database.unit_of_work() as session:
        assert switch(session, "whistle", admin, town.now, on=True)
    _whistle(town)
    monkeypatch.delitem(handling.HANDLING, "whistle")
    with pytest.raises(Refused, match="mechanism_off"):
        _whistle(town)


def test_what_the_law_is_wary_of_is_off_until_somebody_switches_it_on(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        assert {s.code for s in standings(session) if not s.on} == {"points", "ranking"}
        assert not is_on(session, "points")


def test_after_downtime_every_rung_fires_once_and_the_highest_is_heard(town: Town) -> None:
    no = _whistle(town)
    town.turn()
    town.now += timedelta(hours=5)
    town.turn()
    found = seen(town, no)
    assert [p["state"] for p in found.parts] == ["absent", "absent"]
    fired = [entry["action"] for entry in found.journal if entry["thing"] == "clock"]
    assert sorted(fired) == sorted(["remind", "absent", "late"] * 2)
    town.turn()
    assert seen(town, no).journal == found.journal, "nothing fires twice"
    assert complaints(town.context.database, town.now) == []


def test_what_can_be_done_next_is_said_and_a_stranger_may_do_nothing(town: Town) -> None:
    no = _whistle(town)
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        own = choices_of(session, no, known.actor("urban.clerk")).choices
        assert [(c.part, c.action) for c in own] == [(1, "report_in")]
        assert choices_of(session, no, known.actor("traffic.clerk")).choices == ()
        for ask, code in (
            (Ask(no, "report_in", 7), "unknown_part"),
            (Ask("CS-20200101-0001", "end"), "unknown_affair"),
            (Ask(no, "gather"), "wrong_state"),
        ):
            with pytest.raises(Refused, match=code):
                act(session, ask, known.actor("hubin.clerk"), Setting(town.now))


def test_numbers_and_parts_hold_when_two_open_at_once(town: Town) -> None:
    case = town.case(town.reports("路口油烟扰民")).no
    called = (town.unit_id("urban"),)
    failures: list[Exception] = []

    def one_more() -> None:
        try:
            opens(town, "hubin.clerk", "whistle", case, title="联合清理", called=called)
        except Exception as problem:  # shown by the assertion below
            failures.append(problem)

    threads = [threading.Thread(target=one_more) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with town.context.database.unit_of_work() as session:
        assert sorted(line.no[-4:] for line in affairs(session)) == ["0001", "0002", "0003", "0004"]
        parts = [p["no"] for line in affairs(session) for p in sheet(session, line.no).parts]
    assert sorted(parts) == [1, 2, 3, 4]
    assert complaints(town.context.database, town.now) == []


def test_an_affair_of_a_sensitive_case_is_for_its_readers(town: Town) -> None:
    case = town.reports("邻居家孩子被打", "楼上孩子天天被打，哭")
    town.turn()
    no = town.case(case).no
    town.act(case, "restrict", "centre.duty", kind="minor", reason="涉未成年人") if town.case(case).sensitive is None else None
    with pytest.raises(Refused, match=r"restricted"):
        opens(town, "hubin.clerk", "whistle", no, title="x", called=(town.unit_id("urban"),))
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        began = begin(
            session, Plan("whistle", {"title": "x", "called": (town.unit_id("urban"),)}), known.actor("hubin.clerk"), Setting(town.now)
        )
        assert sheet(session, began.no, known.actor("water.clerk")).affair["title"] == "x"


def test_every_clock_of_an_affair_is_explained(town: Town) -> None:
    case = town.case(town.reports("路口油烟扰民")).no
    own = opens(town, "hubin.clerk", "whistle", case, title="联合清理", called=(town.unit_id("urban"), town.unit_id("water")), limit="2h")
    suggested = _whistle(town)
    does(town, own.no, "report_in", "urban.clerk", part_of(town, own.no, "urban"), way="on_site")
    town.fast_forward(hours=5)
    does(town, own.no, "report_in", "water.clerk", part_of(town, own.no, "water"), way="on_site")
    town.turn()
    with town.context.database.unit_of_work() as session:
        for no, how in ((case, "person"), (sheet(session, suggested).affair["case_no"], "suggested")):
            told = [e for e in explain(session, no, town.now, Which(stopped=True)) if e.affair_seq is not None]
            assert told
            assert [(e.kind, e.agrees, e.problem) for e in told if not e.agrees] == []
            assert {e.rule.how for e in told if e.kind == "report_in" and e.rule} == {how}
            assert all(e.rungs for e in told if e.kind == "report_in" and e.status != "stopped")
            assert all(lines(e, lang) for e in told for lang in ("zh", "en"))


def test_a_unit_that_is_merged_leaves_its_affairs_to_who_goes_on(town: Town) -> None:
    case = town.case(town.reports("路口油烟扰民")).no
    no = opens(town, "hubin.clerk", "whistle", case, title="联合清理", called=(town.unit_id("urban"), town.unit_id("water")), limit="4h").no
    before = {c["part_no"]: c["due_at"] for c in seen(town, no).clocks}
    with town.context.database.unit_of_work() as session:
        asking.ask_merge(session, "urban", "municipal", town.now, "admin", town.now)
    town.turn()
    found = seen(town, no)
    assert [town.unit_code(p["unit_id"]) for p in found.parts] == ["municipal", "water"]
    assert {c["part_no"]: (c["due_at"], town.unit_code(c["unit_id"])) for c in found.clocks} == {
        1: (before[1], "municipal"),
        2: (before[2], "water"),
    }
    does(town, no, "report_in", "municipal.clerk", 1, way="on_site")
    assert complaints(town.context.database, town.now) == []


def test_who_leaves_hands_on_affairs_too(town: Town) -> None:
    no = _whistle(town)
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        known = catalogue(session)
        person, heir = known.people["urban.clerk"].id, known.people["urban.head"].id
        run = session.connection().execute
        run(update(table(Affair)).values(staff_id=person))
        run(update(table(AffairPart)).where(table(AffairPart).c.no == 1).values(staff_id=person))
        assert leaving(session, known, known.people["urban.clerk"], town.now).affairs == [no]
        ask_leave(session, "urban.clerk", "urban.head", town.now, "admin", town.now)
    town.turn()
    found = seen(town, no)
    assert (found.affair["staff_id"], found.parts[0]["staff_id"], found.parts[1]["staff_id"]) == (heir, heir, None)
    assert complaints(town.context.database, town.now) == []
