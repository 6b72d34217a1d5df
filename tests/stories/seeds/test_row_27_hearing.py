"""听评会 (row 27): a group looks at a closed case, and at a unit's month, besides what each resident has rated."""

import pytest

from rules.facts import Refused
from services.affairs.voices import Voice
from services.deliberation import Called, hearing_of
from tests.stories.seeds.test_row_10_bench import calls, closes, drain
from tests.support.beside import does, part_of, seen
from tests.support.sound import complaints
from tests.support.town import Town

SCORES = (5, 4, 4, 3, 5)


def test_a_closed_case_and_a_units_month_are_heard_apart_from_ratings(town: Town) -> None:
    case = drain(town)
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
        town.order(case, "finish", f"{order.code}.clerk", order.code, result="已疏通")
    closes(town, case, "10000000001")
    no, rated = town.case(case).no, (town.case(case).score, town.case(case).solved)
    with pytest.raises(Refused, match="only_hearings_of_closed"):
        calls(town, "chenguang.clerk", Called("再议一次", "bench"), no)
    with pytest.raises(Refused, match="judged_takes_part"):
        calls(town, "chenguang.clerk", Called("听评", "hearing", [Voice(unit="water")]), no)
    people = [Voice(phone=f"1000000005{n}", role="representative") for n in range(4)] + [
        Voice(unit="chenguang-estate"),
        Voice(label="路过的邻居"),
    ]
    hearing = calls(town, "chenguang.clerk", Called("下水道疏通听评会", "hearing", people), no)
    numbers = [p["no"] for p in seen(town, hearing).parts]
    with pytest.raises(Refused, match="wrong_state"):
        does(town, hearing, "give_score", "resident:10000000050", numbers[0], score=5)
    does(town, hearing, "hold_meeting", "chenguang.clerk", minutes="逐项听评", present=numbers[:5])
    with pytest.raises(Refused, match="nobody_scored"):
        does(town, hearing, "publish_hearing", "chenguang.clerk")
    for n, part in enumerate(numbers[:4]):
        does(town, hearing, "give_score", f"resident:1000000005{n}", part, score=SCORES[n], words="现场干净")
    does(town, hearing, "give_score", "chenguang-estate.clerk", part_of(town, hearing, "chenguang-estate"), score=SCORES[4])
    does(town, hearing, "publish_hearing", "chenguang.clerk", words="疏通及时，回访再主动些")
    with town.context.database.unit_of_work() as session:
        found = hearing_of(session, hearing)
    assert found == {"invited": 6, "n": 5, "counts": {"1": 0, "2": 0, "3": 1, "4": 2, "5": 2}, "mean_x100": 420}
    assert (town.case(case).score, town.case(case).solved) == rated, "residents' ratings are as they were"
    assert "rate" in town.actions(case)
    town.turn()
    assert any("5人打分" in text and "4.20" in text for text in town.heard("water.clerk", case))
    month = calls(town, "chenguang.clerk", Called("排水中心十月听评", "hearing", people[:2], judged="water", month="2026-10"))
    row = seen(town, month).affair
    assert (row["data"]["judged"], row["data"]["month"]) == (town.unit_id("water"), "2026-10")
    with town.context.database.unit_of_work() as session, pytest.raises(Refused, match="hearing_unpublished"):
        hearing_of(session, month)
    with pytest.raises(Refused, match="judged_missing"):
        calls(town, "chenguang.clerk", Called("听评谁", "hearing", people[:1]))
    does(town, month, "cancel", "chenguang.clerk", reason="改到下月")
    assert complaints(town.context.database, town.now) == []
