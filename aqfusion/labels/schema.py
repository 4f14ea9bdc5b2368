"""The tables of the label store; `migrations/versions` brings a database to them.

`label_events` is the truth and only ever grows. `answers` and `decisions` are its current view,
and the last columns of `items` are the queue's: all of these follow from the events. `site_events`
only grows too; sites are read from it.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.types import TypeDecorator

__all__ = ["Id", "Json", "Real", "UtcTime", "metadata"]

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# SQLite numbers rows by itself only where the key is an INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")
Real = Float(53)
Json = JSON(none_as_null=True)


class UtcTime(TypeDecorator[datetime]):
    """A time with a zone, kept in UTC; one without a zone is a fault of the program."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Bring a time to UTC: SQLite drops the zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"a time must have a zone, got {value.isoformat()}")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give the zone back; PostgreSQL answers in the zone of the session."""
        if value is None:
            return None
        time: datetime = value
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


VERSION = "11"  # the last migration; tests hold it to the scripts

users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(60), nullable=False),
    Column("name_key", String(200), nullable=False, unique=True),  # upper and lower case are one
    Column("role", String(20), nullable=False),
    Column("pin", String(200)),
    Column("issuer", String(500)),
    Column("subject", String(500)),
    Column("disabled", Boolean, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("goal", Integer),
    Column("failed_pins", Integer, nullable=False),  # unused since version 10, as is the next
    Column("locked_until", UtcTime),
    # One more with each change that ends all sign-ins, and when that was last.
    Column("epoch", Integer, nullable=False, server_default="0"),
    Column("ended", UtcTime),
    UniqueConstraint("issuer", "subject"),
    sqlite_autoincrement=True,
)

invites = Table(
    "invites",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("made_by", ForeignKey("users.id"), nullable=False),
    Column("expires", UtcTime, nullable=False),
    Column("used_by", ForeignKey("users.id")),
    sqlite_autoincrement=True,
)

# Sets of people, " 3 17 ": those whom an open item has met. Row 1 is the empty set.
crowds = Table(
    "crowds",
    metadata,
    Column("id", Id, primary_key=True),
    Column("members", Text, nullable=False, unique=True),
    sqlite_autoincrement=True,
)

items = Table(
    "items",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("photo_hash", String(64), nullable=False),
    *(Column(name, Real) for name in ("pm25", "pm10", "o3", "co", "so2", "no2")),
    Column("origin", String(40), nullable=False),
    Column("source", Text),
    Column("licence", Text),
    Column("consent", Text),
    Column("consented_at", UtcTime),
    Column("trusted", Boolean, nullable=False),
    Column("group_key", String(200)),
    Column("place", String(200)),
    Column("taken_at", UtcTime),
    Column("split", String(10), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("known_aqi", Integer),
    Column("guess", Json),
    Column("overlap", Integer, nullable=False),
    Column("priority", Real, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("duplicate_of", ForeignKey("items.id", deferrable=True, initially="DEFERRED")),
    Column("fingerprint", String(16)),
    Column("model_view", Json),
    Column("fold_view", Json),
    Column("created", UtcTime, nullable=False),
    Column("status", String(10), nullable=False),
    Column("wanted", Integer, nullable=False),  # answers: `overlap`, and more when sent back
    Column("lane", Integer, nullable=False),  # 0 is not served, 1 the queue, 2 gold
    Column("urgent", Integer, nullable=False),  # 2 is sent back, 1 has been begun
    Column("seats", Integer, nullable=False),  # answers still to come
    Column("crowd", ForeignKey("crowds.id"), nullable=False),
    Column("lot", Integer, nullable=False),  # drawn once, for random shares and among equals
    Column("time_zone", String(64)),  # an IANA name or an offset; `taken_at` is in UTC
    Column("scored_by", String(100)),  # the model that its priority comes from; null: none yet
    Column("scored_event", Id),  # the item's newest event then, 0 before the first
    Column("top_reason", String(40)),  # the kind of the first of `reasons`
    Column("units_stated", Boolean, nullable=False, server_default=false()),  # of the readings
    CheckConstraint("(kind = 'gold') = (known_aqi IS NOT NULL)", name="gold"),
    CheckConstraint("origin <> 'contribution' OR consent IS NOT NULL", name="consent"),
    Index("ix_items_queue", "lane", "crowd", "urgent", "priority", "lot", "id"),
    Index("ix_items_lot", "lane", "crowd", "lot", "id"),
    Index("ix_items_status", "status", "id"),
    Index("ix_items_photo_hash", "photo_hash"),
    Index("ix_items_duplicate_of", "duplicate_of"),
    Index("ix_items_scored", "status", "scored_by"),
    Index("ix_items_group_key", "group_key"),
    Index("ix_items_place", "lane", "crowd", "place", "urgent", "priority", "lot", "id"),
    Index("ix_items_reason", "lane", "crowd", "top_reason", "urgent", "priority", "lot", "id"),
    sqlite_autoincrement=True,
)

label_events = Table(
    "label_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("request_id", String(80), nullable=False, unique=True),
    Column("request_digest", String(64), nullable=False),
    Column("item", ForeignKey("items.id"), nullable=False),
    Column("user", ForeignKey("users.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("about", ForeignKey("label_events.id")),  # the event that is undone or accepted
    Column("standard", String(10)),
    Column("category", Integer),
    Column("aqi", Integer),
    Column("cant_tell", String(20)),
    Column("confidence", String(10)),
    Column("note", String(500)),
    Column("corrections", Json),
    Column("old", Json),
    Column("reason", String(500)),
    Column("mode", String(10)),
    Column("model_version", String(100)),
    Column("seen_aqi", Integer),
    Column("seconds", Real),
    Column("batch", String(80)),  # the request id of an answer that was given to several photos
    CheckConstraint("category BETWEEN 0 AND 5", name="category"),
    CheckConstraint("aqi BETWEEN 0 AND 500", name="aqi"),
    CheckConstraint(
        "kind NOT IN ('answer', 'accept', 'overrule') OR (category IS NULL) <> (cant_tell IS NULL)",
        name="answer",
    ),
    Index("ix_label_events_item", "item", "id"),
    Index("ix_label_events_user", "user", "at"),
    Index("ix_label_events_batch", "batch"),
    sqlite_autoincrement=True,
)

# What each person says of an item now; or that they have skipped it.
answers = Table(
    "answers",
    metadata,
    Column("item", ForeignKey("items.id"), primary_key=True),
    Column("user", ForeignKey("users.id"), primary_key=True),
    Column("event", ForeignKey("label_events.id"), nullable=False, unique=True),
    Column("skipped", Boolean, nullable=False),
    Index("ix_answers_user", "user", "skipped", "event"),
)

# What experts have decided.
decisions = Table(
    "decisions",
    metadata,
    Column("item", ForeignKey("items.id"), primary_key=True, autoincrement=False),
    Column("event", ForeignKey("label_events.id"), nullable=False, unique=True),
)

leases = Table(
    "leases",
    metadata,
    Column("item", ForeignKey("items.id"), primary_key=True),
    Column("user", ForeignKey("users.id"), primary_key=True),
    Column("token", String(40), nullable=False, unique=True),
    Column("until", UtcTime, nullable=False),
    Column("tab", String(64), nullable=False, server_default=""),  # which of the person's tabs
    Index("ix_leases_user", "user", "until"),
)

# Browsers in which somebody has signed in by PIN, until when without use, and until when at most.
# What the cookie holds and the code that fetches it are kept as digests only.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user", ForeignKey("users.id"), nullable=False),
    Column("digest", String(64), unique=True),
    Column("code", String(64), unique=True),
    Column("code_until", UtcTime, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
    Index("ix_sign_ins_user", "user", "id"),
    Index("ix_sign_ins_until", "until"),
    sqlite_autoincrement=True,
)

# Browsers in which a person has signed in before, as digests of what their cookie holds.
known_devices = Table(
    "known_devices",
    metadata,
    Column("user", ForeignKey("users.id"), primary_key=True),
    Column("device", String(64), primary_key=True),
    Column("seen", UtcTime, nullable=False),
)

# How many guesses of late: of a name at an address, of a name, at an address; keyed digests.
sign_in_limits = Table(
    "sign_in_limits",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("address", String(64), primary_key=True),
    Column("level", Real, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_sign_in_limits_at", "at"),
)

# What happened to accounts and sign-ins, which only ever grows: `user` is about whom, `by` who did
# it. What comes in floods is one row with its number of times.
account_events = Table(
    "account_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("user", ForeignKey("users.id")),
    Column("by", ForeignKey("users.id")),
    Column("detail", String(200), nullable=False),
    Column("times", Integer, nullable=False),
    Index("ix_account_events_user", "user", "id"),
    Index("ix_account_events_kind", "kind", "id"),
    sqlite_autoincrement=True,
)

# Events of an hour that are still to be written as one row; `user` 0 is of no account.
account_event_counts = Table(
    "account_event_counts",
    metadata,
    Column("kind", String(30), primary_key=True),
    Column("user", Id, primary_key=True, autoincrement=False),
    Column("since", UtcTime, nullable=False),
    Column("written", Integer, nullable=False),
    Column("pending", Integer, nullable=False),
)

# What the servers of this store sign cookies with.
server_keys = Table(
    "server_keys",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("key", String(100), nullable=False),
)

# What somebody has begun to say of an item, until they answer it.
drafts = Table(
    "drafts",
    metadata,
    Column("user", ForeignKey("users.id"), primary_key=True),
    Column("item", ForeignKey("items.id"), primary_key=True),
    Column("note", String(500), nullable=False),
    Column("unsure", Boolean, nullable=False),
    Column("corrections", Json, nullable=False),  # as they stand in their fields, text
    Column("at", UtcTime, nullable=False),
)

# To whom an item's prediction or answers have been shown; `last_event` was the newest event then.
unblindings = Table(
    "unblindings",
    metadata,
    Column("item", ForeignKey("items.id"), primary_key=True),
    Column("user", ForeignKey("users.id"), primary_key=True),
    Column("last_event", Id, nullable=False),
)

# How each person labels, and since when without a long pause.
sittings = Table(
    "sittings",
    metadata,
    Column("user", ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("mode", String(10), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("seen", UtcTime, nullable=False),
)

# Who has offered a photo of late: digests of their session and of their address, nothing else.
offers = Table(
    "offers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("session", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("address", String(64)),
    Index("ix_offers_at", "at"),
    sqlite_autoincrement=True,
)

# How often visitors' photos and readings were of which sort on a UTC day: counts, nothing else.
# `bins` says which ranges the numbers of a histogram's `bin` are of.
prediction_counts = Table(
    "prediction_counts",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("model", String(100), primary_key=True),
    Column("origin", String(20), primary_key=True),
    Column("figure", String(20), primary_key=True),
    Column("bins", String(16), primary_key=True),
    Column("bin", Integer, primary_key=True, autoincrement=False),
    Column("times", Id, nullable=False),
)

# Texts that admins set for everybody.
store_settings = Table(
    "store_settings",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
    Column("changed", UtcTime, nullable=False),
    Column("changed_by", ForeignKey("users.id"), nullable=False),
)

# What people did to their sites. A site's number is that of its "create"; a "remove" is about the
# "add" of its day. `content` is a site's file without days, or a day as a line of such a file;
# `name` and `days` (how many) are the site's after the event.
site_events = Table(
    "site_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("request_id", String(100), nullable=False, unique=True),
    Column("request_digest", String(64), nullable=False),
    Column("site", ForeignKey("site_events.id")),
    Column("user", ForeignKey("users.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("about", ForeignKey("site_events.id")),
    Column("name", String(80), nullable=False),
    Column("days", Integer, nullable=False),
    Column("content", Text),
    CheckConstraint("(kind = 'create') = (site IS NULL)", name="site"),
    CheckConstraint("(kind = 'remove') = (about IS NOT NULL)", name="about"),
    Index("ix_site_events_site", "site", "id"),
    Index("ix_site_events_user", "user", "kind", "id"),
    sqlite_autoincrement=True,
)
