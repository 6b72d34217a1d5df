"""Patrol groups, reports of a line, points

Revision: 0007
Before: 0006
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

#: New tables, in the order in which they can be dropped.
_TABLES = (
    "point_redemption",
    "point_entry",
    "point_goods",
    "point_partner",
    "point_account",
    "point_scheme",
    "patrol_report",
    "patrol_member",
    "patrol_group",
    "patrol_station",
)
#: The ledger is append only, whoever writes: the database itself refuses to change or delete an entry.
_SQLITE = """
CREATE TRIGGER point_entry_no_{event} BEFORE {event} ON point_entry
BEGIN SELECT RAISE(ABORT, 'point_entry is append only'); END
"""
_POSTGRES = (
    """
    CREATE FUNCTION point_entry_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'point_entry is append only'; END $$
    """,
    "CREATE TRIGGER point_entry_append_only BEFORE UPDATE OR DELETE ON point_entry FOR EACH ROW EXECUTE FUNCTION point_entry_append_only()",
)


def upgrade() -> None:
    _patrols()
    _points()
    postgres = op.get_bind().dialect.name == "postgresql"
    for statement in _POSTGRES if postgres else [_SQLITE.format(event=event) for event in ("UPDATE", "DELETE")]:
        op.execute(statement)


def _patrols() -> None:
    op.create_table(
        "patrol_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False, comment="short ascii name"),
        sa.Column("zh", sa.String(length=60), nullable=False),
        sa.Column("en", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="seeds/patrols.toml: decides the source of its reports"),
        sa.Column("area_unit_id", sa.Integer(), nullable=False, comment="community it belongs to"),
        sa.Column("opened_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=60), nullable=False),
        sa.Column("closed_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["area_unit_id"], ["unit.id"], name=op.f("fk_patrol_group_area_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_group")),
        sa.UniqueConstraint("code", name=op.f("uq_patrol_group_code")),
    )
    with op.batch_alter_table("patrol_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patrol_group_area_unit_id"), ["area_unit_id"], unique=False)
    op.create_table(
        "patrol_station",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False, comment="short ascii name"),
        sa.Column("zh", sa.String(length=60), nullable=False),
        sa.Column("en", sa.String(length=80), nullable=False),
        sa.Column("area_unit_id", sa.Integer(), nullable=False, comment="community in whose area it lies"),
        sa.Column("place", sa.String(length=120), nullable=False, comment="address in words"),
        sa.Column("opened_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=60), nullable=False),
        sa.Column("closed_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["area_unit_id"], ["unit.id"], name=op.f("fk_patrol_station_area_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_station")),
        sa.UniqueConstraint("code", name=op.f("uq_patrol_station_code")),
    )
    with op.batch_alter_table("patrol_station", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patrol_station_area_unit_id"), ["area_unit_id"], unique=False)
    op.create_table(
        "patrol_member",
        sa.Column("id", sa.Integer(), nullable=False, comment="number by which the member is known to everybody else"),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=True, comment="station the member belongs to"),
        sa.Column("requester_id", sa.Integer(), nullable=True, comment="empty: left, and forgotten"),
        sa.Column(
            "found_by", models.base.Sealed(), nullable=True, comment="encrypted; by what the requester is found again when handing in"
        ),
        sa.Column("age", sa.String(length=6), nullable=False, comment="adult, youth (14 to 17) or child (under 14)"),
        sa.Column("guardian_id", sa.Integer(), nullable=True, comment="guardian of a minor"),
        sa.Column("consented_on", sa.Date(), nullable=True, comment="day on which the guardian consented in writing"),
        sa.Column("joined_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("joined_by", sa.String(length=60), nullable=False, comment="who of ours wrote it down"),
        sa.Column("left_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("left_why", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["patrol_group.id"], name=op.f("fk_patrol_member_group_id")),
        sa.ForeignKeyConstraint(["guardian_id"], ["requester.id"], name=op.f("fk_patrol_member_guardian_id")),
        sa.ForeignKeyConstraint(["requester_id"], ["requester.id"], name=op.f("fk_patrol_member_requester_id")),
        sa.ForeignKeyConstraint(["station_id"], ["patrol_station.id"], name=op.f("fk_patrol_member_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_member")),
    )
    with op.batch_alter_table("patrol_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patrol_member_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_patrol_member_guardian_id"), ["guardian_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_patrol_member_requester_id"), ["requester_id"], unique=False)
        batch_op.create_index(
            "uq_patrol_member_lasting",
            ["group_id", "requester_id"],
            unique=True,
            postgresql_where=sa.text("left_at IS NULL"),
            sqlite_where=sa.text("left_at IS NULL"),
        )
    op.create_table(
        "patrol_report",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=True),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False, comment="member, or who of ours wrote it down for the member"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_patrol_report_case_id")),
        sa.ForeignKeyConstraint(["group_id"], ["patrol_group.id"], name=op.f("fk_patrol_report_group_id")),
        sa.ForeignKeyConstraint(["member_id"], ["patrol_member.id"], name=op.f("fk_patrol_report_member_id")),
        sa.ForeignKeyConstraint(["station_id"], ["patrol_station.id"], name=op.f("fk_patrol_report_station_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_patrol_report")),
    )
    with op.batch_alter_table("patrol_report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patrol_report_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_patrol_report_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_patrol_report_station_id"), ["station_id"], unique=False)


def _points() -> None:
    op.create_table(
        "point_partner",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False, comment="short ascii name"),
        sa.Column("zh", sa.String(length=60), nullable=False),
        sa.Column("en", sa.String(length=80), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("added_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_partner")),
        sa.UniqueConstraint("code", name=op.f("uq_point_partner_code")),
    )
    op.create_table(
        "point_scheme",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False, comment="2, 3, …"),
        sa.Column("effective_at", models.base.UtcDateTime(timezone=True), nullable=False, comment="for what is reported from then on"),
        sa.Column("content", sa.JSON(), nullable=False, comment="in the form of seeds/points.toml"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("published_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_point_scheme")),
    )
    op.create_table(
        "point_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("requester_id", sa.Integer(), nullable=True, comment="empty: closed, and forgotten"),
        sa.Column("age", sa.String(length=6), nullable=False, comment="adult, youth (14 to 17) or child (under 14)"),
        sa.Column("guardian_id", sa.Integer(), nullable=True, comment="guardian of a minor"),
        sa.Column("consented_on", sa.Date(), nullable=True, comment="day on which the guardian consented in writing"),
        sa.Column("opened_at", models.base.UtcDateTime(timezone=True), nullable=False, comment="what was reported before earns nothing"),
        sa.Column("opened_by", sa.String(length=60), nullable=False),
        sa.Column("closed_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["guardian_id"], ["requester.id"], name=op.f("fk_point_account_guardian_id")),
        sa.ForeignKeyConstraint(["requester_id"], ["requester.id"], name=op.f("fk_point_account_requester_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_account")),
        sa.UniqueConstraint("requester_id", name=op.f("uq_point_account_requester_id")),
    )
    with op.batch_alter_table("point_account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_point_account_guardian_id"), ["guardian_id"], unique=False)
    op.create_table(
        "point_goods",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False, comment="short ascii name"),
        sa.Column("zh", sa.String(length=60), nullable=False),
        sa.Column("en", sa.String(length=80), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("price", sa.Integer(), nullable=False, comment="points for one"),
        sa.Column("stock", sa.Integer(), nullable=False, comment="how many are left"),
        sa.Column("added_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=60), nullable=False),
        sa.Column("closed_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="not offered any more"),
        sa.CheckConstraint("price > 0", name=op.f("ck_point_goods_price")),
        sa.CheckConstraint("stock >= 0", name=op.f("ck_point_goods_stock")),
        sa.ForeignKeyConstraint(["partner_id"], ["point_partner.id"], name=op.f("fk_point_goods_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_goods")),
        sa.UniqueConstraint("code", name=op.f("uq_point_goods_code")),
    )
    op.create_table(
        "point_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False, comment="what it is for: the same event counts once"),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False, comment="verified, solved, given, redeemed, returned, reversed or expired"),
        sa.Column("board", sa.String(length=20), nullable=False, comment="board it counts on; empty: none"),
        sa.Column("points", sa.Integer(), nullable=False, comment="below zero: taken; zero: the day's cap was reached"),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("rule", sa.String(length=30), nullable=False, comment="code of the rule; empty: none"),
        sa.Column("scheme", sa.Integer(), nullable=False, comment="version of the rules"),
        sa.Column("day", sa.Date(), nullable=False, comment="local day on which it was earned: that of the report; caps are by day"),
        sa.Column("of_id", sa.Integer(), nullable=True, comment="entry that it takes back"),
        sa.Column("redemption_id", sa.Integer(), nullable=True, comment="what was redeemed or cancelled"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["point_account.id"], name=op.f("fk_point_entry_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_point_entry_case_id")),
        sa.ForeignKeyConstraint(["of_id"], ["point_entry.id"], name=op.f("fk_point_entry_of_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_entry")),
        sa.UniqueConstraint("key", name=op.f("uq_point_entry_key")),
    )
    with op.batch_alter_table("point_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_point_entry_account_id_point_entry_day"), ["account_id", "day"], unique=False)
        batch_op.create_index(batch_op.f("ix_point_entry_case_id"), ["case_id"], unique=False)
    op.create_table(
        "point_redemption",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("goods_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False, comment="price when it was redeemed, for all of them"),
        sa.Column("state", sa.String(length=12), nullable=False, comment="reserved, handed_over or cancelled"),
        sa.Column("by_guardian", sa.Boolean(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=True, comment="idempotency key"),
        sa.Column("made_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=60), nullable=False, comment="resident, or who of ours did it for the resident"),
        sa.Column("ended_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=60), nullable=True, comment="partner that handed it over, or who cancelled"),
        sa.Column("why", sa.String(length=120), nullable=False, comment="why it was cancelled"),
        sa.ForeignKeyConstraint(["account_id"], ["point_account.id"], name=op.f("fk_point_redemption_account_id")),
        sa.ForeignKeyConstraint(["goods_id"], ["point_goods.id"], name=op.f("fk_point_redemption_goods_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_redemption")),
        sa.UniqueConstraint("key", name=op.f("uq_point_redemption_key")),
    )
    with op.batch_alter_table("point_redemption", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_point_redemption_account_id"), ["account_id"], unique=False)


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION point_entry_append_only()")
