"""Counts of predictions, so that a drift away from training is noticed."""

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "prediction_counts",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("model", sa.String(100), nullable=False),
        sa.Column("origin", sa.String(20), nullable=False),
        sa.Column("figure", sa.String(20), nullable=False),
        sa.Column("bins", sa.String(16), nullable=False),
        sa.Column("bin", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("times", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint(
            *("day", "model", "origin", "figure", "bins", "bin"), name="pk_prediction_counts"
        ),
    )
