"""The time zone of an item beside its moment in UTC, so that its local day is known."""

import sqlalchemy as sa
from alembic import op

revision = "5"
down_revision = "4"


def upgrade() -> None:
    """Add the column; of items that are there already no zone is known."""
    op.add_column("items", sa.Column("time_zone", sa.String(64)))
