"""The first tables, as they were then: `aqfusion/labels/schema.py` goes on, this file stays."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Time = sa.DateTime(timezone=True)
Real = sa.Float(53)
Json = sa.JSON()

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

sa.Table(
    "users",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.String(60), nullable=False),
    sa.Column("name_key", sa.String(200), nullable=False, unique=True),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("pin", sa.String(200)),
    sa.Column("issuer", sa.String(500)),
    sa.Column("subject", sa.String(500)),
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("created", Time, nullable=False),
    sa.Column("goal", sa.Integer),
    sa.Column("failed_pins", sa.Integer, nullable=False),
    sa.Column("locked_until", Time),
    sa.UniqueConstraint("issuer", "subject"),
    sqlite_autoincrement=True,
)

sa.Table(
    "invites",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("made_by", sa.ForeignKey("users.id"), nullable=False),
    sa.Column("expires", Time, nullable=False),
    sa.Column("used_by", sa.ForeignKey("users.id")),
    sqlite_autoincrement=True,
)

sa.Table(
    "crowds",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("members", sa.Text, nullable=False, unique=True),
    sqlite_autoincrement=True,
)

sa.Table(
    "items",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("photo_hash", sa.String(64), nullable=False),
    *(sa.Column(name, Real) for name in ("pm25", "pm10", "o3", "co", "so2", "no2")),
    sa.Column("origin", sa.String(40), nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("licence", sa.Text),
    sa.Column("consent", sa.Text),
    sa.Column("consented_at", Time),
    sa.Column("trusted", sa.Boolean, nullable=False),
    sa.Column("group_key", sa.String(200)),
    sa.Column("place", sa.String(200)),
    sa.Column("taken_at", Time),
    sa.Column("split", sa.String(10), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("known_aqi", sa.Integer),
    sa.Column("guess", Json),
    sa.Column("overlap", sa.Integer, nullable=False),
    sa.Column("priority", Real, nullable=False),
    sa.Column("reasons", Json, nullable=False),
    sa.Column("duplicate_of", sa.ForeignKey("items.id", deferrable=True, initially="DEFERRED")),
    sa.Column("fingerprint", sa.String(16)),
    sa.Column("model_view", Json),
    sa.Column("fold_view", Json),
    sa.Column("created", Time, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("wanted", sa.Integer, nullable=False),
    sa.Column("lane", sa.Integer, nullable=False),
    sa.Column("urgent", sa.Integer, nullable=False),
    sa.Column("seats", sa.Integer, nullable=False),
    sa.Column("crowd", sa.ForeignKey("crowds.id"), nullable=False),
    sa.Column("lot", sa.Integer, nullable=False),
    sa.CheckConstraint("(kind = 'gold') = (known_aqi IS NOT NULL)", name="gold"),
    sa.CheckConstraint("origin <> 'contribution' OR consent IS NOT NULL", name="consent"),
    sa.Index("ix_items_queue", "lane", "crowd", "urgent", "priority", "lot", "id"),
    sa.Index("ix_items_lot", "lane", "crowd", "lot", "id"),
    sa.Index("ix_items_status", "status", "id"),
    sa.Index("ix_items_photo_hash", "photo_hash"),
    sa.Index("ix_items_duplicate_of", "duplicate_of"),
    sqlite_autoincrement=True,
)

sa.Table(
    "label_events",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("request_id", sa.String(80), nullable=False, unique=True),
    sa.Column("request_digest", sa.String(64), nullable=False),
    sa.Column("item", sa.ForeignKey("items.id"), nullable=False),
    sa.Column("user", sa.ForeignKey("users.id"), nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("about", sa.ForeignKey("label_events.id")),
    sa.Column("standard", sa.String(10)),
    sa.Column("category", sa.Integer),
    sa.Column("aqi", sa.Integer),
    sa.Column("cant_tell", sa.String(20)),
    sa.Column("confidence", sa.String(10)),
    sa.Column("note", sa.String(500)),
    sa.Column("corrections", Json),
    sa.Column("old", Json),
    sa.Column("reason", sa.String(500)),
    sa.Column("mode", sa.String(10)),
    sa.Column("model_version", sa.String(100)),
    sa.Column("seen_aqi", sa.Integer),
    sa.Column("seconds", Real),
    sa.CheckConstraint("category BETWEEN 0 AND 5", name="category"),
    sa.CheckConstraint("aqi BETWEEN 0 AND 500", name="aqi"),
    sa.CheckConstraint(
        "kind NOT IN ('answer', 'accept', 'overrule') OR (category IS NULL) <> (cant_tell IS NULL)",
        name="answer",
    ),
    sa.Index("ix_label_events_item", "item", "id"),
    sa.Index("ix_label_events_user", "user", "at"),
    sqlite_autoincrement=True,
)

sa.Table(
    "answers",
    metadata,
    sa.Column("item", sa.ForeignKey("items.id"), primary_key=True),
    sa.Column("user", sa.ForeignKey("users.id"), primary_key=True),
    sa.Column("event", sa.ForeignKey("label_events.id"), nullable=False, unique=True),
    sa.Column("skipped", sa.Boolean, nullable=False),
    sa.Index("ix_answers_user", "user", "skipped", "event"),
)

sa.Table(
    "decisions",
    metadata,
    sa.Column("item", sa.ForeignKey("items.id"), primary_key=True, autoincrement=False),
    sa.Column("event", sa.ForeignKey("label_events.id"), nullable=False, unique=True),
)

sa.Table(
    "leases",
    metadata,
    sa.Column("item", sa.ForeignKey("items.id"), primary_key=True),
    sa.Column("user", sa.ForeignKey("users.id"), primary_key=True),
    sa.Column("token", sa.String(40), nullable=False, unique=True),
    sa.Column("until", Time, nullable=False),
    sa.Index("ix_leases_user", "user", "until"),
)

sa.Table(
    "offers",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("session", sa.String(64), nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Index("ix_offers_at", "at"),
    sqlite_autoincrement=True,
)


def upgrade() -> None:
    """Make the tables, with the empty crowd that every item begins with."""
    metadata.create_all(op.get_bind())
    op.execute("INSERT INTO crowds (members) VALUES (' ')")
