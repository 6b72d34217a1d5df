"""Filling an empty database with the seed files: kinds, categories, limits, ladders, calendar, words, a demonstration district."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, time
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from models import (
    Base,
    CalendarDay,
    CalendarInfo,
    Category,
    LadderVersion,
    SlaPolicy,
    SlaRow,
    Source,
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
from rules.ladder import Rung
from rules.worktime import Limit
from seeds import read, rows

Row = dict[str, Any]
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
        ValueError: a limit or a rung cannot be read; nothing is then written.
    """
    begin_write(session)
    if session.connection().dialect.name == "postgresql":
        session.connection().execute(select(func.pg_advisory_xact_lock(_SEEDING)))
    if is_seeded(session):
        return
    _add(session, System, [{"id": 1, "revision": 1, "installation": str(uuid4()), "events_on": events_on}])
    _add(session, UnitKind, read("unit_kinds.toml")["kind"])
    _seed_categories(session)
    _seed_policy(session, tomllib.loads(policy.read_text(encoding="utf-8")) if policy else read("policy.toml"))
    _seed_calendar(session)
    _seed_triage(session)
    if demo:
        _seed_district(session, read("chenghu.toml"))


def _add(session: Session, model: type[Base], values: Iterable[Mapping[str, Any]]) -> None:
    columns = {c.name for c in table(model).c}
    batch = [{k: v for k, v in row.items() if k in columns} for row in values]
    if batch:
        session.connection().execute(insert(table(model)), batch)


def _seed_categories(session: Session) -> None:
    categories = read("categories.toml")["category"]
    _add(session, Category, categories)
    _add(session, Source, read("sources.toml")["source"])
    for category in categories:
        _check_limits(category["limits"])


def _check_limits(limits: Mapping[str, str]) -> None:
    for text in limits.values():
        Limit.parse(text)


def _seed_policy(session: Session, policy: Mapping[str, Any]) -> None:
    ladders = read("ladders.toml")
    version = policy["version"]
    header = {"version": version, "effective_from": policy["effective_from"], "note": policy["note"], "ladders": ladders["clocks"]}
    _add(session, SlaPolicy, [header])
    rows_of_policy: list[Row] = [{"category": None, "urgency": code, "limits": row["limits"]} for code, row in policy["urgency"].items()]
    rows_of_policy += [{"category": c["code"], "urgency": c["urgency"], "limits": c["limits"]} for c in read("categories.toml")["category"]]
    rows_of_policy += policy.get("row", [])
    for row in rows_of_policy:
        _check_limits(row["limits"])
    _add(session, SlaRow, [{**row, "version": version} for row in rows_of_policy])
    for ladder in ladders["ladder"]:
        for rung in ladder["rungs"]:
            Rung.parse(rung)
    _add(session, LadderVersion, [{**ladder, "version": 1} for ladder in ladders["ladder"]])


def _seed_calendar(session: Session) -> None:
    info = read("calendar/cn.toml")
    code = info["code"]
    _add(session, CalendarInfo, [{**info, "version": 1}])
    _add(
        session,
        WorkingWindow,
        [{"calendar": code, "opens": time.fromisoformat(w["opens"]), "closes": time.fromisoformat(w["closes"])} for w in info["windows"]],
    )
    _add(
        session,
        CalendarDay,
        [
            {
                "calendar": code,
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
