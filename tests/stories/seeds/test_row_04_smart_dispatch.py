"""智慧思明·一网统管 智能派单 (row 4): routed with a reason, unsure ones wait for a person, and the next one has learned."""

from sqlalchemy import select

from models import TriageSuggestion, table
from services.catalogue import catalogue
from services.routing.drafting import publish
from services.routing.finding import route_of
from services.routing.learning import learn
from tests.support.sound import complaints
from tests.support.town import Town

LAMP = "人行道上路灯不亮三天了"
UNCLEAR = "楼下那个东西又坏了，晚上黑漆漆的"


def test_a_route_says_why_a_person_decides_what_is_unsure_and_the_next_one_has_learned(town: Town) -> None:
    sure, unsure = town.reports(LAMP), town.reports(UNCLEAR, phone="10000000002")
    town.turn()
    filed = next(entry for entry in town.journal(sure) if entry.action == "file")
    assert (filed.actor, filed.data["category"], filed.data["words"]) == ("system", "A03", ["路灯不亮"])
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        route = route_of(known, "A03", known.unit_ids["chenguang-1"])
    assert (known.units[route.lead].code if route.lead else None, town.orders(sure)[0].code) == ("municipal", "municipal")
    assert route.reason, "each route says why"

    suggestion = table(TriageSuggestion)
    (asked,) = town.rows(select(suggestion).where(suggestion.c.case_id == unsure))
    assert (town.state(unsure), asked.chosen) == ("accepted", None), "nobody is sure, a person decides"
    town.act(unsure, "file", "centre.duty", category="A03", urgency="P2")
    (asked,) = town.rows(select(suggestion).where(suggestion.c.case_id == unsure))
    assert (asked.chosen, asked.chosen_by) == ("A03", "centre.duty"), "what the person chose is kept beside what was suggested"

    lead = town.orders(sure)[0].code
    town.order(sure, "ask_return", f"{lead}.clerk", code="not_our_asset", reason="物业自有的灯")
    town.request(sure, "uphold_return", "centre.duty", unit=town.unit_id("chenguang-estate"), reason="灯归物业", override=True)
    with town.context.database.unit_of_work() as session:
        learnt = learn(session, town.case(sure).no, "centre.duty", town.now)
    with town.context.database.unit_of_work() as session:
        publish(session, learnt.version, "centre.head", town.now)
    later = town.reports(LAMP, phone="10000000003")
    town.turn()
    assert town.orders(later)[0].code == "chenguang-estate", "the centre's ruling has become a row: nobody has to rule again"
    assert learnt.row.basis == town.case(sure).no
    assert complaints(town.context.database, town.now) == []
