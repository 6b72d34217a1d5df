"""Messages that arrive: channels, attempts, receipts, replies, templates as data, limits of delivery

Revision: 0004
Before: 0003
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: New tables, in the order in which they can be dropped.
_TABLES = (
    "attempt",
    "answer_code",
    "reply",
    "receipt",
    "provider_template",
    "message_template",
    "failing_number",
    "delivery_policy",
    "channel_state",
    "channel",
    "answer_try",
)
#: Indexes of messages: name, columns, the column that must be given (none: all rows).
_INDEXES = (
    ("ix_message_queued", ["channel", "haste", "attend_at"], "attend_at"),
    ("ix_message_attend_at", ["attend_at"], "attend_at"),
    ("ix_message_provider_id", ["provider_id"], "provider_id"),
    ("ix_message_fallback_of_id", ["fallback_of_id"], "fallback_of_id"),
    ("ix_message_digest_id", ["digest_id"], "digest_id"),
    ("ix_message_tried", ["channel", "tried_at"], "tried_at"),
    ("ix_message_recipient", ["recipient", "channel", "tried_at"], None),
)
_COLUMNS = ("unit_id", "recipient", "haste", "reminder", "useful_until", "template_version", "segments", "tried_at", "delivered_at")
_MORE = ("provider_id", "fallback_of_id", "digest_id", "read_at")

_COMMENTS = {
    "dedupe_key": "case:seq:notice:recipient:channel",
    "case_id": "empty: it speaks of no single case",
    "channel": "code of a channel",
    "staff_id": "recipient; empty: a resident, or a unit''s duty phone",
    "state": "rules.delivery.State",
    "attend_at": "something is to be done from then on; empty: nothing",
    "sent_at": "taken by the channel",
}


def upgrade() -> None:
    op.drop_index("ix_message_queued", table_name="message")
    _new_tables()
    _message()
    for name, columns, given in _INDEXES:
        where = sa.text(f"{given} IS NOT NULL") if given else None
        op.create_index(name, "message", columns, postgresql_where=where, sqlite_where=where)
    op.add_column(
        "requester",
        sa.Column(
            "unsubscribed_at",
            models.base.UtcDateTime(timezone=True),
            nullable=True,
            comment="TD: not told of what was handed in until then",
        ),
    )
    op.add_column("staff", sa.Column("im", sa.LargeBinary(), nullable=True, comment="user id in the unit's instant messenger, encrypted"))
    op.add_column(
        "unit",
        sa.Column(
            "duty_phone", sa.LargeBinary(), nullable=True, comment="encrypted; rung when nobody of the unit can be reached otherwise"
        ),
    )
    op.execute(
        "UPDATE message SET recipient = CASE WHEN staff_id IS NOT NULL THEN 's' || staff_id WHEN requester_id IS NOT NULL THEN 'r' || requester_id ELSE '' END, tried_at = sent_at"
    )

    _as_urgent_as_it_was()
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        for column, comment in _COMMENTS.items():
            op.execute(f"COMMENT ON COLUMN message.{column} IS '{comment}'")


def _as_urgent_as_it_was() -> None:
    """What waits to be sent about emergencies and urgent cases still waits for nothing; what a rung said is still a reminder."""
    op.execute(
        "UPDATE message SET haste = 0 WHERE attend_at IS NOT NULL AND case_id IN (SELECT id FROM case_file WHERE urgency IN ('P0', 'P1'))"
    )
    op.execute("UPDATE message SET haste = 0 WHERE attend_at IS NOT NULL AND notice IN ('emergency_call', 'set_aside', 'unreached')")
    ours = sa.table("message", sa.column("reminder", sa.Boolean), sa.column("attend_at"), sa.column("notice", sa.String))
    op.execute(ours.update().where(ours.c.attend_at.is_not(None), ours.c.notice.like("clock_%")).values(reminder=True))


def _new_tables() -> None:

    op.create_table(
        "answer_try",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False, comment="keyed hash of where it came from"),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_try")),
    )
    with op.batch_alter_table("answer_try", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answer_try_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_answer_try_device_answer_try_at"), ["device", "at"], unique=False)

    op.create_table(
        "channel",
        sa.Column("code", sa.String(length=20), nullable=False, comment="sms, email, voice, im, … as notices and chains name it"),
        sa.Column(
            "url", sa.LargeBinary(), nullable=False, comment="Apprise address, encrypted; secrets may be named instead: {secret:NAME}"
        ),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column(
            "public", sa.Boolean(), nullable=False, comment="a public gateway: approved templates only, no links or mobiles as variables"
        ),
        sa.Column(
            "callback", sa.String(length=64), nullable=False, comment="keyed hash of the secret in the path of its receipts and replies"
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("changed_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_channel")),
        sa.UniqueConstraint("callback", name=op.f("uq_channel_callback")),
    )
    op.create_table(
        "channel_state",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False, comment="in a row"),
        sa.Column("trips", sa.Integer(), nullable=False, comment="in a row: each one doubles the pause"),
        sa.Column(
            "open_until",
            models.base.UtcDateTime(timezone=True),
            nullable=True,
            comment="nothing is sent until then, after it one message is tried",
        ),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("alarmed_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="since when the administrators know"),
        sa.Column("accepted_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="last message that it took"),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_channel_state")),
    )
    op.create_table(
        "delivery_policy",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("since", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_delivery_policy")),
    )
    op.create_table(
        "failing_number",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(length=16), nullable=False, comment="s12, r5 or u7"),
        sa.Column("kind", sa.String(length=8), nullable=False, comment="phone, email or im"),
        sa.Column("reason", sa.String(length=12), nullable=False, comment="empty (空号), reissued, or refused"),
        sa.Column("code", sa.String(length=60), nullable=False, comment="the provider's own code, or who said so"),
        sa.Column("since", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "cleared_at",
            models.base.UtcDateTime(timezone=True),
            nullable=True,
            comment="the address was changed, or somebody says that it is right",
        ),
        sa.Column("cleared_by", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failing_number")),
    )
    with op.batch_alter_table("failing_number", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_failing_number_recipient"), ["recipient"], unique=False)

    op.create_table(
        "message_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice", sa.String(length=24), nullable=False),
        sa.Column("medium", sa.String(length=8), nullable=False, comment="sms, email, im or voice"),
        sa.Column("lang", sa.String(length=2), nullable=False),
        sa.Column(
            "version", sa.SmallInteger(), nullable=False, comment="1, 2, … within notice, medium and language; 0 came with the program"
        ),
        sa.Column("state", sa.String(length=10), nullable=False, comment="draft, proposed, published, refused or retired"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("written_by", sa.String(length=60), nullable=False),
        sa.Column("written_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=60), nullable=True, comment="never who wrote it"),
        sa.Column("decided_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_template")),
        sa.UniqueConstraint("notice", "medium", "lang", "version", name=op.f("uq_message_template_notice_medium_lang_version")),
    )
    op.create_table(
        "provider_template",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("notice", sa.String(length=24), nullable=False),
        sa.Column("lang", sa.String(length=2), nullable=False),
        sa.Column("version", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False, comment="the provider's template code, e.g. SMS_123456"),
        sa.Column("state", sa.String(length=10), nullable=False, comment="pending, approved or rejected"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why it was rejected, in the provider's words"),
        sa.Column("changed_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("channel", "notice", "lang", "version", name=op.f("pk_provider_template")),
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("provider_id", sa.String(length=80), nullable=False, comment="what the provider calls the message"),
        sa.Column("message_id", sa.Integer(), nullable=True, comment="ours, as the provider gave it back; empty until it is found"),
        sa.Column("status", sa.String(length=40), nullable=False, comment="the provider's own word, e.g. DELIVRD"),
        sa.Column("delivered", sa.Boolean(), nullable=False),
        sa.Column("bad_number", sa.Boolean(), nullable=False, comment="空号, 停机 or the like"),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False, comment="as the provider says, else when it came"),
        sa.Column("received_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "applied_at",
            models.base.UtcDateTime(timezone=True),
            nullable=True,
            comment="since when the message knows; empty: its message is not found yet",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("channel", "provider_id", "status", name=op.f("uq_receipt_channel_provider_id_status")),
    )
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receipt_applied_at"), ["applied_at"], unique=False)

    op.create_table(
        "reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("provider_id", sa.String(length=80), nullable=False, comment="what the provider calls it; the same one twice is one"),
        sa.Column("requester_id", sa.Integer(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("meaning", sa.String(length=12), nullable=False, comment="solved, unsolved, stop or unclear"),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=30), nullable=False, comment="done, or the code of the refusal"),
        sa.Column("settled_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="empty: a person has to look"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_reply_case_id")),
        sa.ForeignKeyConstraint(["requester_id"], ["requester.id"], name=op.f("fk_reply_requester_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_reply_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply")),
        sa.UniqueConstraint("channel", "provider_id", name=op.f("uq_reply_channel_provider_id")),
    )
    with op.batch_alter_table("reply", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reply_settled_at"), ["settled_at"], unique=False)

    op.create_table(
        "answer_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="keyed hash; the code itself is never kept"),
        sa.Column("kind", sa.String(length=4), nullable=False, comment="code or link"),
        sa.Column("purpose", sa.String(length=12), nullable=False, comment="acknowledge, rate or open"),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("requester_id", sa.Integer(), nullable=True),
        sa.Column("order_no", sa.Integer(), nullable=True),
        sa.Column("made_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_answer_code_case_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_answer_code_message_id")),
        sa.ForeignKeyConstraint(["requester_id"], ["requester.id"], name=op.f("fk_answer_code_requester_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_answer_code_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_code")),
        sa.UniqueConstraint("digest", name=op.f("uq_answer_code_digest")),
    )
    with op.batch_alter_table("answer_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answer_code_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_answer_code_message_id"), ["message_id"], unique=False)

    op.create_table(
        "attempt",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False, comment="true: the provider was only asked what became of it"),
        sa.Column("begun_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False, comment="notifications.outcome.Verdict"),
        sa.Column("code", sa.String(length=60), nullable=False, comment="the provider's own code"),
        sa.Column("provider_id", sa.String(length=80), nullable=True),
        sa.Column("words", sa.String(length=200), nullable=False, comment="what the provider said, without secrets"),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_attempt_message_id")),
        sa.PrimaryKeyConstraint("message_id", "no", name=op.f("pk_attempt")),
    )


def _message() -> None:
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unit_id", sa.Integer(), nullable=True, comment="the duty phone of this unit"))
        batch_op.add_column(
            sa.Column(
                "recipient", sa.String(length=16), server_default="", nullable=False, comment="s12, r5 or u7: staff, resident or unit"
            )
        )
        batch_op.add_column(
            sa.Column(
                "haste",
                sa.SmallInteger(),
                server_default="1",
                nullable=False,
                comment="0 waits for nothing, 1 as soon as may be, 2 in working time",
            )
        )
        batch_op.add_column(
            sa.Column(
                "reminder",
                sa.Boolean(),
                server_default=sa.false(),
                nullable=False,
                comment="from a rung: a minimum gap holds, the newest speaks for the others",
            )
        )
        batch_op.add_column(
            sa.Column(
                "useful_until", models.base.UtcDateTime(timezone=True), nullable=True, comment="after this it would mislead and expires"
            )
        )
        batch_op.add_column(
            sa.Column(
                "template_version",
                sa.Integer(),
                server_default="0",
                nullable=False,
                comment="of the words it was put in; 0: those that came with the program",
            )
        )
        batch_op.add_column(sa.Column("segments", sa.SmallInteger(), nullable=True, comment="an SMS: so many are charged"))
        batch_op.add_column(
            sa.Column(
                "tried_at",
                models.base.UtcDateTime(timezone=True),
                nullable=True,
                comment="last handed to the channel; counts against the limits",
            )
        )
        batch_op.add_column(
            sa.Column("delivered_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="the provider says that it arrived")
        )
        batch_op.add_column(sa.Column("provider_id", sa.String(length=80), nullable=True, comment="what the provider calls it"))
        batch_op.add_column(sa.Column("fallback_of_id", sa.Integer(), nullable=True, comment="the message it goes out in place of"))
        batch_op.add_column(sa.Column("digest_id", sa.Integer(), nullable=True, comment="the digest that speaks for it"))
        batch_op.add_column(sa.Column("read_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="looked at in the inbox"))
        batch_op.alter_column("case_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.alter_column("seq", existing_type=sa.INTEGER(), nullable=True)
        batch_op.alter_column("channel", existing_type=sa.VARCHAR(length=12), type_=sa.String(length=20), existing_nullable=False)


def downgrade() -> None:
    for name, _, _ in _INDEXES:
        op.drop_index(name, table_name="message")
    op.execute("DELETE FROM attempt")
    op.execute("DELETE FROM answer_code")
    op.execute("DELETE FROM message WHERE case_id IS NULL OR seq IS NULL")
    op.execute("UPDATE message SET channel = substr(channel, 1, 12)")
    for table, column in (("requester", "unsubscribed_at"), ("staff", "im"), ("unit", "duty_phone")):
        op.drop_column(table, column)
    for table in _TABLES:
        op.drop_table(table)
    with op.batch_alter_table("message", schema=None) as batch_op:
        for column in (*_COLUMNS, *_MORE):
            batch_op.drop_column(column)
        batch_op.alter_column("case_id", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("seq", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("channel", existing_type=sa.String(length=20), type_=sa.String(length=12), existing_nullable=False)
    where = sa.text("attend_at IS NOT NULL")
    op.create_index("ix_message_queued", "message", ["attend_at"], postgresql_where=where, sqlite_where=where)
