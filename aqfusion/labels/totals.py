"""How much there is in the store, as figures."""

from typing import Any

from sqlalchemy import ColumnElement, Table, func, select

from aqfusion.labels.database import Database
from aqfusion.labels.schema import answers, decisions, items, label_events, users

__all__ = ["totals"]


def totals(database: Database) -> dict[str, Any]:
    """Count what people did and what items there are, at one moment."""
    people = users.c.role != "operator"
    counted_rows: dict[str, tuple[Table, tuple[ColumnElement[bool], ...]]] = {
        "gold": (items, (items.c.kind == "gold",)),
        "frozen": (items, (items.c.split == "frozen",)),
        "duplicates": (items, (items.c.duplicate_of.is_not(None),)),
        "events": (label_events, ()),
        "answers": (answers, (answers.c.skipped.is_(False),)),
        "skipped": (answers, (answers.c.skipped.is_(True),)),
        "decisions": (decisions, ()),
        "users": (users, (people,)),
    }
    with database.snapshot() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table).where(*rules)).scalar()
            for name, (table, rules) in counted_rows.items()
        }
