"""Filling an empty database with the seed files: kinds, categories, limits, ladders, calendar, words, a demonstration district."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from models import (
    Base,
    CalendarDay,
    CalendarInfo,
    CalendarYear,
    Category,
    Diversion,
    LadderVersion,
    SensitiveKind,
    SlaPolicy,
    SlaRow,
    Source,
    SpecialGroup,
    Staff,
    System,
    TriageRule,
    Unit,
    UnitKind,
    UrgentRule,
    WorkingWindow,
    begin_write,
    table,
)
from seeds import read, rows
from services.catalogue import known_codes, reference_changed
from services.policy_files import seeded_policy
from services.policy_files.values import PolicyRefused, ladder_row
from services.routing.seeding import seed_routing

Row = dict[str, Any]
FIRST_DAY: Final = date(2000, 1, 1)  #: from when the first limits hold, so that cases of any day have some
_SEEDING: Final = 0x73656564  #: PostgreSQL's advisory lock of whoever seeds ("seed")


def is_seeded(session: Session) -> bool:
    """Whether there is any reference data yet."""
    return session.connection().execute(select(table(System).c.id)).first() is not None


def seed(session: Session, *, demo: bool, policy: Path | None = None, events_on: bool = False) -> None:
    """Write the seed files into an empty database; does nothing when there is reference data already.

    Safe when two processes do it at once: the second one waits, and finds reference data.

    Args:
        session: The unit of work.
        demo: Whether to add the demonstration district with its units and people.
        events_on: Whether journal entries are queued for Prefect from the first case on.
        policy: Limits to use instead of the seeded ones, a file in the form of seeds/policy.toml.

    Raises:
        PolicyRefused: the limits cannot be used; nothing is then written.
    """
    begin_write(session)
    if session.connection().dialect.name == "postgresql":
        session.connection().execute(select(func.pg_advisory_xact_lock(_SEEDING)))
    if is_seeded(session):
        return
    _add(session, System, [{"id": 1, "revision": 1, "installation": str(uuid4()), "events_on": events_on}])
    _add(session, UnitKind, [{"vertical": False, **kind} for kind in read("unit_kinds.toml")["kind"]])
    _seed_categories(session)
    _seed_calendar(session)
    _seed_policy(session, policy)
    _seed_triage(session)
    if demo:
        _seed_district(session, read("chenghu.toml"))
    seed_routing(session.connection())


def _add(session: Session, model: type[Base], values: Iterable[Mapping[str, Any]]) -> None:
    columns = {c.name for c in table(model).c}
    batch = [{k: v for k, v in row.items() if k in columns} for row in values]
    if batch:
        session.connection().execute(insert(table(model)), batch)


def _seed_categories(session: Session) -> None:
    _add(session, Category, [{"closing": [], **category} for category in read("categories.toml")["category"]])
    _add(session, Source, [{"by_staff": False, "concealed": False, **source} for source in read("sources.toml")["source"]])
    _add(session, SpecialGroup, read("groups.toml")["group"])
    _add(session, Diversion, read("diversions.toml")["diversion"])
    _add(session, SensitiveKind, [{"report_to": None, **kind} for kind in read("sensitive.toml")["kind"]])


def add_missing(session: Session) -> None:
    """Give an installation of an older version what came with this one: ladders, sources, kinds of unit. Safe to run again.

    What is there already is left as an administrator made it; limits in force are not touched.
    """
    if not is_seeded(session):
        return
    run = session.connection().execute
    written = seeded_policy(None)
    known = set(run(select(table(LadderVersion).c.code)).scalars())
    _add(session, LadderVersion, [{**ladder_row(each), "version": 1} for each in written.ladders if each.code not in known])
    sources = set(run(select(table(Source).c.code)).scalars())
    new = [{"by_staff": False, "concealed": False, **each} for each in read("sources.toml")["source"] if each["code"] not in sources]
    _add(session, Source, new)
    kinds = set(run(select(table(UnitKind).c.code)).scalars())
    units = [{"vertical": False, **each} for each in read("unit_kinds.toml")["kind"] if each["code"] not in kinds]
    _add(session, UnitKind, units)
    if new or units or any(each.code not in known for each in written.ladders):
        reference_changed(session)


def _seed_policy(session: Session, file: Path | None) -> None:
    """The first version of the limits: suggested values until an administrator confirms them."""
    written = seeded_policy(file)
    found = written.problems(known_codes(session))
    if found:
        raise PolicyRefused(file.name if file else "policy.toml", found)
    first, zone = written.effective_from or FIRST_DAY, ZoneInfo(read("calendar/cn.toml")["zone"])
    header = {
        "version": 1,
        "effective_from": first,
        "effective_at": datetime.combine(first, time(), zone),
        "note": written.note,
        "ladders": {clock: f"{code}@1" for clock, code in written.clocks.items()},
    }
    _add(session, SlaPolicy, [header])
    _add(session, SlaRow, [{**row.stored(), "line": i, "version": 1} for i, row in enumerate(written.rows, start=1)])
    _add(session, LadderVersion, [{**ladder_row(ladder), "version": 1} for ladder in written.ladders])


def _seed_calendar(session: Session) -> None:
    info = read("calendar/cn.toml")
    code, national = info["code"], "national"
    _add(session, CalendarInfo, [{**info, "version": 1, "layer": national, "above": None}])
    hours = [{"opens": time.fromisoformat(w["opens"]), "closes": time.fromisoformat(w["closes"])} for w in info["windows"]]
    _add(session, WorkingWindow, [{"calendar": code, **w} for w in hours])
    years = range(info["first"].year, info["last"].year + 1)
    published = {"calendar": code, "source": info["source"]}
    _add(session, CalendarYear, [{**published, "year": y, "published": y <= info["published_until"].year} for y in years])
    _add(
        session,
        CalendarDay,
        [
            {
                "calendar": code,
                "layer": national,
                "day": date.fromisoformat(d["date"]),
                "working": d["working"] == "1",
                "reason": d["name"],
                "source": d["source"],
                "provisional": d["provisional"] == "1",
            }
            for d in rows("calendar/cn.csv")
        ],
    )


def _seed_triage(session: Session) -> None:
    words = read("triage.toml")
    _add(
        session,
        TriageRule,
        [
            {"category": r["category"], "words": r["words"], "needs": r.get("needs", []), "excludes": r.get("not", [])}
            for r in words["rule"]
        ],
    )
    _add(session, UrgentRule, words["urgent"])


def _seed_district(session: Session, district: Mapping[str, Any]) -> None:
    units = district["unit"]
    ids = {unit["code"]: i for i, unit in enumerate(units, start=1)}
    rows_of_units = [
        {
            "id": ids[u["code"]],
            "code": u["code"],
            "zh": u["zh"],
            "en": u["en"],
            "kind": u["kind"],
            "parent_id": ids.get(u.get("parent", "")),
            "supervising_id": ids.get(u.get("supervising", u.get("parent", ""))),
            "calendar": u.get("calendar", "cn"),
        }
        for u in units
    ]
    _add(session, Unit, rows_of_units)
    _add(session, Staff, [post for unit in rows_of_units for post in _posts(unit, district["role"])])


def _posts(unit: Row, roles: Iterable[Mapping[str, Any]]) -> list[Row]:
    posts = []
    for role in roles:
        kinds, never = role["kinds"], role.get("except", [])
        if (kinds == "*" or unit["kind"] in kinds) and unit["kind"] not in never:
            name = role.get("user") or f"{unit['code']}.{role['suffix']}"
            posts.append(
                {
                    "name": name,
                    "zh": f"{unit['zh']}{role['zh']}",
                    "en": f"{unit['en']} {role['en']}",
                    "unit_id": unit["id"],
                    "role": role["role"],
                    "phone": pretend_phone(name),
                    "email": f"{name}@example.cn",
                    "im": name,
                }
            )
    return posts


def pretend_phone(name: str) -> str:
    """A phone number for the demonstration that no network has given out (prefix 100), always the same for a name."""
    return f"100{int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 10**8:08d}"


def demo_accounts(session: Session) -> list[tuple[str, str, str]]:
    """The accounts that a newcomer may act as: user name, post in Chinese, post in English."""
    wanted = ("centre.duty", "chenguang-1.worker", "chenguang.clerk", "hubin.clerk", "water.clerk", "water.head", "chenghu.leader", "admin")
    staff = table(Staff)
    found = {row.name: (row.name, row.zh, row.en) for row in session.connection().execute(select(staff).where(staff.c.name.in_(wanted)))}
    return [found[name] for name in wanted if name in found]
