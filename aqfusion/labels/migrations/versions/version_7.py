"""Texts that admins set for everybody, such as the guidelines for labelling."""

import sqlalchemy as sa
from alembic import op

revision = "7"
down_revision = "6"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "store_settings",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "changed_by",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            sa.ForeignKey("users.id", name="fk_store_settings_changed_by_users"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("name", name="pk_store_settings"),
    )
