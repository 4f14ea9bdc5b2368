"""Which model scored an item, what the queue may be filtered by, answers to several photos."""

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"

_ORDER = ("urgent", "priority", "lot", "id")
_KNOWN = {
    "sqlite": (
        "scored_by = json_extract(model_view, '$.model_version'), "
        "top_reason = json_extract(reasons, '$[0].kind')"
    ),
    "postgresql": (
        "scored_by = CAST(model_view AS jsonb)->>'model_version', "
        "top_reason = CAST(reasons AS jsonb)->0->>'kind'"
    ),
}


def upgrade() -> None:
    """Add the columns with what is known of them, and their indexes."""
    op.add_column("items", sa.Column("scored_by", sa.String(100)))
    scored_event = sa.Column("scored_event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"))
    op.add_column("items", scored_event)
    op.add_column("items", sa.Column("top_reason", sa.String(40)))
    op.add_column("label_events", sa.Column("batch", sa.String(80)))
    known = _KNOWN[op.get_bind().dialect.name]
    # A view without a priority was never ranked: an offer brings its own.
    op.execute(f"UPDATE items SET {known} WHERE priority <> 0 OR CAST(reasons AS TEXT) <> '[]'")
    op.create_index("ix_items_scored", "items", ["status", "scored_by"])
    op.create_index("ix_items_group_key", "items", ["group_key"])
    op.create_index("ix_items_place", "items", ["lane", "crowd", "place", *_ORDER])
    op.create_index("ix_items_reason", "items", ["lane", "crowd", "top_reason", *_ORDER])
    op.create_index("ix_label_events_batch", "label_events", ["batch"])
