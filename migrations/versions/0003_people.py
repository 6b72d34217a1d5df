"""People: requests that somebody else decides, routing catalogue, reporters and ratings, intake, units and people that change

Revision: 0003
Before: 0002
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: Limits of requests and reports that no policy spoke of before; the suggested values of a new installation.
_LIMITS = {
    "P0": {"rule": "30m", "approve": "1h", "confirm": "1h", "appeal": "5wd", "statutory": "24h"},
    "P1": {"rule": "1h", "approve": "2h", "confirm": "4h", "appeal": "5wd", "statutory": "24h"},
    "P2": {"rule": "4wh", "approve": "1wd", "confirm": "1wd", "appeal": "5wd", "statutory": "24h"},
    "P3": {"rule": "4wh", "approve": "2wd", "confirm": "1wd", "appeal": "5wd", "statutory": "24h"},
}
_LADDERS = {
    **dict.fromkeys(("rule", "approve", "confirm", "appeal", "statutory"), "desk@1"),
    **dict.fromkeys(("recheck", "recheck_late"), "recheck@1"),
}
_RECHECK = {
    "code": "recheck",
    "version": 1,
    "zh": "结案后复查",
    "en": "Looking at the place after a case was closed",
    "rungs": [
        {"code": "ask", "at": "100%", "act": "tell", "notice": "recheck_asked"},
        {"code": "ask_again", "at": "150%", "act": "tell", "notice": "recheck_asked", "to": ["clerk", "above"]},
    ],
}
#: New tables, in the order in which they can be dropped.
_TABLES = (
    "visit",
    "triage_suggestion",
    "request",
    "handover",
    "evaluation",
    "case_reporter",
    "case_link",
    "call_back",
    "attachment",
    "unit_name",
    "unit_change",
    "topic",
    "route_row",
    "remit_row",
    "level_row",
    "triage_model",
    "sensitive_kind",
    "routing_version",
    "diversion",
    "admin_entry",
)
_DIVERSIONS = (
    ("police_110", "110报警", "Police, 110", False),
    ("fire_119", "119火警", "Fire, 119", False),
    ("ambulance_120", "120急救", "Ambulance, 120", False),
    ("traffic_122", "122交通事故", "Traffic accidents, 122", False),
    ("petition", "信访", "Petition office", True),
    ("litigation", "诉讼", "Court", True),
    ("reconsideration", "行政复议", "Administrative reconsideration", True),
    ("arbitration", "仲裁", "Arbitration", True),
    ("discipline", "纪检监察", "Discipline inspection", True),
    ("mediation", "人民调解", "People's mediation", False),
    ("hotline_12345", "12345热线", "12345 hotline", False),
    ("other", "其他渠道", "Another channel", False),
)
_SENSITIVE = (
    (
        "minor",
        "未成年人受侵害",
        "Harm to a minor",
        "POLICE",
        ["未成年人被打", "虐待儿童", "虐待孩子", "孩子被打", "猥亵", "幼女", "校园霸凌", "校园欺凌", "遗弃婴儿", "弃婴", "童工"],
        [],
        ["预防", "宣传", "讲座"],
    ),
    (
        "domestic_violence",
        "家庭暴力",
        "Domestic violence",
        "POLICE",
        ["家暴", "家庭暴力", "打老婆", "老公打我", "丈夫打我", "被丈夫打", "被老公打"],
        [],
        ["预防", "宣传", "讲座"],
    ),
    ("self_harm", "自伤自杀", "Self-harm", None, ["自杀", "轻生", "不想活了", "要跳楼", "割腕", "喝农药"], [], ["跳楼价", "宣传", "讲座"]),
    ("officials", "反映公职人员", "Report about an official", None, ["受贿", "贪污", "索贿", "吃拿卡要", "收黑钱", "权钱交易"], [], []),
    (
        "group_petition",
        "群体性事件",
        "Group petition",
        None,
        ["集体上访", "群体上访", "拉横幅堵", "堵路维权", "聚众"],
        [],
        ["聚众赌博", "聚众打牌", "聚众喝酒"],
    ),
)
_OPEN = "urgency = 'P0' AND state NOT IN ('declined', 'diverted', 'merged', 'answered', 'closed'{more})"


def upgrade() -> None:
    _new_tables()
    _new_columns()
    op.create_index("uq_case_file_upstream", "case_file", ["upstream_system", "upstream_no"], unique=True)
    op.create_index("ix_case_file_requester_id_case_file_submitted_at", "case_file", ["requester_id", "submitted_at"])
    _emergencies(", 'withdrawn', 'voided', 'terminated'")
    _as_it_was()


def _emergencies(more: str) -> None:
    """The index of emergencies under way knows the ends that a case may have."""
    op.drop_index("ix_case_file_emergency", table_name="case_file")
    under_way = sa.text(_OPEN.format(more=more))
    op.create_index("ix_case_file_emergency", "case_file", ["id"], postgresql_where=under_way, sqlite_where=under_way)


def _new_tables() -> None:
    op.create_table(
        "admin_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("action", sa.String(length=30), nullable=False, comment="e.g. unmask, rule_added, unit_merged, keys_rotated"),
        sa.Column("subject", sa.String(length=60), nullable=False, comment="case number, unit code, rule, …"),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_entry")),
    )
    with op.batch_alter_table("admin_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_entry_at"), ["at"], unique=False)

    op.create_table(
        "diversion",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("zh", sa.String(length=40), nullable=False),
        sa.Column("en", sa.String(length=80), nullable=False),
        sa.Column("statutory", sa.Boolean(), nullable=False, comment="a legal procedure: never handled here as well"),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_diversion")),
    )
    op.create_table(
        "routing_version",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False, comment="draft, published or withdrawn"),
        sa.Column("effective_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="set when it is published"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=True),
        sa.Column("drafted_by", sa.String(length=60), nullable=True),
        sa.Column("drafted_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(length=60), nullable=True, comment="never who drafted it"),
        sa.Column("published_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_routing_version")),
    )
    op.create_table(
        "sensitive_kind",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("zh", sa.String(length=40), nullable=False),
        sa.Column("en", sa.String(length=80), nullable=False),
        sa.Column("report_to", sa.String(length=20), nullable=True, comment="kind of unit that the law wants told; empty: none"),
        sa.Column("words", sa.JSON(), nullable=False, comment="any of them in a report restricts it at once"),
        sa.Column("needs", sa.JSON(), nullable=False, comment="one of them must be there too; empty: none"),
        sa.Column("excludes", sa.JSON(), nullable=False, comment="none of them may be there"),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_sensitive_kind")),
    )
    op.create_table(
        "triage_model",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trained_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("trained_by", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False, comment="plain or semantic"),
        sa.Column("samples", sa.Integer(), nullable=False, comment="confirmed decisions it was learned from"),
        sa.Column("classes", sa.JSON(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False, comment="below this probability it abstains"),
        sa.Column("macro_f1", sa.Double(), nullable=True, comment="by cross-validation; empty: too few decisions"),
        sa.Column("top2", sa.Double(), nullable=True),
        sa.Column("blob", sa.LargeBinary(), nullable=False, comment="numbers of the model (npz)"),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_triage_model")),
    )
    op.create_table(
        "level_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("category", sa.String(length=10), nullable=True, comment="empty: any category that has no row of its own"),
        sa.Column("may", sa.JSON(), nullable=False, comment="of hold, decide, skip, send_down"),
        sa.ForeignKeyConstraint(["version"], ["routing_version.version"], name=op.f("fk_level_row_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_level_row")),
    )
    with op.batch_alter_table("level_row", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_level_row_version"), ["version"], unique=False)

    op.create_table(
        "remit_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False, comment="code of a unit, or kind of unit"),
        sa.Column("category", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["version"], ["routing_version.version"], name=op.f("fk_remit_row_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remit_row")),
    )
    with op.batch_alter_table("remit_row", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_remit_row_version"), ["version"], unique=False)

    op.create_table(
        "route_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False, comment="place in the catalogue: what a person calls the row"),
        sa.Column("category", sa.String(length=10), nullable=False),
        sa.Column("area", sa.String(length=40), nullable=True, comment="code of the unit whose area it holds for; empty: everywhere"),
        sa.Column("owner", sa.String(length=8), nullable=False, comment="owner (属主) or area (属地)"),
        sa.Column("lead", sa.String(length=40), nullable=False, comment="code of a unit, or kind of unit"),
        sa.Column("co", sa.JSON(), nullable=False, comment="codes or kinds of co-handling units"),
        sa.Column("basis", sa.String(length=120), nullable=False, comment="what it rests on, e.g. the ruling on a case"),
        sa.ForeignKeyConstraint(["version"], ["routing_version.version"], name=op.f("fk_route_row_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_route_row")),
    )
    with op.batch_alter_table("route_row", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_route_row_version"), ["version"], unique=False)

    op.create_table(
        "topic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=10), nullable=False),
        sa.Column("area_unit_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False, comment="open, taken or closed"),
        sa.Column("opened_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True, comment="unit that has taken it on"),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("closed_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=60), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["area_unit_id"], ["unit.id"], name=op.f("fk_topic_area_unit_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_topic_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
    )
    with op.batch_alter_table("topic", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topic_category_topic_area_unit_id"), ["category", "area_unit_id"], unique=False)

    op.create_table(
        "unit_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False, comment="rename, merge, split or leave"),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("to", sa.JSON(), nullable=False, comment="new names, the successor, or which categories and areas go where"),
        sa.Column("effective_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=60), nullable=False),
        sa.Column("applied_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="empty: not yet in force, or being applied"),
        sa.Column("cancelled_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_change_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_change")),
    )
    op.create_table(
        "unit_name",
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("until", models.base.UtcDateTime(timezone=True), nullable=False, comment="from then on it is called otherwise"),
        sa.Column("zh", sa.String(length=60), nullable=False),
        sa.Column("en", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_name_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", "until", name=op.f("pk_unit_name")),
    )
    op.create_table(
        "attachment",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False, comment="1, 2, … within the case"),
        sa.Column("stage", sa.String(length=10), nullable=False, comment="report, before, after, paper or other"),
        sa.Column("order_no", sa.Integer(), nullable=True, comment="work order it belongs to"),
        sa.Column("name", sa.String(length=120), nullable=False, comment="what the file was called"),
        sa.Column("media", sa.String(length=40), nullable=False, comment="media type, looked at and not believed"),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="hash under which it is kept"),
        sa.Column("sha256_given", sa.String(length=64), nullable=False, comment="hash of the file as it came"),
        sa.Column("size", sa.Integer(), nullable=False, comment="bytes as kept"),
        sa.Column("width", sa.Integer(), nullable=True, comment="pixels"),
        sa.Column("height", sa.Integer(), nullable=True, comment="pixels"),
        sa.Column("taken_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="as the camera wrote"),
        sa.Column("taken_lat", sa.Double(), nullable=True, comment="WGS84 degrees, as the camera wrote"),
        sa.Column("taken_lon", sa.Double(), nullable=True),
        sa.Column("taken_accuracy_m", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("added_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_attachment_case_id")),
        sa.PrimaryKeyConstraint("case_id", "no", name=op.f("pk_attachment")),
    )
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachment_sha256"), ["sha256"], unique=False)

    op.create_table(
        "call_back",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("draw", sa.String(length=20), nullable=False, comment="which draw: day and number"),
        sa.Column("stratum", sa.String(length=60), nullable=False, comment="lead unit and category it was drawn for"),
        sa.Column("drawn_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("drawn_by", sa.String(length=60), nullable=False),
        sa.Column("done_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=60), nullable=True),
        sa.Column("reached", sa.Boolean(), nullable=True),
        sa.Column("solved", sa.Boolean(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_call_back_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_back")),
        sa.UniqueConstraint("case_id", name=op.f("uq_call_back_case_id")),
    )
    with op.batch_alter_table("call_back", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_call_back_draw"), ["draw"], unique=False)

    op.create_table(
        "case_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False, comment="the later one"),
        sa.Column("other_id", sa.Integer(), nullable=False, comment="the earlier one"),
        sa.Column("kind", sa.String(length=12), nullable=False, comment="duplicate, same_matter or recurrence (复发)"),
        sa.Column("score", sa.Float(), nullable=False, comment="0 to 1"),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False, comment="proposed, confirmed or refused"),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("decided_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_link_case_id")),
        sa.ForeignKeyConstraint(["other_id"], ["case_file.id"], name=op.f("fk_case_link_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_link")),
    )
    with op.batch_alter_table("case_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_link_other_id"), ["other_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_link_state"), ["state"], unique=False)
        batch_op.create_index("uq_case_link_pair", ["case_id", "other_id", "kind"], unique=True)

    op.create_table(
        "case_reporter",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("via_case_id", sa.Integer(), nullable=False, comment="the case he or she had handed in"),
        sa.Column("requester_id", sa.Integer(), nullable=False),
        sa.Column("since", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", models.base.UtcDateTime(timezone=True), nullable=True, comment="split off again, or withdrawn"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_reporter_case_id")),
        sa.ForeignKeyConstraint(["requester_id"], ["requester.id"], name=op.f("fk_case_reporter_requester_id")),
        sa.ForeignKeyConstraint(["via_case_id"], ["case_file.id"], name=op.f("fk_case_reporter_via_case_id")),
        sa.PrimaryKeyConstraint("case_id", "via_case_id", name=op.f("pk_case_reporter")),
    )
    with op.batch_alter_table("case_reporter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_reporter_requester_id"), ["requester_id"], unique=False)

    op.create_table(
        "evaluation",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False, comment="1, 2, … within the case"),
        sa.Column("round", sa.Integer(), nullable=False, comment="round of the case that is rated"),
        sa.Column("requester_id", sa.Integer(), nullable=True),
        sa.Column("solved", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True, comment="1 very dissatisfied to 5 very satisfied"),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=False, comment="self, link, paper, call or visit"),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False, comment="the resident, or who of ours wrote it down"),
        sa.Column("by_unit_id", sa.Integer(), nullable=True),
        sa.Column("device", sa.String(length=64), nullable=True, comment="keyed hash of the device"),
        sa.Column("flagged", sa.String(length=20), nullable=True, comment="why a person should look, e.g. burst"),
        sa.Column("counted", sa.Boolean(), nullable=False, comment="false: an appeal was upheld"),
        sa.ForeignKeyConstraint(["by_unit_id"], ["unit.id"], name=op.f("fk_evaluation_by_unit_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_evaluation_case_id")),
        sa.ForeignKeyConstraint(["requester_id"], ["requester.id"], name=op.f("fk_evaluation_requester_id")),
        sa.PrimaryKeyConstraint("case_id", "no", name=op.f("pk_evaluation")),
    )
    with op.batch_alter_table("evaluation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evaluation_device"), ["device"], unique=False)
        batch_op.create_index(batch_op.f("ix_evaluation_requester_id"), ["requester_id"], unique=False)

    op.create_table(
        "handover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column("prepared_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("prepared_by", sa.String(length=60), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False, comment="what was open: case, work order, due moment, remark"),
        sa.Column("given_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="signed by who hands over"),
        sa.Column("taken_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="signed by who takes over"),
        sa.Column("cancelled_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["from_id"], ["staff.id"], name=op.f("fk_handover_from_id")),
        sa.ForeignKeyConstraint(["to_id"], ["staff.id"], name=op.f("fk_handover_to_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_handover_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handover_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "request",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False, comment="1, 2, … within the case"),
        sa.Column("kind", sa.String(length=12), nullable=False, comment="rules.facts.RequestKind"),
        sa.Column("order_no", sa.Integer(), nullable=True, comment="work order it is about"),
        sa.Column("unit_id", sa.Integer(), nullable=True, comment="unit that asks"),
        sa.Column("to_unit_id", sa.Integer(), nullable=True, comment="a return: who is said to own the matter, then who was ruled"),
        sa.Column("code", sa.String(length=20), nullable=True, comment="reason as a code, rules/reasons.py"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", models.base.UtcDateTime(timezone=True), nullable=True, comment="a hold: until when it is asked for"),
        sa.Column("state", sa.String(length=12), nullable=False, comment="rules.facts.RequestState"),
        sa.Column("asked_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=60), nullable=False),
        sa.Column("decided_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=60), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_request_case_id")),
        sa.ForeignKeyConstraint(["to_unit_id"], ["unit.id"], name=op.f("fk_request_to_unit_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_request_unit_id")),
        sa.PrimaryKeyConstraint("case_id", "no", name=op.f("pk_request")),
    )
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_request_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "triage_suggestion",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False, comment="1, 2, … within the case"),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False, comment="rule, model or both"),
        sa.Column("model_id", sa.Integer(), nullable=True),
        sa.Column("top", sa.JSON(), nullable=False, comment="best first: category, probability, words, nearest cases"),
        sa.Column("urgency", sa.String(length=2), nullable=True),
        sa.Column("abstained", sa.Boolean(), nullable=False, comment="not sure enough: a person decides without it"),
        sa.Column("chosen", sa.String(length=10), nullable=True, comment="category that a person filed it under"),
        sa.Column("chosen_by", sa.String(length=60), nullable=True),
        sa.Column("chosen_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("agreed", sa.Boolean(), nullable=True, comment="whether the first suggestion was chosen"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_triage_suggestion_case_id")),
        sa.ForeignKeyConstraint(["model_id"], ["triage_model.id"], name=op.f("fk_triage_suggestion_model_id")),
        sa.PrimaryKeyConstraint("case_id", "no", name=op.f("pk_triage_suggestion")),
    )
    op.create_table(
        "visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visited_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False, comment="who went there"),
        sa.Column("area_unit_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["area_unit_id"], ["unit.id"], name=op.f("fk_visit_area_unit_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_visit_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )


def _new_columns() -> None:
    compared = sa.Column(
        "compared_id",
        sa.Integer(),
        server_default="0",
        nullable=False,
        comment="cases up to this id were compared with those open (duplicates)",
    )
    op.add_column("system", compared)
    op.add_column(
        "case_file",
        sa.Column(
            "contact_allowed",
            sa.Boolean(),
            server_default=sa.true(),
            nullable=False,
            comment="the handling unit may get in touch with the reporter",
        ),
    )
    op.add_column(
        "case_file", sa.Column("entered_by", sa.String(length=60), nullable=True, comment="who of ours wrote it down for somebody")
    )
    op.add_column("case_file", sa.Column("visit_id", sa.Integer(), nullable=True, comment="home visit from which it came"))
    op.add_column("case_file", sa.Column("lat", sa.Double(), nullable=True, comment="WGS84 degrees"))
    op.add_column("case_file", sa.Column("lon", sa.Double(), nullable=True, comment="WGS84 degrees"))
    op.add_column("case_file", sa.Column("accuracy_m", sa.Integer(), nullable=True, comment="metres, as the device said"))
    op.add_column("case_file", sa.Column("datum", sa.String(length=6), nullable=True, comment="as it was given: WGS84, GCJ02 or BD09"))
    op.add_column(
        "case_file", sa.Column("sensitive", sa.String(length=20), nullable=True, comment="kind of sensitive case; only readers see it")
    )
    op.add_column(
        "case_file", sa.Column("readers", sa.JSON(), server_default="[]", nullable=False, comment="staff who may see a sensitive case")
    )
    op.add_column(
        "case_file",
        sa.Column(
            "statutory_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="when the report that the law demands was made"
        ),
    )
    op.add_column(
        "case_file", sa.Column("upstream_system", sa.String(length=20), nullable=True, comment="who passed it on to us, e.g. 12345")
    )
    op.add_column("case_file", sa.Column("upstream_no", sa.String(length=60), nullable=True, comment="its number there"))
    op.add_column("case_file", sa.Column("upstream_reply_to", sa.Text(), nullable=True, comment="where and how the answer goes back"))
    op.add_column("case_file", sa.Column("upstream_replied_at", models.base.UtcDateTime(timezone=True), nullable=True))
    op.add_column(
        "case_file",
        sa.Column(
            "reporters", sa.Integer(), server_default="0", nullable=False, comment="reporters besides the first, from cases merged into it"
        ),
    )
    op.add_column(
        "case_file",
        sa.Column(
            "asks", sa.JSON(), server_default="[]", nullable=False, comment="requests that wait: number, kind, work order, unit, person"
        ),
    )
    op.add_column(
        "case_file",
        sa.Column("hops", sa.Integer(), server_default="0", nullable=False, comment="lead units it was dispatched to, one after the other"),
    )
    op.add_column(
        "case_file",
        sa.Column(
            "orders_before",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="work orders up to this number are of a run before a reopening",
        ),
    )
    op.add_column(
        "case_file",
        sa.Column("rechecks", sa.Integer(), server_default="0", nullable=False, comment="looks at the place after it was closed"),
    )
    op.add_column("case_file", sa.Column("judged_by", sa.String(length=60), nullable=True, comment="who judged the rating"))
    op.add_column("case_file", sa.Column("topic_id", sa.Integer(), nullable=True, comment="topic it belongs to"))
    op.add_column(
        "case_file",
        sa.Column("channel", sa.String(length=20), nullable=True, comment="where else it was diverted to, seeds/diversions.toml"),
    )
    op.add_column(
        "case_file",
        sa.Column("anonymised_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="personal data were taken out"),
    )
    op.add_column(
        "category",
        sa.Column(
            "closing",
            sa.JSON(),
            server_default="[]",
            nullable=False,
            comment="what the lead shows when it finishes: photo_before, photo_after",
        ),
    )
    op.add_column(
        "source",
        sa.Column(
            "by_staff",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="written down by somebody of ours for somebody else",
        ),
    )
    op.add_column(
        "source",
        sa.Column(
            "concealed", sa.Boolean(), server_default=sa.false(), nullable=False, comment="hidden from the units that handle (四不两直)"
        ),
    )
    op.add_column(
        "staff",
        sa.Column(
            "left_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="since when the person acts and is told no more"
        ),
    )
    op.add_column(
        "unit",
        sa.Column(
            "retired_at",
            models.base.UtcDateTime(timezone=True),
            nullable=True,
            comment="since when it is merged or dissolved; nothing is sent to it",
        ),
    )
    op.add_column("unit", sa.Column("successor_id", sa.Integer(), nullable=True, comment="unit that goes on with its work"))
    op.add_column("work_order", sa.Column("handler_id", sa.Integer(), nullable=True, comment="person in the unit who does it"))
    op.add_column(
        "work_order",
        sa.Column(
            "returnable",
            sa.Boolean(),
            server_default=sa.true(),
            nullable=False,
            comment="false: a return was ruled on, or the unit was ruled to handle it",
        ),
    )
    op.add_column(
        "work_order", sa.Column("tries", sa.Integer(), server_default="0", nullable=False, comment="vain attempts to reach the reporter")
    )


def _as_it_was() -> None:
    """Policies, sources and kinds of ends that an installation had before, said in the words of the new tables."""
    run = op.get_bind()
    if run.dialect.name == "postgresql":  # SQLite keeps no comments
        op.execute("COMMENT ON COLUMN journal.thing IS 'case, order, extension, request, supervision or clock'")
    policy = sa.table("sla_policy", sa.column("version"), sa.column("ladders", sa.JSON))
    for row in run.execute(sa.select(policy)).all():
        run.execute(sa.update(policy).where(policy.c.version == row.version).values(ladders={**_LADDERS, **row.ladders}))
    columns = ("id", "category", "urgency", "source", "area", "special_group")
    rows = sa.table("sla_row", *map(sa.column, columns), sa.column("limits", sa.JSON))
    for row in run.execute(sa.select(rows)).all():
        if row.urgency and not any((row.category, row.source, row.area, row.special_group)):
            run.execute(sa.update(rows).where(rows.c.id == row.id).values(limits={**_LIMITS[row.urgency], **row.limits}))
    if not run.execute(sa.text("UPDATE system SET revision = revision + 1")).rowcount:
        return  # one that is empty is seeded with all that
    ladder = sa.table("ladder", *map(sa.column, ("code", "version", "zh", "en")), sa.column("rungs", sa.JSON))
    op.bulk_insert(ladder, [_RECHECK])
    run.execute(sa.text("UPDATE source SET by_staff = :yes WHERE code IN ('walk_in', 'visit')"), {"yes": True})
    source = sa.table("source", *map(sa.column, ("code", "zh", "en", "entry", "by_staff", "concealed")))
    unannounced = ("leader_inspection", "领导暗访", "Unannounced inspection by a leader", "centre", True, True)
    if run.execute(sa.select(source.c.code).where(source.c.code == unannounced[0])).first() is None:
        run.execute(sa.insert(source).values(dict(zip(source.c.keys(), unannounced, strict=True))))
    names = ("code", "zh", "en", "statutory")
    op.bulk_insert(sa.table("diversion", *map(sa.column, names)), [dict(zip(names, each, strict=True)) for each in _DIVERSIONS])
    names, lists = ("code", "zh", "en", "report_to"), ("words", "needs", "excludes")
    kind = sa.table("sensitive_kind", *map(sa.column, names), *(sa.column(n, sa.JSON) for n in lists))
    op.bulk_insert(kind, [dict(zip((*names, *lists), each, strict=True)) for each in _SENSITIVE])
    run.execute(sa.text("UPDATE system SET compared_id = (SELECT coalesce(max(id), 0) FROM case_file)"))
    run.execute(sa.text("UPDATE case_file SET hops = (SELECT count(*) FROM work_order o WHERE o.case_id = case_file.id AND o.lead)"))


def downgrade() -> None:
    op.drop_column("system", "compared_id")
    _ends_back()
    _emergencies("")
    op.drop_index("ix_case_file_requester_id_case_file_submitted_at", table_name="case_file")
    op.drop_index("uq_case_file_upstream", table_name="case_file")
    op.drop_column("work_order", "tries")
    op.drop_column("work_order", "returnable")
    op.drop_column("work_order", "handler_id")
    op.drop_column("unit", "successor_id")
    op.drop_column("unit", "retired_at")
    op.drop_column("staff", "left_at")
    op.drop_column("source", "concealed")
    op.drop_column("source", "by_staff")
    op.drop_column("category", "closing")
    op.drop_column("case_file", "anonymised_at")
    op.drop_column("case_file", "channel")
    op.drop_column("case_file", "topic_id")
    op.drop_column("case_file", "judged_by")
    op.drop_column("case_file", "rechecks")
    op.drop_column("case_file", "orders_before")
    op.drop_column("case_file", "hops")
    op.drop_column("case_file", "asks")
    op.drop_column("case_file", "reporters")
    op.drop_column("case_file", "upstream_replied_at")
    op.drop_column("case_file", "upstream_reply_to")
    op.drop_column("case_file", "upstream_no")
    op.drop_column("case_file", "upstream_system")
    op.drop_column("case_file", "statutory_at")
    op.drop_column("case_file", "readers")
    op.drop_column("case_file", "sensitive")
    op.drop_column("case_file", "datum")
    op.drop_column("case_file", "accuracy_m")
    op.drop_column("case_file", "lon")
    op.drop_column("case_file", "lat")
    op.drop_column("case_file", "visit_id")
    op.drop_column("case_file", "entered_by")
    op.drop_column("case_file", "contact_allowed")
    _tables_back()


def _ends_back() -> None:
    """Ends that the tables before did not know are told as a refusal; clocks of theirs are gone."""
    kinds = "('rule', 'approve', 'confirm', 'appeal', 'recheck', 'recheck_late', 'statutory')"
    op.execute(f"DELETE FROM rung_firing WHERE clock_id IN (SELECT id FROM clock WHERE kind IN {kinds})")  # noqa: S608
    op.execute(f"DELETE FROM clock WHERE kind IN {kinds}")  # noqa: S608
    op.execute("UPDATE case_file SET state = 'declined' WHERE state IN ('withdrawn', 'voided', 'terminated')")


def _tables_back() -> None:
    for table in _TABLES:
        op.drop_table(table)  # its indexes go with it
