"""Versions of the routing catalogue: read and refused at the door, drafted, edited, learnt from rulings, published by a second person."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from models import AdminEntry, Database, table
from rules.facts import Refused, RequestKind
from rules.reasons import REASONS
from rules.remits import RouteRow
from services.catalogue import catalogue
from services.policy_files.values import worded
from services.routing.difference import difference
from services.routing.drafting import add_row, draft, drop_row, publish, withdraw
from services.routing.explaining import try_route
from services.routing.files import read_routing, write_routing
from services.routing.learning import As, learn
from services.routing.seeding import seed_routing
from services.routing.stored import routing_file, version_of, versions
from services.routing.values import RoutingFile, RoutingRefused
from tests.support.routed import in_force, republish
from tests.support.town import START, Town
from wording import LANGUAGES

_admin = table(AdminEntry)
LAMP = "小区里的路灯不亮了"
SMALL = """
note = "试"
[[route]]
category = ["A01", "A03"]
area = ["songling-1", "songling-2"]
owner = "owner"
lead = "songling-estate"
co = ["MUNICIPAL", "water"]
basis = "物业合同"

[[route]]
category = "F01"
owner = "area"
lead = "SUBDISTRICT"

[duties]
SUBDISTRICT = ["F01"]
songling-estate = ["A01", "A03"]

[[level]]
level = "grid"
may = []

[[level]]
level = "grid"
category = ["F01", "G02"]
may = ["hold", "decide"]
"""


def refusal_of(database: Database, code: str, act: Callable[..., object], *values: object, **named: object) -> None:
    with pytest.raises(Refused) as found, database.unit_of_work() as session:
        act(session, *values, **named)
    assert found.value.code == code


def drafted(database: Database, file: RoutingFile | None = None, by: str = "admin") -> int:
    with database.unit_of_work() as session:
        return draft(session, file, "test.toml", by, START)


def problems(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(RoutingRefused) as found:
        read_routing(text.encode(), "routing.toml")
    assert found.value.code == "bad_routing"
    assert all(worded(p, lang).strip() for p in found.value.problems for lang in LANGUAGES)
    return [(p.line, p.key, p.code) for p in found.value.problems]


# files ----------------------------------------------------------------------------------------------------------------


def test_a_file_is_read_with_its_lines_one_row_for_each_combination() -> None:
    file = read_routing(SMALL.encode(), "routing.toml")
    assert [(r.line, r.category, r.area, r.lead, r.co) for r in file.routes] == [
        *(
            (3, category, area, "songling-estate", ("MUNICIPAL", "water"))
            for category in ("A01", "A03")
            for area in ("songling-1", "songling-2")
        ),
        (11, "F01", None, "SUBDISTRICT", ()),
    ]
    assert [(d.line, d.unit, d.categories) for d in file.duties] == [(17, "SUBDISTRICT", ("F01",)), (18, "songling-estate", ("A01", "A03"))]
    assert [(x.line, x.level, x.category, x.may) for x in file.levels] == [
        (20, "grid", None, ()),
        (24, "grid", "F01", ("hold", "decide")),
        (24, "grid", "G02", ("hold", "decide")),
    ]
    assert file.note == "试"


def test_what_is_written_is_read_back_as_the_same(database: Database) -> None:
    with database.unit_of_work() as session:
        seeded = routing_file(session, 1)
    for file in (seeded, read_routing(SMALL.encode(), "routing.toml")):
        again = read_routing(write_routing(file).encode(), "routing.toml")
        assert difference(file, again) == difference(again, file) == []
        assert again.note == file.note
        assert [replace(r, line=0) for r in again.routes] == [replace(r, line=0) for r in file.routes]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[[route]\n", (1, "", "not_toml")),
        ("", (0, "route", "no_routes")),
        ("\nspeed = 3\n", (2, "speed", "unknown_key")),
        ("route = 3\n", (0, "route", "not_a_list")),
        ("\n[[route]]\ncategory = 'A03'\nowner = 'owner'\nlead = 'x'\nwho = 'y'\n", (2, "who", "unknown_key")),
        ("\n[[route]]\nowner = 'owner'\nlead = 'x'\n", (2, "category", "not_codes")),
        ("\n[[route]]\ncategory = 'A03'\nowner = 'owner'\n", (2, "lead", "not_a_text")),
        ("\n[[route]]\ncategory = 'A03'\narea = []\nowner = 'owner'\nlead = 'x'\n", (2, "area", "not_codes")),
        ("\n[[route]]\ncategory = 'A03'\nowner = 'owner'\nlead = 'x'\nco = 3\n", (2, "co", "not_codes")),
        ("\nduties = 3\n", (2, "duties", "not_a_table")),
        ("\n[duties]\nWATER = []\n", (3, "WATER", "not_codes")),
        ("\n[[level]]\nlevel = 'grid'\n", (2, "may", "not_codes")),
    ],
)
def test_a_file_of_another_form_is_refused_with_line_and_key(text: str, place: tuple[int, str, str]) -> None:
    assert place in problems(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[[route]]\ncategory = 'Z9'\nowner = 'owner'\nlead = 'WATER'\n", (1, "category", "unknown_category")),
        ("[[route]]\ncategory = 'A03'\narea = 'water'\nowner = 'owner'\nlead = 'WATER'\n", (1, "area", "unknown_area")),
        ("[[route]]\ncategory = 'A03'\nowner = 'me'\nlead = 'WATER'\n", (1, "owner", "unknown_owner")),
        ("[[route]]\ncategory = 'A03'\nowner = 'owner'\nlead = 'NOBODY'\n", (1, "lead", "unknown_unit_or_kind")),
        ("[[route]]\ncategory = 'A03'\nowner = 'owner'\nlead = 'chenghu'\n", (1, "lead", "district_never_handles")),
        ("[[route]]\ncategory = 'A03'\nowner = 'owner'\nlead = 'WATER'\nco = ['WATER']\n", (1, "co", "co_is_lead")),
        ("[[route]]\ncategory = 'A03'\nowner = 'owner'\nlead = 'WATER'\nco = ['nobody']\n", (1, "co", "unknown_unit_or_kind")),
        (f"[[route]]\ncategory = 'A03'\nowner = 'owner'\nlead = 'WATER'\nbasis = '{'x' * 121}'\n", (1, "basis", "basis_too_long")),
        (2 * "[[route]]\ncategory = 'A03'\nowner = 'owner'\nlead = 'WATER'\n", (5, "category", "same_route")),
        ("[duties]\nWATER = ['A01']\n[[route]]\ncategory = 'A03'\nowner = 'owner'\nlead = 'water'\n", (3, "lead", "route_off_list")),
        ("[duties]\nCOMMUNITY = ['F01']\n[[route]]\ncategory = 'A03'\nowner = 'owner'\nlead = 'GRID'\n", (3, "lead", "route_off_list")),
        ("[duties]\nNOBODY = ['A01']\n", (2, "duties", "unknown_unit_or_kind")),
        ("[duties]\nWATER = ['Z9']\n", (2, "category", "unknown_category")),
        ("[[level]]\nlevel = 'moon'\nmay = []\n", (1, "level", "unknown_level")),
        ("[[level]]\nlevel = 'grid'\nmay = ['fly']\n", (1, "may", "unknown_right")),
        (2 * "[[level]]\nlevel = 'grid'\nmay = []\n", (4, "level", "same_level")),
    ],
)
def test_codes_that_cannot_be_used_are_refused_with_line_and_key(sqlite_database: Database, text: str, place: tuple[int, str, str]) -> None:
    file = read_routing(text.encode(), "routing.toml")
    with pytest.raises(RoutingRefused) as found, sqlite_database.unit_of_work() as session:
        draft(session, file, "routing.toml", "admin", START)
    assert place in [(p.line, p.key, p.code) for p in found.value.problems]
    assert all(worded(p, lang).strip() for p in found.value.problems for lang in LANGUAGES)
    with sqlite_database.unit_of_work() as session:
        assert [v.version for v in versions(session)] == [1], "nothing half-done"


# drafts ---------------------------------------------------------------------------------------------------------------


def test_a_draft_changes_nothing_until_a_second_person_publishes_it(town: Town) -> None:
    database = town.context.database
    version = drafted(database)
    with database.unit_of_work() as session:
        line = add_row(
            session, version, RouteRow(0, "A03", "chenguang", "owner", "chenguang-estate", ("MUNICIPAL",), "合同"), "admin", town.now
        )
        assert try_route(session, "a03", "chenguang-1").lead == "municipal"
        assert try_route(session, "A03", "chenguang-1", version).lead == "chenguang-estate"
    for by, code in (("admin", "second_person"), ("centre.duty", "not_your_routing"), ("water.head", "not_your_routing")):
        refusal_of(database, code, publish, version, by, town.now)
    with database.unit_of_work() as session:
        publish(session, version, "centre.head", town.now)
    case = town.reports(LAMP)
    town.turn()
    assert [(o.code, o.lead) for o in town.orders(case)] == [("chenguang-estate", True), ("municipal", False)]
    entry = next(e.data["route"] for e in town.journal(case) if e.action == "dispatch")
    assert (entry["version"], entry["line"], entry["basis"]) == (2, line, "合同")
    with database.unit_of_work() as session:
        acts = [(e.actor, e.action, e.subject) for e in session.connection().execute(select(_admin).order_by(_admin.c.id))]
    assert acts == [
        (by, action, "routing v2")
        for by, action in (("admin", "routing_drafted"), ("admin", "route_added"), ("centre.head", "routing_published"))
    ]


def test_whoever_has_edited_a_draft_cannot_publish_it(database: Database) -> None:
    version = drafted(database)
    with database.unit_of_work() as session:
        drop_row(session, version, 1, "centre.head", START)
    refusal_of(database, "second_person", publish, version, "centre.head", START)
    refusal_of(database, "second_person", publish, version, "admin", START)


def test_rows_are_added_replaced_and_dropped(database: Database) -> None:
    version = drafted(database)
    row = RouteRow(0, "A03", "songling-1", "owner", "municipal")
    with database.unit_of_work() as session:
        assert add_row(session, version, row, "centre.duty", START) == 1, "same category, area and owner kind: replaced"
        assert add_row(session, version, replace(row, area=None), "centre.duty", START) == 5
        drop_row(session, version, 2, "admin", START)
        file = routing_file(session, version)
        assert [(r.line, r.category, r.lead) for r in file.routes] == [
            (1, "A03", "municipal"),
            (3, "A03", "jinqiao-flats"),
            (4, "E02", "songling-self"),
            (5, "A03", "municipal"),
        ]
        said = {(line.names, line.before, line.after) for line in difference(routing_file(session, 1), file)}
    assert said == {
        (("A03", "songling-1", "owner"), "songling-estate + MUNICIPAL", "municipal"),
        (("A03", "", "owner"), None, "municipal"),
        (("A01", "songling-1", "owner"), "songling-estate + WATER", None),
    }
    refusal_of(database, "no_such_route", drop_row, version, 2, "admin", START)
    refusal_of(database, "bad_routing", add_row, version, replace(row, lead="water"), "admin", START)


def test_only_a_draft_is_edited_withdrawn_or_published(database: Database) -> None:
    version = drafted(database)
    with database.unit_of_work() as session:
        withdraw(session, version, "admin", START)
        assert version_of(session, version).state == "withdrawn"
    for each in (1, version):
        refusal_of(database, "routing_not_a_draft", drop_row, each, 1, "admin", START)
        refusal_of(database, "routing_not_a_draft", withdraw, each, "admin", START)
        refusal_of(database, "routing_not_a_draft", publish, each, "centre.head", START)
    refusal_of(database, "unknown_routing", withdraw, 99, "admin", START)
    refusal_of(database, "not_your_routing", draft, None, "", "hubin.head", START)


def test_a_draft_that_would_undo_a_newer_version_says_so(town: Town) -> None:
    database = town.context.database
    old = drafted(database)
    republish(town)
    refusal_of(database, "routing_outdated", publish, old, "centre.head", town.now)
    with database.unit_of_work() as session:
        publish(session, old, "centre.head", town.now, anyway=True)
        assert catalogue(session).routing.version == 3, "the newer number wins where two came into force at one instant"


def test_the_seeds_are_written_once(database: Database) -> None:
    with database.unit_of_work() as session:
        assert seed_routing(session.connection()) is False
        assert [(v.version, v.state) for v in versions(session)] == [(1, "published")]


# rulings --------------------------------------------------------------------------------------------------------------


def ruled(town: Town) -> int:
    """A case that the engine left to the centre, and that the centre sent past a duty list."""
    republish(town, lists={"MUNICIPAL": ("A04",)})
    case = town.reports(LAMP)
    town.turn()
    past = {"override": True, "reason": "路灯由城管代管"}
    town.act(case, "dispatch", "centre.duty", lead=town.unit_id("urban"), co=(town.unit_id("chenguang-estate"),), **past)
    return case


def test_a_ruling_becomes_a_row_with_the_case_as_its_basis(town: Town) -> None:
    case, database = ruled(town), town.context.database
    no = town.case(case).no
    refusal_of(database, "bad_routing", learn, no, "centre.duty", town.now)
    republish(town, lists={"URBAN_MGMT": ("A03",)})
    with database.unit_of_work() as session:
        learnt = learn(session, no.lower(), "centre.duty", town.now)
        again = learn(session, no, "centre.duty", town.now, As(area="chenguang"))
        twice = learn(session, no, "centre.duty", town.now, As(area="chenguang"))
    assert learnt.row == RouteRow(1, "A03", "chenguang-1", "owner", "urban", ("chenguang-estate",), no)
    assert (again.version, again.row.line, again.row.area, twice) == (learnt.version, 2, "chenguang", again)
    with database.unit_of_work() as session:
        publish(session, learnt.version, "centre.head", town.now)
    other = town.reports(LAMP, phone="10000000002")
    town.turn()
    assert [(o.code, o.lead) for o in town.orders(other)] == [("urban", True), ("chenguang-estate", False)]


def test_an_upheld_return_becomes_a_row(town: Town) -> None:
    case = town.reports("垃圾桶满了，垃圾都溢出来了")
    town.turn()
    lead = next(o.code for o in town.orders(case) if o.lead)
    town.order(case, "ask_return", f"{lead}.clerk", code=REASONS[RequestKind.RETURN][0], reason="物业自有的桶")
    town.request(case, "uphold_return", "centre.duty", unit=town.unit_id("hubin-estates"), reason="桶归物业")
    with town.context.database.unit_of_work() as session:
        row = learn(session, town.case(case).no, "centre.head", town.now).row
    assert (row.category, row.area, row.owner, row.lead, row.co) == ("B01", "chenguang-1", "owner", "hubin-estates", ())


def test_what_the_engine_routed_teaches_nothing(town: Town) -> None:
    case, database = town.reports(LAMP), town.context.database
    town.turn()
    refusal_of(database, "nothing_to_learn", learn, town.case(case).no, "centre.duty", town.now)
    town.act(case, "recall", "centre.duty", reason="派错了")
    town.act(case, "dispatch", "centre.duty", lead=town.unit_id("municipal"))
    refusal_of(database, "nothing_to_learn", learn, town.case(case).no, "centre.duty", town.now)
    refusal_of(database, "unknown_case", learn, "BH-19990101-0001", "centre.duty", town.now)
    refusal_of(database, "not_your_routing", learn, town.case(case).no, "water.clerk", town.now)
    assert in_force(town).note
