"""Accounts: who signs in and how; codes of places; sensitive cases found by an index

Revision: 0013
Before: 0012
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "place_code",
        sa.Column("code", sa.String(length=12), nullable=False, comment="as in the address of the code"),
        sa.Column("area_unit_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False, comment="in words, as it goes into the report"),
        sa.Column("longitude", sa.Float(), nullable=True, comment="WGS84, degrees"),
        sa.Column("latitude", sa.Float(), nullable=True, comment="WGS84, degrees"),
        sa.Column("made_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=60), nullable=False),
        sa.Column(
            "retired_at", models.base.UtcDateTime(timezone=True), nullable=True, comment="since when it says that it is not in use any more"
        ),
        sa.ForeignKeyConstraint(["area_unit_id"], ["unit.id"], name=op.f("fk_place_code_area_unit_id")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_place_code")),
    )
    with op.batch_alter_table("place_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_place_code_area_unit_id"), ["area_unit_id"], unique=False)

    op.create_table(
        "account",
        sa.Column("staff_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("password", sa.String(length=200), nullable=True, comment="Argon2id; empty: signs in through the identity provider only"),
        sa.Column("one_time", sa.Boolean(), nullable=False, comment="given by somebody else: a password of one's own has to be set first"),
        sa.Column("demo", sa.Boolean(), nullable=False, comment="signs in only while the installation is a demonstration"),
        sa.Column("totp", models.base.Sealed(), nullable=True, comment="encrypted secret of the second factor; empty: none"),
        sa.Column("totp_step", sa.Integer(), nullable=True, comment="time step of the last code taken, so that none is taken twice"),
        sa.Column("failures", sa.Integer(), nullable=False, comment="wrong passwords and codes since the last right one"),
        sa.Column("locked_until", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("changed_at", models.base.UtcDateTime(timezone=True), nullable=False, comment="when the password was set"),
        sa.Column("changed_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_account_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_account")),
    )
    op.create_table(
        "sign_in_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False, comment="wrong codes"),
        sa.Column("used_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_sign_in_code_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_code")),
    )
    with op.batch_alter_table("sign_in_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_code_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "sign_in_try",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False, comment="keyed hash of where it came from"),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_try")),
    )
    with op.batch_alter_table("sign_in_try", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_try_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_in_try_device_sign_in_try_at"), ["device", "at"], unique=False)

    op.create_table(
        "web_session",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", models.base.UtcDateTime(timezone=True), nullable=False, comment="last use, to within a few minutes"),
        sa.Column("until", models.base.UtcDateTime(timezone=True), nullable=False, comment="ends then at the latest"),
        sa.Column("ended_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("device", sa.String(length=120), nullable=False, comment="what the browser calls itself"),
        sa.Column("way", sa.String(length=10), nullable=False, comment="password, code or oidc"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_web_session_staff_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_web_session")),
    )
    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_web_session_staff_id_web_session_ended_at"), ["staff_id", "ended_at"], unique=False)

    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.create_index(
            "ix_case_file_sensitive",
            ["sensitive"],
            unique=False,
            postgresql_where=sa.text("sensitive IS NOT NULL"),
            sqlite_where=sa.text("sensitive IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_case_file_entered",
            ["entered_by"],
            unique=False,
            postgresql_where=sa.text("entered_by IS NOT NULL"),
            sqlite_where=sa.text("entered_by IS NOT NULL"),
        )

    with op.batch_alter_table("work_order", schema=None) as batch_op:
        batch_op.create_index(
            "ix_work_order_assigned",
            ["assigned_unit_id"],
            unique=False,
            postgresql_where=sa.text("assigned_unit_id IS NOT NULL"),
            sqlite_where=sa.text("assigned_unit_id IS NOT NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("work_order", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_work_order_assigned",
            postgresql_where=sa.text("assigned_unit_id IS NOT NULL"),
            sqlite_where=sa.text("assigned_unit_id IS NOT NULL"),
        )

    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_case_file_entered", postgresql_where=sa.text("entered_by IS NOT NULL"), sqlite_where=sa.text("entered_by IS NOT NULL")
        )
        batch_op.drop_index(
            "ix_case_file_sensitive", postgresql_where=sa.text("sensitive IS NOT NULL"), sqlite_where=sa.text("sensitive IS NOT NULL")
        )

    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_web_session_staff_id_web_session_ended_at"))

    op.drop_table("web_session")
    with op.batch_alter_table("sign_in_try", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_try_device_sign_in_try_at"))
        batch_op.drop_index(batch_op.f("ix_sign_in_try_at"))

    op.drop_table("sign_in_try")
    with op.batch_alter_table("sign_in_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_code_staff_id"))

    op.drop_table("sign_in_code")
    op.drop_table("account")
    with op.batch_alter_table("place_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_place_code_area_unit_id"))

    op.drop_table("place_code")
