"""Lists across cases: what waits for whose decision, the ledger of holds and what of it is published, returns and their rate."""

from datetime import timedelta
from typing import Any

from services.catalogue import Catalogue, catalogue
from services.requests import held, ledger_json, passed_around, public_ledger, returned, returns_json, waiting, waiting_json
from tests.support.in_hand import at, in_hand, refused, told
from tests.support.town import Town


def waits(town: Town, *kinds: str, unit: str | None = None) -> list[dict[str, Any]]:
    with town.context.database.unit_of_work() as session:
        return [waiting_json(row, catalogue(session), town.now) for row in waiting(session, kinds, unit)]


def ledger(town: Town, *, lifted: bool = False) -> list[dict[str, Any]]:
    with town.context.database.unit_of_work() as session:
        return [ledger_json(each, catalogue(session), town.now) for each in held(session, lifted=lifted)]


def published(town: Town) -> dict[str, Any]:
    with town.context.database.unit_of_work() as session:
        return public_ledger(held(session), catalogue(session), town.now)


def returns(town: Town, unit: str | None = None, limit: int = 50) -> dict[str, Any]:
    with town.context.database.unit_of_work() as session:
        known: Catalogue = catalogue(session)
        return returns_json(*returned(session, unit, limit), passed_around(session), known)


def gives_back(town: Town, case: int, unit: str = "water") -> None:
    town.order(case, "ask_return", f"{unit}.clerk", unit, code="not_our_area", reason="已移交")


def test_what_waits_is_listed_with_whose_turn_it_is_and_the_soonest_first(town: Town) -> None:
    case, ending = in_hand(town), in_hand(town)
    town.act(case, "ask_hold", "water.clerk", code="season", reason="汛期")
    gives_back(town, case, "housing")
    town.order(case, "ask_extension", "water.clerk", "water", amount="1wd", reason="等料")
    town.act(ending, "ask_void", "centre.duty", reason="误录")
    found = waits(town)
    assert [(each["kind"], each["unit"], each["order_no"], each["clock"]) for each in found] == [
        ("extension", "water", 1, "extend"),
        ("return", "housing", 2, "rule"),
        ("hold", "water", None, "approve"),
        ("void", None, None, "confirm"),
    ]
    assert {each["decides_unit"] for each in found} == {"centre"}
    assert [each["due_at"] for each in found] == sorted(each["due_at"] for each in found)
    assert found[1]["reason"] == "已移交"
    assert not any(each["overdue"] for each in found)
    assert [each["kind"] for each in waits(town, "hold", "extension")] == ["extension", "hold"]
    assert [each["kind"] for each in waits(town, unit="housing")] == ["return"]
    town.now = at(24, 9)
    assert all(each["overdue"] for each in waits(town))


def test_what_is_decided_or_has_lapsed_waits_no_more(town: Town) -> None:
    case = in_hand(town)
    gives_back(town, case)
    gives_back(town, case, "housing")
    town.request(case, "reject_return", "centre.duty", no=1, reason="归你们")
    assert [each["unit"] for each in waits(town)] == ["housing"]
    town.act(case, "recall", "centre.duty", reason="派错了")
    assert waits(town) == []


def test_whoever_asked_hears_that_nobody_will_answer(town: Town) -> None:
    case = in_hand(town)
    gives_back(town, case, "housing")
    town.act(case, "ask_hold", "water.clerk", code="season", reason="汛期")
    town.act(case, "ask_void", "centre.duty", reason="误录")
    before = town.case(case).seq
    town.act(case, "recall", "centre.duty", reason="派错了")
    assert sorted(told(town, case, "request_lapsed")) == ["housing.clerk", "water.clerk"]
    assert all(before < m.seq <= town.case(case).seq for m in town.messages(case) if m.notice == "request_lapsed")
    town.act(case, "withdraw", "resident:10000000001", reason="好了")
    assert told(town, case, "request_lapsed")[2:] == ["centre.duty"], "who asked for himself"
    town.turn()
    assert any("已失效" in text for text in town.heard("water.clerk", case))


def test_of_a_sensitive_case_only_who_may_read_it_hears_that_a_request_lapsed(sqlite_town: Town) -> None:
    case = in_hand(sqlite_town)
    gives_back(sqlite_town, case, "housing")
    sqlite_town.act(case, "ask_void", "hubin-centre.duty", reason="误录")
    sqlite_town.act(case, "restrict", "centre.duty", kind="minor", reason="孩子受伤")
    sqlite_town.act(case, "withdraw", "resident:10000000001", reason="好了")
    assert told(sqlite_town, case, "request_lapsed") == ["housing.clerk"], "the street's desk was not named"


def test_what_does_not_exist_is_refused(town: Town) -> None:
    assert "appeal" in str(refused("unknown_request_kind", lambda: waits(town, "wish")).details["known"])
    refused("unknown_unit", lambda: waits(town, unit="moon"))
    refused("unknown_unit", lambda: returns(town, "moon"))


def test_the_ledger_knows_every_hold_and_the_public_one_only_counts(town: Town) -> None:
    asked, own, lifted = in_hand(town), in_hand(town), in_hand(town)
    for case, code in ((asked, "season"), (lifted, "funding")):
        town.act(case, "ask_hold", "water.clerk", code=code, reason="张先生家门口积水")
        town.request(case, "approve_hold", "centre.duty")
    town.act(own, "hold", "centre.duty", reason="等诉讼")
    town.act(lifted, "resume", "centre.duty")
    town.act(lifted, "hold", "centre.duty", reason="又等", code="procedure")
    town.fast_forward(days=40)
    town.act(lifted, "resume", "centre.duty")
    rows = ledger(town)
    assert [(r["unit"], r["code"], r["open"], r["days"], r["beyond_cap"]) for r in rows] == [
        ("water", "season", True, 40, False),
        ("water", "other", True, 40, False),
    ]
    assert rows[0]["review_due"] is not None
    assert rows[0]["cap_due"] is not None
    every = ledger(town, lifted=True)
    assert [(r["code"], r["open"], r["days"]) for r in every if r["case"] == town.case(lifted).no] == [
        ("funding", False, 0),
        ("procedure", False, 40),
    ]
    assert published(town) == {
        "as_of": town.now.isoformat(),
        "open": 2,
        "beyond_cap": 0,
        "by_unit": {"water": 2},
        "beyond_cap_by_unit": {},
        "by_category": {"A01": 2},
        "by_reason": {"other": 1, "season": 1},
        "by_age": {"up_to_90": 2},
    }
    assert "张先生" not in str(published(town))
    assert town.case(asked).no not in str(published(town))


def test_beyond_the_cap_it_shows_until_it_is_prolonged(town: Town) -> None:
    case = in_hand(town)
    town.act(case, "hold", "centre.duty", reason="等工程", code="project")
    town.fast_forward(until=town.open_clock(case, "hold_cap").due_at + timedelta(minutes=1))
    assert (published(town)["beyond_cap"], published(town)["beyond_cap_by_unit"]) == (1, {"water": 1})
    assert ledger(town)[0]["beyond_cap"]
    town.act(case, "prolong_hold", "chenghu.leader", reason="工程延后")
    assert published(town)["beyond_cap"] == 0
    assert set(published(town)["by_age"]) == {"more"}


def test_a_sensitive_case_is_in_no_published_count_and_nobodys_words_are_told(town: Town) -> None:
    case = in_hand(town)
    town.act(case, "hold", "centre.duty", reason="等鉴定", code="procedure")
    town.act(case, "ask_void", "centre.duty", reason="误录")
    town.act(case, "restrict", "centre.duty", kind="minor", reason="涉及未成年人")
    assert published(town)["open"] == 0
    assert [(r["code"], r["reason"]) for r in ledger(town)] == [("procedure", None)]
    assert [(r["kind"], r["reason"]) for r in waits(town)] == [("void", None)]


def test_only_rejected_returns_count(town: Town) -> None:
    first, second, third, fourth = (in_hand(town) for _ in range(4))
    for case in (first, second, third, fourth):
        gives_back(town, case)
        town.now += timedelta(minutes=1)
    municipal = town.unit_id("municipal")
    town.request(first, "uphold_return", "centre.duty", unit=municipal, reason="归市政", override=True)
    town.request(second, "reject_return", "centre.duty", reason="归你们")
    town.act(third, "recall", "centre.duty", reason="派错了")
    found = returns(town)
    assert [(r["case"], r["state"], r["to_unit"]) for r in found["returns"]] == [
        (town.case(fourth).no, "asked", None),
        (town.case(third).no, "lapsed", None),
        (town.case(second).no, "refused", None),
        (town.case(first).no, "granted", "municipal"),
    ]
    counts = {"asked": 1, "granted": 1, "refused": 1, "lapsed": 1, "rejected_rate": 0.5}
    assert found["units"] == [{"unit": "water", **counts}]
    assert found["all"] == counts
    assert [r["case"] for r in returns(town, "water", limit=1)["returns"]] == [town.case(fourth).no]
    assert returns(town, "housing") == {
        "returns": [],
        "units": [],
        "all": {**dict.fromkeys(counts, 0), "rejected_rate": None},
        "passed_around": [],
    }


def test_cases_with_a_third_lead_are_named(town: Town) -> None:
    case = in_hand(town)
    for unit in ("municipal", "urban"):
        town.act(case, "reassign", "centre.duty", lead=town.unit_id(unit), reason="主责不清", override=True)
    assert returns(town)["passed_around"] == [
        {"case": town.case(case).no, "state": "dispatched", "category": "A01", "hops": 3, "unit": "urban"},
    ]
    town.act(case, "withdraw", "resident:10000000001", reason="好了")
    assert returns(town)["passed_around"] == []
