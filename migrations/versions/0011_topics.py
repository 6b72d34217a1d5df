"""Topics become affairs: each gets a case file of its own, in whose journal it goes on; cases are put with that file

Revision: 0011
Before: 0010
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

Row = Mapping[str, Any]
_MOMENT = models.base.UtcDateTime(timezone=True)
_topic = sa.table(
    "topic",
    *(sa.column(n) for n in ("id", "category", "area_unit_id", "place", "state", "unit_id", "plan", "closed_by", "result")),
    sa.column("opened_at", _MOMENT),
    sa.column("closed_at", _MOMENT),
)
_case = sa.table(
    "case_file",
    *(sa.column(n) for n in ("id", "no", "state", "version", "seq", "journal_hash", "source", "urgency", "subject", "body", "place")),
    *(sa.column(n) for n in ("area_unit_id", "contact_allowed", "reporters", "hops", "orders_before", "rechecks", "needs_check", "round")),
    *(sa.column(n) for n in ("policy_version", "topic_id")),
    *(sa.column(n, sa.JSON()) for n in ("readers", "asks")),
    sa.column("submitted_at", _MOMENT),
)
_journal = sa.table(
    "journal",
    *(sa.column(n) for n in ("case_id", "seq", "step", "thing", "thing_no", "action", "before", "after", "actor", "ball_unit_id")),
    *(sa.column(n) for n in ("previous", "hash")),
    sa.column("data", sa.JSON()),
    sa.column("at", _MOMENT),
)
_affair = sa.table(
    "affair",
    *(sa.column(n) for n in ("case_id", "seq", "thing", "no", "state", "form", "title", "body", "place", "area_unit_id", "unit_id")),
    *(sa.column(n) for n in ("measure", "hidden", "result", "opened_by", "ended_by")),
    *(sa.column(n, sa.JSON()) for n in ("limits", "data")),
    sa.column("opened_at", _MOMENT),
    sa.column("ended_at", _MOMENT),
)
_link = sa.table("affair_case", sa.column("home_id"), sa.column("seq"), sa.column("case_id"))
_ENTRY = 2  #: journal entry that opens a topic in its own file


def upgrade() -> None:
    bind = op.get_bind()
    zone = ZoneInfo(bind.execute(sa.text("SELECT zone FROM calendar")).scalar() or "Asia/Shanghai")
    bind.execute(sa.update(_case).values(topic_id=-_case.c.topic_id))  # meanwhile, so that no old number is taken for a new one
    for topic in bind.execute(sa.select(_topic).order_by(_topic.c.id)).mappings().all():
        home = _file(bind, topic, zone)
        cases = list(bind.execute(sa.select(_case.c.id).where(_case.c.topic_id == -topic["id"])).scalars())
        if cases:
            bind.execute(sa.insert(_link), [{"home_id": home, "seq": _ENTRY, "case_id": case} for case in cases])
            bind.execute(sa.update(_case).where(_case.c.id.in_(cases)).values(topic_id=home))
    with op.batch_alter_table("topic", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_topic_category_topic_area_unit_id"))
    op.drop_table("topic")


def _file(bind: sa.Connection, topic: Row, zone: ZoneInfo) -> int:
    """The case file of a topic, with its journal and the affair itself."""
    day = f"{topic['opened_at'].astimezone(zone):%Y%m%d}"
    name = topic["place"] or bind.execute(sa.text("SELECT zh FROM unit WHERE id = :id"), {"id": topic["area_unit_id"]}).scalar()
    what = bind.execute(sa.text("SELECT zh FROM category WHERE code = :code"), {"code": topic["category"]}).scalar()
    title = f"{name} {what or topic['category']}"[:120]
    plain = {"contact_allowed": True, "reporters": 0, "hops": 0, "orders_before": 0, "rechecks": 0, "needs_check": True, "round": 1}
    values = {
        "no": f"BH-{day}-{_next(bind, 'case_number', day):04d}",
        "state": "beside",
        "source": "affair",
        "urgency": "P3",
        "subject": title,
        "body": title,
        "place": topic["place"],
        "area_unit_id": topic["area_unit_id"],
        "readers": [],
        "asks": [],
        "submitted_at": topic["opened_at"],
        "policy_version": bind.execute(sa.text("SELECT min(version) FROM sla_policy")).scalar() or 1,
        **plain,
    }
    home = bind.execute(sa.insert(_case).values(version=0, seq=0, journal_hash="", **values).returning(_case.c.id)).scalar_one()
    entries = _entries(home, topic)
    bind.execute(sa.insert(_journal), entries)
    asked = sum(entry["action"] != "take_topic" for entry in entries)  # who took it nobody wrote down: no move that somebody asked for
    bind.execute(sa.update(_case).where(_case.c.id == home).values(version=asked, seq=len(entries), journal_hash=entries[-1]["hash"]))
    bind.execute(
        sa.insert(_affair).values(case_id=home, no=f"ZT-{day}-{_next(bind, 'affair_number', f'ZT{day}'):04d}", **_row(topic, title))
    )
    return int(home)


def _row(topic: Row, title: str) -> Row:
    """The affair: without a clock until somebody says anew how it is dealt with (`root`: none)."""
    return {
        "seq": _ENTRY,
        "thing": "topic",
        "state": topic["state"],
        "form": topic["category"],
        "title": title,
        "body": topic["plan"],
        "place": topic["place"],
        "area_unit_id": topic["area_unit_id"],
        "unit_id": topic["unit_id"],
        "measure": "",
        "limits": {"root": "none"},
        "hidden": False,
        "result": topic["result"],
        "data": {"by": "place" if topic["place"] else "area", "old": topic["id"]},
        "opened_at": topic["opened_at"],
        "opened_by": "system",
        "ended_at": topic["closed_at"],
        "ended_by": topic["closed_by"],
    }


def _entries(home: int, topic: Row) -> list[Row]:
    """What happened to it, as far as that is known: found, taken, closed."""
    at, found = topic["opened_at"], list[dict[str, Any]]()
    said = [("collect", "case", None, "submit", None, "beside", at, "system", {"source": "affair", "urgency": "P3"})]
    said.append(("handle", "case", None, "open_topic", "beside", "beside", at, "system", {"category": topic["category"]}))
    taken = topic["unit_id"] is not None
    if taken:
        data = {"unit": topic["unit_id"], "plan": topic["plan"]}
        said.append(("handle", "topic", _ENTRY, "take_topic", "open", "taken", at, "system", data))
    if topic["closed_at"] is not None:
        before = "taken" if taken else "open"
        by, data = topic["closed_by"] or "system", {"result": topic["result"]}
        said.append(("handle", "topic", _ENTRY, "close_topic", before, "closed", topic["closed_at"], by, data))
    names = ("step", "thing", "thing_no", "action", "before", "after", "at", "actor", "data")
    for seq, values in enumerate(said, start=1):
        entry = dict(zip(names, values, strict=True)) | {"case_id": home, "seq": seq, "ball_unit_id": None}
        entry["previous"] = found[-1]["hash"] if found else ""
        found.append(entry | {"hash": _hash(entry)})
    return found


def _hash(entry: Row) -> str:
    """As journals were chained when this was written."""
    moment = entry["at"].astimezone(UTC).isoformat(timespec="microseconds")
    parts = (entry["previous"], entry["case_id"], entry["seq"], moment)
    parts += tuple(entry[n] for n in ("thing", "thing_no", "action", "before", "after", "actor", "ball_unit_id"))
    text = "|".join(map(str, parts)) + json.dumps(entry["data"], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _next(bind: sa.Connection, numbers: str, day: str) -> int:
    """The next number of a day."""
    words = "INSERT INTO {0} (day, last) VALUES (:day, 1) ON CONFLICT (day) DO UPDATE SET last = {0}.last + 1 RETURNING last"
    return int(bind.execute(sa.text(words.format(numbers)), {"day": day}).scalar_one())


def downgrade() -> None:
    op.create_table(
        "topic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=10), nullable=False),
        sa.Column("area_unit_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False, comment="open, taken or closed"),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True, comment="unit that has taken it on"),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("closed_at", _MOMENT, nullable=True),
        sa.Column("closed_by", sa.String(length=60), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["area_unit_id"], ["unit.id"], name=op.f("fk_topic_area_unit_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_topic_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
    )
    with op.batch_alter_table("topic", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topic_category_topic_area_unit_id"), ["category", "area_unit_id"], unique=False)
    bind, states = op.get_bind(), {"open": "open", "closed": "closed"}
    for number, row in enumerate(bind.execute(sa.select(_affair).where(_affair.c.thing == "topic").order_by(_affair.c.no)).all(), start=1):
        values = {"id": number, "category": row.form, "state": states.get(row.state, "taken"), "plan": row.body, "closed_at": row.ended_at}
        values |= {name: getattr(row, name) for name in ("area_unit_id", "place", "opened_at", "unit_id", "result")}
        bind.execute(sa.insert(_topic).values(closed_by=row.ended_by, **values))
        bind.execute(sa.update(_case).where(_case.c.topic_id == row.case_id).values(topic_id=-number))
    bind.execute(sa.update(_case).where(_case.c.topic_id < 0).values(topic_id=-_case.c.topic_id))
    _forget(bind)


def _forget(bind: sa.Connection) -> None:
    """Take the affairs away that topics were, each with its case file and all that is kept with that; messages stay, about no case."""
    topics = bind.execute(sa.select(_affair.c.case_id, _affair.c.no).where(_affair.c.thing == "topic")).all()
    homes = sorted({row.case_id for row in topics})
    if not homes:
        return
    clocks, firings = sa.table("clock", sa.column("id"), sa.column("case_id")), sa.table("rung_firing", sa.column("clock_id"))
    bind.execute(sa.delete(firings).where(firings.c.clock_id.in_(sa.select(clocks.c.id).where(clocks.c.case_id.in_(homes)))))
    inspector = sa.inspect(bind)
    for name in inspector.get_table_names():
        columns = {column["name"]: column["nullable"] for column in inspector.get_columns(name)}
        for key in inspector.get_foreign_keys(name):
            if key["referred_table"] != "case_file":
                continue
            (own,) = key["constrained_columns"]
            kept = sa.table(name, sa.column(own))
            there = kept.c[own].in_(homes)
            bind.execute(sa.update(kept).where(there).values({own: None}) if columns[own] else sa.delete(kept).where(there))
    gone = bind.execute(sa.select(_case.c.no).where(_case.c.id.in_(homes))).scalars().all()
    bind.execute(sa.delete(_case).where(_case.c.id.in_(homes)))
    for day in sorted({no.split("-")[1] for no in gone}):
        _give_back(bind, "case_number", day, _case, f"BH-{day}-")
    for day in sorted({row.no.split("-")[1] for row in topics}):
        _give_back(bind, "affair_number", f"ZT{day}", _affair, f"ZT-{day}-")


def _give_back(bind: sa.Connection, numbers: str, day: str, owner: sa.TableClause, start: str) -> None:
    """The numbers of a day that nobody has any more, at its end, are given out again: none is ever missing."""
    left = bind.execute(sa.select(owner.c.no).where(owner.c.no.startswith(start))).scalars()
    last = max((int(no.removeprefix(start)) for no in left), default=0)
    bind.execute(sa.text(f"UPDATE {numbers} SET last = :last WHERE day = :day"), {"last": last, "day": day})  # noqa: S608 - our own names
