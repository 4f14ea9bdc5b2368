"""What was said stays said: the database itself refuses to change or delete an event."""

from alembic import op

revision = "2"
down_revision = "1"

_SENTENCE = "label_events must only grow"
_SQLITE = """
CREATE TRIGGER label_events_{verb} BEFORE {verb} ON label_events
BEGIN SELECT RAISE(ABORT, '{sentence}'); END
"""
_FUNCTION = """
CREATE FUNCTION label_events_only_grow() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION '{sentence}'; END$$
"""
_POSTGRESQL = """
CREATE TRIGGER label_events_{verb} BEFORE {verb} ON label_events
FOR EACH STATEMENT EXECUTE FUNCTION label_events_only_grow()
"""


def upgrade() -> None:
    """Add the triggers."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(_SQLITE.format(verb=verb, sentence=_SENTENCE))
        return
    op.execute(_FUNCTION.format(sentence=_SENTENCE))
    for verb in ("UPDATE", "DELETE", "TRUNCATE"):
        op.execute(_POSTGRESQL.format(verb=verb))
