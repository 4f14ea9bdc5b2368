"""What all tables share: column types that mean the same on SQLite and PostgreSQL, and names."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Float, Integer, MetaData
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
