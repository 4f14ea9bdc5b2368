"""Sign-ins that outlive a page, drafts, and leases of several tabs of one person."""

import sqlalchemy as sa
from alembic import op

revision = "6"
down_revision = "5"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables, and the tab of a lease."""
    op.add_column("leases", sa.Column("tab", sa.String(64), nullable=False, server_default=""))
    op.create_table(
        "sign_ins",
        sa.Column("id", _ID, nullable=False),
        sa.Column("user", _ID, nullable=False),
        sa.Column("digest", sa.String(64)),
        sa.Column("code", sa.String(64)),
        sa.Column("code_until", _TIME, nullable=False),
        sa.Column("created", _TIME, nullable=False),
        sa.Column("until", _TIME, nullable=False),
        sa.Column("expires", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_sign_ins_user"),
        sa.UniqueConstraint("digest", name="uq_sign_ins_digest"),
        sa.UniqueConstraint("code", name="uq_sign_ins_code"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sign_ins_user", "sign_ins", ["user", "id"])
    op.create_index("ix_sign_ins_until", "sign_ins", ["until"])
    op.create_table(
        "server_keys",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("key", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_server_keys"),
    )
    op.create_table(
        "drafts",
        sa.Column("user", _ID, nullable=False),
        sa.Column("item", _ID, nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("unsure", sa.Boolean, nullable=False),
        sa.Column("corrections", sa.JSON(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("user", "item", name="pk_drafts"),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_drafts_user"),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name="fk_drafts_item"),
    )
    op.create_table(
        "sittings",
        sa.Column("user", _ID, nullable=False, autoincrement=False),
        sa.Column("mode", sa.String(10), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("seen", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("user", name="pk_sittings"),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_sittings_user"),
    )
