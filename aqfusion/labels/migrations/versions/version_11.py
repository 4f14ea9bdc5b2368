"""Who has been shown the prediction of an item, or what others say of it: never blind again."""

import sqlalchemy as sa
from alembic import op

revision = "11"
down_revision = "10"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
# What is certain of the past: the label page told the prediction after each answer, an answer that
# was assisted had it before, and whoever decided saw all there is. Events keep what they say.
_SHOWN = """
INSERT INTO unblindings (item, "user", last_event)
SELECT e.item, e."user", MAX(e.id)
FROM label_events e JOIN items i ON i.id = e.item
WHERE e.kind IN ('accept', 'overrule', 'send back', 'admit', 'reject')
OR (e.kind = 'answer' AND (e.mode = 'assisted' OR CAST(i.model_view AS TEXT) <> 'null'))
GROUP BY e.item, e."user"
"""


def upgrade() -> None:
    """Add the table with what is known."""
    op.create_table(
        "unblindings",
        sa.Column("item", _ID, nullable=False),
        sa.Column("user", _ID, nullable=False),
        sa.Column("last_event", _ID, nullable=False),
        sa.PrimaryKeyConstraint("item", "user", name="pk_unblindings"),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name="fk_unblindings_item"),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_unblindings_user"),
    )
    op.execute(sa.text(_SHOWN))
