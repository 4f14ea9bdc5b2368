"""Sites that people keep: what was done to them, which only ever grows."""

import sqlalchemy as sa
from alembic import op

revision = "8"
down_revision = "7"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_SENTENCE = "site_events must only grow"
_SQLITE = """
CREATE TRIGGER site_events_{verb} BEFORE {verb} ON site_events
BEGIN SELECT RAISE(ABORT, '{sentence}'); END
"""
_FUNCTION = """
CREATE FUNCTION site_events_only_grow() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION '{sentence}'; END$$
"""
_POSTGRESQL = """
CREATE TRIGGER site_events_{verb} BEFORE {verb} ON site_events
FOR EACH STATEMENT EXECUTE FUNCTION site_events_only_grow()
"""


def upgrade() -> None:
    """Add the table, its indexes and the triggers that refuse to change it."""
    op.create_table(
        "site_events",
        sa.Column("id", _ID, nullable=False),
        sa.Column("request_id", sa.String(100), nullable=False),
        sa.Column("request_digest", sa.String(64), nullable=False),
        sa.Column("site", _ID),
        sa.Column("user", _ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("about", _ID),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("content", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_site_events"),
        sa.UniqueConstraint("request_id", name="uq_site_events_request_id"),
        sa.ForeignKeyConstraint(["site"], ["site_events.id"], name="fk_site_events_site"),
        sa.ForeignKeyConstraint(["about"], ["site_events.id"], name="fk_site_events_about"),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_site_events_user"),
        sa.CheckConstraint("(kind = 'create') = (site IS NULL)", name="ck_site_events_site"),
        sa.CheckConstraint("(kind = 'remove') = (about IS NOT NULL)", name="ck_site_events_about"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_site_events_site", "site_events", ["site", "id"])
    op.create_index("ix_site_events_user", "site_events", ["user", "kind", "id"])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(_SQLITE.format(verb=verb, sentence=_SENTENCE))
        return
    op.execute(_FUNCTION.format(sentence=_SENTENCE))
    for verb in ("UPDATE", "DELETE", "TRUNCATE"):
        op.execute(_POSTGRESQL.format(verb=verb))
