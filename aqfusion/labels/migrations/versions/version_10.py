"""Epochs of accounts, known devices, limits of guesses, the audit log, and roles that exist."""

import sqlalchemy as sa
from alembic import op

revision = "10"
down_revision = "9"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TIME = sa.DateTime(timezone=True)
_GROWS = "account_events must only grow"
_ROLE = "role must be one of visitor, annotator, expert, admin; the terminal alone is operator"
# The terminal has no way in. Triggers and no CHECK: a store with a role that nobody should have
# must open all the same, so that an admin can disable that account and give it another role.
_BAD_NEW = (
    "NEW.role NOT IN ('visitor', 'annotator', 'expert', 'admin') AND NOT "
    "(NEW.role = 'operator' AND NEW.pin IS NULL AND NEW.issuer IS NULL)"
)
_BAD_CHANGE = "NEW.role NOT IN ('visitor', 'annotator', 'expert', 'admin') AND NEW.role <> OLD.role"
_SQLITE = """
CREATE TRIGGER {name} BEFORE {verb} ON {table} {when}
BEGIN SELECT RAISE(ABORT, '{why}'); END
"""
_FUNCTION = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION '{why}' USING ERRCODE = 'check_violation'; END$$
"""


def upgrade() -> None:
    """Add columns, tables, and the triggers that refuse changed events and unknown roles."""
    op.add_column("users", sa.Column("epoch", sa.Integer, nullable=False, server_default="0"))
    op.add_column("users", sa.Column("ended", _TIME))
    op.add_column("offers", sa.Column("address", sa.String(64)))
    _tables()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _tables() -> None:
    op.create_table(
        "known_devices",
        sa.Column("user", _ID, nullable=False),
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("seen", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("user", "device", name="pk_known_devices"),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_known_devices_user"),
    )
    op.create_table(
        "sign_in_limits",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("level", sa.Float(53), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", "address", name="pk_sign_in_limits"),
    )
    op.create_index("ix_sign_in_limits_at", "sign_in_limits", ["at"])
    op.create_table(
        "account_events",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("user", _ID),
        sa.Column("by", _ID),
        sa.Column("detail", sa.String(200), nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account_events"),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_account_events_user"),
        sa.ForeignKeyConstraint(["by"], ["users.id"], name="fk_account_events_by"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_account_events_user", "account_events", ["user", "id"])
    op.create_index("ix_account_events_kind", "account_events", ["kind", "id"])
    op.create_table(
        "account_event_counts",
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("user", _ID, nullable=False, autoincrement=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("written", sa.Integer, nullable=False),
        sa.Column("pending", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("kind", "user", name="pk_account_event_counts"),
    )


def _sqlite_triggers() -> None:
    for verb in ("UPDATE", "DELETE"):
        name = f"account_events_{verb}"
        op.execute(
            _SQLITE.format(name=name, verb=verb, table="account_events", when="", why=_GROWS)
        )
    for verb, bad in (("INSERT", _BAD_NEW), ("UPDATE OF role", _BAD_CHANGE)):
        name = f"users_role_{verb.split()[0]}"
        op.execute(
            _SQLITE.format(name=name, verb=verb, table="users", when=f"WHEN {bad}", why=_ROLE)
        )


def _postgresql_triggers() -> None:
    op.execute(_FUNCTION.format(name="account_events_only_grow", why=_GROWS))
    op.execute(_FUNCTION.format(name="users_role_exists", why=_ROLE))
    for verb in ("UPDATE", "DELETE", "TRUNCATE"):
        op.execute(
            f"CREATE TRIGGER account_events_{verb} BEFORE {verb} ON account_events "
            "FOR EACH STATEMENT EXECUTE FUNCTION account_events_only_grow()"
        )
    for verb, bad in (("INSERT", _BAD_NEW), ("UPDATE OF role", _BAD_CHANGE)):
        op.execute(
            f"CREATE TRIGGER users_role_{verb.split()[0]} BEFORE {verb} ON users FOR EACH ROW "
            f"WHEN ({bad}) EXECUTE FUNCTION users_role_exists()"
        )
