"""Links between cases that are one matter."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from models import Case, CaseLink, Database, begin_write, table
from rules.facts import Refused
from services.duplicates.candidates import find, same_matter
from services.duplicates.proposing import confirm, listed, merged, propose, refuse
from services.duplicates.watching import propose_new
from services.intake import Report, submit
from services.moves import Setting
from services.reading import case_id_of
from tests.support.alike import MARKET, rows
from tests.support.town import START, Town

_case = table(Case)
_link = table(CaseLink)


def hand_in(database: Database, text: str, phone: str, now: datetime = START, area: str | None = "chenguang-1") -> int:
    with database.unit_of_work() as session:
        return submit(session, [Report("", text, area=area, requester=phone, phone=phone)], Setting(now))[0].case_id


def proposed(database: Database, case_id: int, now: datetime = START) -> list[tuple[int, str]]:
    with database.unit_of_work() as session:
        return [(each.other_id, each.kind) for each in propose(session, [case_id], now)]


def ends(database: Database, case_id: int, state: str, **more) -> None:
    with database.unit_of_work() as session:
        begin_write(session)
        session.connection().execute(update(_case).where(_case.c.id == case_id).values(state=state, **more))


def number(database: Database, case_id: int) -> str:
    return str(rows(database, select(_case.c.no).where(_case.c.id == case_id))[0].no)


def test_nine_reporters_lead_to_the_first_of_them(database: Database) -> None:
    cases = [hand_in(database, text, f"1000000000{n}", START + timedelta(hours=n)) for n, text in enumerate(MARKET)]
    other = hand_in(database, "桃花苑5栋电梯坏了三天没修", "10000000010", START + timedelta(hours=10))
    now = START + timedelta(hours=11)
    found = {case: proposed(database, case, now) for case in (*cases, other)}
    assert found == {cases[0]: [], other: []} | {case: [(cases[0], "duplicate")] for case in cases[1:]}


def test_a_batch_is_linked_as_one_by_one(database: Database) -> None:
    cases = [hand_in(database, text, f"1000000000{n}", START + timedelta(hours=n)) for n, text in enumerate(MARKET)]
    with database.unit_of_work() as session:
        found = propose(session, cases, START + timedelta(hours=11))
    assert {(each.case_id, each.other_id) for each in found} == {(case, cases[0]) for case in cases[1:]}


def test_a_proposal_is_written_once_with_its_reasons_and_a_line_in_the_journal(database: Database) -> None:
    from models import Journal

    first, second = hand_in(database, MARKET[0], "10000000001"), hand_in(database, MARKET[4], "10000000002")
    assert proposed(database, second) == [(first, "duplicate")]
    assert proposed(database, second) == []
    (link,) = rows(database, select(_link))
    assert (link.case_id, link.other_id, link.kind, link.state, link.decided_at) == (second, first, "duplicate", "proposed", None)
    assert link.reasons[0] == "same_place:滨河夜市"
    journal = table(Journal)
    (entry,) = rows(database, select(journal).where(journal.c.case_id == second, journal.c.action == "duplicate_found"))
    assert entry.data == {"other": number(database, first), "score": link.score, "reasons": link.reasons}


def test_only_open_cases_of_the_last_fortnight_in_the_same_area_are_candidates(database: Database) -> None:
    ended, elsewhere = hand_in(database, MARKET[0], "10000000001"), hand_in(database, MARKET[0], "10000000002", area="dengta-1")
    ends(database, ended, "closed")
    now = START + timedelta(days=15)
    old, late = hand_in(database, MARKET[0], "10000000003"), hand_in(database, MARKET[4], "10000000004", now)
    assert proposed(database, late, now) == []
    soon = START + timedelta(days=1)
    fresh = hand_in(database, MARKET[4], "10000000005", soon)
    assert proposed(database, fresh, soon) == [(old, "duplicate")]
    assert elsewhere not in {row.other_id for row in rows(database, select(_link))}


def test_near_points_join_across_areas(database: Database) -> None:
    one, other = hand_in(database, MARKET[0], "10000000001"), hand_in(database, MARKET[4], "10000000002", area="dengta-1")
    for case, lat in ((one, 30.0), (other, 30.001)):
        ends(database, case, "submitted", lat=lat, lon=120.0)
    assert proposed(database, other) == [(one, "duplicate")]


def test_the_category_that_a_case_has_by_now_counts(database: Database) -> None:
    one, other = hand_in(database, MARKET[0], "10000000001"), hand_in(database, MARKET[4], "10000000002")
    scores = []
    for category in ("C01", "F01"):
        ends(database, other, "submitted", category=category)
        ends(database, one, "submitted", category="C01")
        with database.unit_of_work() as session:
            (found,) = find(session, [other], START)
            scores.append((found.score, "same_category:C01" in found.reasons))
    assert scores[0][0] > scores[1][0]
    assert [same for _, same in scores] == [True, False]


def test_a_case_that_cannot_be_compared_does_not_keep_the_others_waiting(sqlite_town: Town, caplog: pytest.LogCaptureFixture) -> None:
    database = sqlite_town.context.database
    first, bad, second = (hand_in(database, MARKET[n], f"1000000000{n}") for n in (0, 1, 4))
    with database.unit_of_work() as session:
        begin_write(session)
        session.connection().exec_driver_sql("UPDATE case_file SET submitted_at = ? WHERE id = ?", ("no moment", bad))
    for looked_at in (3, 0):
        with database.unit_of_work() as session:
            assert propose_new(session, START) == looked_at
    assert [(row.case_id, row.other_id) for row in rows(database, select(_link))] == [(second, first)]
    assert [record.getMessage() for record in caplog.records if record.name == "bihuan.engine"][1:] == [
        "not compared with other cases: passed over"
    ]


def test_a_merged_case_speaks_for_the_one_it_was_merged_into(database: Database) -> None:
    target, absorbed = hand_in(database, MARKET[0], "10000000001"), hand_in(database, MARKET[1], "10000000002")
    ends(database, absorbed, "merged", merged_into_id=target)
    late = hand_in(database, MARKET[5], "10000000003")
    assert proposed(database, late) == [(target, "duplicate")]


def test_sensitive_cases_are_left_alone(database: Database) -> None:
    first, second = hand_in(database, MARKET[0], "10000000001"), hand_in(database, MARKET[4], "10000000002")
    ends(database, first, "submitted", sensitive="minor")
    assert proposed(database, second) == []


def test_the_same_resident_again_is_linked_while_it_is_open_and_recurs_after(database: Database) -> None:
    first = hand_in(database, MARKET[0], "10000000001")
    again = hand_in(database, "滨河夜市还是老样子，半夜吵得睡不着", "10000000001", START + timedelta(days=2))
    assert proposed(database, again, START + timedelta(days=2)) == [(first, "same_matter")]
    (link,) = rows(database, select(_link))
    assert (link.state, link.decided_by) == ("confirmed", "system")
    for case in (first, again):
        ends(database, case, "closed")
    later = START + timedelta(days=40)
    third = hand_in(database, "滨河夜市又开始了，半夜吵得睡不着", "10000000001", later)
    assert proposed(database, third, later) == [(again, "recurrence")]
    waiting = rows(database, select(_link.c.state).where(_link.c.kind == "recurrence"))
    assert [row.state for row in waiting] == ["proposed"]
    unlike = hand_in(database, "桃花苑5栋电梯坏了", "10000000001", later)
    with database.unit_of_work() as session:
        assert same_matter(session, [unlike], later) == []


def test_what_was_refused_does_not_come_back(database: Database) -> None:
    first, second = hand_in(database, MARKET[0], "10000000001"), hand_in(database, MARKET[4], "10000000002")
    assert proposed(database, second) == [(first, "duplicate")]
    numbers = number(database, first), number(database, second)
    with database.unit_of_work() as session:
        assert refuse(session, *numbers, "centre.duty", "两处摊位", START) == ["duplicate"]
    assert proposed(database, second) == []
    with database.unit_of_work() as session:
        assert find(session, [second], START) == []
        assert listed(session) == []
        assert [(row["case_no"], row["other_no"], row["state"]) for row in listed(session, None)] == [(numbers[1], numbers[0], "refused")]


def test_decisions_need_a_reason_and_the_right_person(database: Database) -> None:
    first, second = hand_in(database, MARKET[0], "10000000001"), hand_in(database, MARKET[4], "10000000002")
    numbers = number(database, first), number(database, second)
    for user, reason, code in (
        ("centre.duty", " ", "link_reason_missing"),
        ("centre.duty", "两处", "no_such_link"),
        ("water.clerk", "两处", "not_yours_to_link"),
    ):
        with database.unit_of_work() as session, pytest.raises(Refused, match=code):
            refuse(session, *numbers, user, reason, START)


def test_a_person_confirms_that_a_matter_has_come_back(database: Database) -> None:
    first = hand_in(database, MARKET[0], "10000000001")
    ends(database, first, "closed")
    again = hand_in(database, MARKET[4], "10000000001")
    assert proposed(database, again) == [(first, "recurrence")]
    with database.unit_of_work() as session:
        assert confirm(session, number(database, first), number(database, again), "centre.duty", START) == ["recurrence"]
    (link,) = rows(database, select(_link))
    assert (link.state, link.decided_by) == ("confirmed", "centre.duty")


def test_a_merge_decides_what_was_proposed(database: Database) -> None:
    first, second = hand_in(database, MARKET[0], "10000000001"), hand_in(database, MARKET[4], "10000000002")
    proposed(database, second)
    with database.unit_of_work() as session:
        merged(session, second, first, _duty(session), START)
    assert rows(database, select(_link.c.state, _link.c.decided_by)) == [("confirmed", "centre.duty")]
    assert rows(database, select(func.count()).select_from(_link))[0][0] == 1


def _duty(session):
    from services.catalogue import catalogue

    return catalogue(session).actor("centre.duty")


def test_numbers_are_found_however_they_are_typed(database: Database) -> None:
    first = hand_in(database, MARKET[0], "10000000001")
    with database.unit_of_work() as session:
        assert case_id_of(session, number(database, first).lower()) == first
