"""Whether the source of an item's readings states their units; without, no formula judges them."""

import sqlalchemy as sa
from alembic import op

revision = "9"
down_revision = "8"

# Readings of a contribution were set in the page's own units; of others nobody wrote it down.
_STATED = "UPDATE items SET units_stated = true WHERE origin = 'contribution'"
# A formula had a say in what these are worth: they are scored again.
_AGAIN = (
    "UPDATE items SET scored_by = NULL, scored_event = NULL "
    "WHERE NOT units_stated AND CAST(reasons AS TEXT) LIKE '%\"photo against readings\"%'"
)


def upgrade() -> None:
    """Add the column; what was scored by a formula without units waits to be scored again."""
    column = sa.Column("units_stated", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("items", column)
    op.execute(sa.text(_STATED))
    op.execute(sa.text(_AGAIN))
