"""What tests of limits write and ask."""

import seeds
from notifications.notices import NOTICES
from rules.ladder_checks import Place, Written, WrittenLadder, ladder_problems
from rules.sla import Row
from rules.sla_checks import Known
from services.policy_files import seeded_policy

CATEGORIES = {c["code"]: c for c in seeds.read("categories.toml")["category"]}
KNOWN = Known(
    frozenset(CATEGORIES),
    frozenset({"P0", "P1", "P2", "P3"}),
    frozenset(s["code"] for s in seeds.read("sources.toml")["source"]),
    frozenset(u["code"] for u in seeds.read("chenghu.toml")["unit"] if u["kind"] in ("GRID", "COMMUNITY", "SUBDISTRICT", "DISTRICT")),
    frozenset({"elder_alone", "minor"}),
    frozenset(NOTICES),
)
SEEDED = seeded_policy()
LINE = ("chenguang-1", "chenguang", "hubin", "chenghu")
BASE = tuple(row for row in SEEDED.rows if row.names.keys() == {"urgency"})


def row(line: int = 900, limits: dict[str, str] | None = None, **names: str) -> Row:
    return Row(line, **names, limits={"handle": "3wd"} if limits is None else limits)


def wrong(*ladders: WrittenLadder, **clocks: str) -> list[tuple[int, str, str]]:
    there = {x.code for x in ladders}
    others = tuple(x for x in SEEDED.ladders if x.code not in there)
    written = Written((*others, *ladders), {**SEEDED.clocks, **clocks}, {"accept": Place(40)})
    return [(p.line, p.key, p.code) for p in ladder_problems(written, SEEDED.rows, KNOWN)]
