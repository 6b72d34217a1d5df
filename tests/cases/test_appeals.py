"""Appeals of a rating (评价申诉): once, in time, decided by a third person; what is upheld stays on record and does not count."""

from datetime import timedelta
from typing import Any

import pytest

from rules.facts import Refused
from services.audit import audit_clocks
from tests.support.rated import FIRST, code, done, fed_back, rates, ratings, request, requests
from tests.support.town import Town

SECOND = "10000000002"


def disliked(town: Town, *more: str) -> int:
    """A case that its first reporter calls unsolved, and `more` solved."""
    case = fed_back(town, *more)
    rates(town, case, code(town, case), False, score=1, words="物业的管子还堵着")
    for phone in more:
        rates(town, case, code(town, case, phone), True, score=4)
    return case


def sound(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        assert audit_clocks(session, town.now, timedelta(minutes=2)) == []


def refused(match: str, town: Town, case: int, user: str, action: str = "appeal", **args: Any) -> None:
    args = {"reason": "堵的是物业管段"} | args
    with pytest.raises(Refused, match=match):
        town.act(case, action, user, **args) if action == "appeal" else request(town, case, action, user, **args)


def test_an_upheld_appeal_takes_the_rating_out_of_the_count_and_the_engine_goes_on(town: Town) -> None:
    case = disliked(town, SECOND)
    assert (town.case(case).solved, town.case(case).score) == (False, 1)
    town.act(case, "appeal", "water.clerk", reason="堵的是物业管段")
    (asked,) = requests(town, case)
    assert (asked.kind, asked.state, town.unit_code(asked.unit_id), asked.asked_by) == ("appeal", "asked", "water", "water.clerk")
    assert town.open_clock(case, "appeal").limit == "5wd"
    sound(town)
    town.turn()
    assert "申诉" in town.heard("centre.head", case)[-1]
    assert "申诉" in town.heard("chenghu.leader", case)[-1]
    request(town, case, "uphold_appeal", "centre.head", reason="属实，物业管段另派")
    assert [(r.no, r.counted) for r in ratings(town, case)] == [(1, False), (2, True)]
    assert (town.case(case).solved, town.case(case).score) == (True, 4)
    (asked,) = requests(town, case)
    assert (asked.state, asked.decided_by, asked.answer, asked.decided_at) == ("granted", "centre.head", "属实，物业管段另派", town.now)
    town.turn()
    assert town.state(case) == "closed", "what is left is solved and not bad"
    for user in ("water.clerk", "water.head"):
        assert "申诉成立" in town.heard(user, case)[-1]
    sound(town)


def test_when_nothing_is_left_that_counts_a_person_closes_it_and_silence_is_neither(town: Town) -> None:
    case = disliked(town)
    town.act(case, "appeal", "water.head", reason="堵的是物业管段")
    request(town, case, "uphold_appeal", "chenghu.leader", reason="属实")
    assert (town.case(case).solved, town.case(case).score) == (None, None)
    town.turn()
    assert town.state(case) == "evaluated"
    town.act(case, "close", "centre.duty", reason="评价不计入，已向居民说明")
    assert town.state(case) == "closed"


def test_a_rejected_appeal_changes_nothing_and_is_not_made_again(town: Town) -> None:
    case = disliked(town)
    town.act(case, "appeal", "water.clerk", reason="堵的是物业管段")
    refused("already_appealed", town, case, "water.head")
    request(town, case, "reject_appeal", "centre.head", reason="管段属水务")
    assert (town.case(case).solved, ratings(town, case)[0].counted, requests(town, case)[0].state) == (False, True, "refused")
    refused("already_appealed", town, case, "water.head")
    town.turn()
    assert "申诉不成立" in town.heard("water.head", case)[-1]


def test_who_judged_it_and_who_asked_do_not_decide(town: Town) -> None:
    case = disliked(town)
    town.act(case, "close", "centre.duty", reason="已说明")
    town.act(case, "appeal", "water.clerk", reason="堵的是物业管段")
    assert town.state(case) == "closed"
    sound(town)
    refused("not_yours", town, case, "water.head", "uphold_appeal")
    refused("not_yours", town, case, "centre.duty", "uphold_appeal")
    request(town, case, "uphold_appeal", "centre.head", reason="属实")
    assert town.state(case) == "closed"
    assert town.case(case).solved is None


def test_a_signer_who_judged_it_himself_leaves_it_to_another(town: Town) -> None:
    from sqlalchemy import update

    from models import Case, table

    case = disliked(town)
    town.act(case, "appeal", "water.clerk", reason="堵的是物业管段")
    with town.context.database.unit_of_work() as session:  # a dispatcher who has become head since
        session.connection().execute(update(table(Case)).values(judged_by="centre.head"))
    refused("judged_it", town, case, "centre.head", "uphold_appeal")
    refused("judged_it", town, case, "centre.head", "reject_appeal")
    request(town, case, "reject_appeal", "chenghu.leader", reason="管段属水务")


def test_the_case_goes_on_while_the_appeal_waits_and_a_later_round_is_not_touched(town: Town) -> None:
    case = disliked(town)
    town.act(case, "appeal", "water.clerk", reason="堵的是物业管段")
    town.now += timedelta(hours=1)
    town.act(case, "rework", "centre.duty", reason="先办好再说")
    done(town, case)
    rates(town, case, code(town, case), False, score=2)
    request(town, case, "uphold_appeal", "centre.head", reason="第一轮说的是物业管段")
    assert [(r.round, r.counted) for r in ratings(town, case)] == [(1, False), (2, True)]
    assert (town.case(case).solved, town.case(case).score) == (False, 2)
    sound(town)


def test_only_one_of_several_may_be_named(town: Town) -> None:
    case = fed_back(town, SECOND)
    rates(town, case, code(town, case), False, score=1)
    rates(town, case, code(town, case, SECOND), True, score=2)
    town.act(case, "appeal", "water.clerk", reason="第二位说的是另一件事")
    refused("no_such_rating", town, case, "centre.head", "uphold_appeal", rating=3)
    request(town, case, "uphold_appeal", "centre.head", reason="属实", rating=2)
    assert [r.counted for r in ratings(town, case)] == [True, False]
    assert (town.case(case).solved, town.case(case).score) == (False, 1)


def test_what_may_not_be_appealed(town: Town) -> None:
    case = fed_back(town)
    refused("wrong_state", town, case, "water.clerk")
    rates(town, case, code(town, case), True, score=5)
    refused("nothing_to_appeal", town, case, "water.clerk")
    refused("reason_missing", town, case, "water.clerk", reason="")
    refused("not_yours", town, case, "police.clerk")
    silent = fed_back(town, phone=SECOND, place="chenguang-2")
    town.fast_forward(until=lambda: town.state(silent) == "closed")
    refused("nobody_rated", town, silent, "water.clerk")


def test_fifteen_working_days_after_the_rating_it_stands(town: Town) -> None:
    first, second = disliked(town), fed_back(town, phone=SECOND, place="chenguang-2")
    rates(town, second, code(town, second, SECOND), False)
    for case in (first, second):
        town.act(case, "close", "centre.duty", reason="已说明")
    town.now += timedelta(days=21)  # Friday to Friday, 15 working days, the same minute
    town.act(first, "appeal", "water.clerk", reason="堵的是物业管段")
    town.now += timedelta(days=3)
    refused("appeal_over", town, second, "water.clerk")


def test_one_who_only_helped_cannot_appeal(sqlite_town: Town) -> None:
    case = disliked(sqlite_town)
    co = next(o.code for o in sqlite_town.orders(case) if not o.lead)
    refused("not_yours", sqlite_town, case, f"{co}.clerk")
    assert FIRST not in str([e.data for e in sqlite_town.journal(case)])
