"""责任书·片长制 (row 32): signed letters with effective dates say who answers for a road and a matter, today and next year."""

from services.catalogue import catalogue
from services.duty import set_away
from services.responsibility.asking import Answer, responsible
from services.responsibility.gaps import gaps
from services.responsibility.listing import rows_of
from services.responsibility.profiles import profile_of_case
from services.responsibility.watching import tell_expiring
from tests.support.duties import entered, local
from tests.support.sound import complaints
from tests.support.town import Town

COLUMNS = "area section matter user deputy post promise document from to"
CHIEFS = {
    "湖滨南路": "hubin.head",
    "湖滨北路": "hubin.clerk",
    "思明南路": "hubin-works.head",
    "白鹭洲路": "hubin-works.clerk",
    "故宫路": "hubin-centre.head",
}
DEPUTIES = {chief: "hubin.clerk" if chief != "hubin.clerk" else "hubin.head" for chief in CHIEFS.values()}
YEAR = ("2026-01-01", "2026-12-31")


def ask(town: Town, category: str, place: str) -> Answer:
    with town.context.database.unit_of_work() as session:
        return responsible(session, catalogue(session).unit_ids["chenguang-1"], category, town.now, place)


def name(answer: Answer) -> str | None:
    return answer.there.person.name if answer.there.person else None


def test_a_chief_for_every_road_with_a_letter_for_this_year_and_one_for_the_next(town: Town) -> None:
    database = town.context.database
    letters = [
        ("hubin", road, "", chief, DEPUTIES[chief], "片长", f"{road}十五分钟到场", f"责〔2026〕{road}", *YEAR)
        for road, chief in CHIEFS.items()
    ]
    letters.append(("hubin", "", "C", "urban-hubin.head", "", "市容负责人", "半天处置", "责〔2026〕市容", *YEAR))
    assert entered(database, "matrix", COLUMNS, *letters).new == len(letters)
    next_year = ("hubin", "湖滨北路", "", "hubin.head", "", "片长", "湖滨北路十分钟到场", "责〔2027〕湖滨北路", "2027-01-01", "2027-12-31")
    assert entered(database, "matrix", COLUMNS, next_year).following == 1, "entered today, it follows the one of this year"

    for road, chief in CHIEFS.items():
        found = ask(town, "C01", f"{road} 12号")
        assert (name(found), found.reasons[0]) == (chief, "by_section")
    assert name(ask(town, "C01", "中山路1号")) == "urban-hubin.head"
    assert ask(town, "A01", "中山路1号").reasons == ("gap",)
    with database.unit_of_work() as session:
        set_away(session, "hubin.head", town.now, None, "出差", town.now)
    found = ask(town, "C01", "湖滨南路12号")
    assert (found.person.name if found.person else None, name(found), found.there.how) == ("hubin.head", "hubin.clerk", "deputy")
    case = town.reports("占道经营，流动摊点堵路", "湖滨南路12号门口占道经营")
    town.turn()
    with database.unit_of_work() as session:
        promised = [card.promise.zh for card in profile_of_case(session, town.case(case).no, town.now).cards if card.role == "responsible"]
    assert promised == ["半天处置"], "the letter's promise is public"

    town.now = local(10, 10, 12)
    with database.unit_of_work() as session:
        assert tell_expiring(session, town.now) == len(letters) - 1, "all letters of the year run out, and only one is followed"
        assert {len(each.categories) for each in gaps(session, town.now, "chenguang").uncovered} == {
            len([c for c in catalogue(session).categories if not c.startswith("C")])
        }
    town.turn()
    assert any("责〔2026〕市容" in text for text in town.heard("urban-hubin.head"))
    town.now = local(2, 9, 1, 2027)
    with database.unit_of_work() as session:
        rows = rows_of(session, "matrix", town.now, "hubin")
        area = catalogue(session).unit_ids["chenguang-1"]
        there = responsible(session, area, "C01", town.now, "湖滨北路3号")
    assert [row["stands"] for row in rows].count("past") == len(letters)
    assert (there.duty.document if there.duty else None, len(rows)) == ("责〔2027〕湖滨北路", len(letters) + 1)
    assert complaints(database, town.now) == []
