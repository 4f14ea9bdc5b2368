"""Drafts of answers: they survive a reload, until the item is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.errors import InputError
from aqfusion.labels.actor import Actor, acting
from aqfusion.labels.columns import Id
from aqfusion.labels.database import Database
from aqfusion.labels.given_text import several_lines
from aqfusion.labels.schema import drafts, items

__all__ = ["MOST_DRAFTS", "Draft", "Drafts", "drop_draft"]

MOST_DRAFTS = 200  # of one person; with one more the oldest goes
_LONGEST_VALUE = 12
_MINE = (
    drafts.c.user == bindparam("who", type_=Id),
    drafts.c.item == bindparam("of", type_=Id),
)
_ASKED = select(drafts).where(*_MINE)
_DROP = delete(drafts).where(*_MINE)


@dataclass(frozen=True)
class Draft:
    """A note of at most 500 characters, whether one is unsure, and corrections as typed."""

    note: str = ""
    unsure: bool = False
    corrections: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that no more is kept than an answer may bring."""
        wrong = [name for name in self.corrections if name not in POLLUTANTS]
        if wrong:
            raise InputError(f"corrections must be of pollutants, got {wrong[0][:40]!r}")
        for name, value in self.corrections.items():
            if len(value) > _LONGEST_VALUE:
                rule = f"must have at most {_LONGEST_VALUE} characters"
                raise InputError(f"{name} {rule}, got {len(value)}")


class Drafts:
    """Each person's own drafts; nobody sees another's."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def get(self, actor: Actor, item: int) -> Draft | None:
        """Return the actor's draft of an answer to the item; `None` where there is none."""
        with self._database.read() as connection:
            acting(connection, actor, "annotator", lock=False)
            row = connection.execute(_ASKED, {"who": actor.id, "of": item}).first()
        return Draft(row.note, row.unsure, row.corrections) if row is not None else None

    def save(self, actor: Actor, item: int, draft: Draft, now: datetime) -> None:
        """Keep a draft in the place of the one before, an empty one too: it says so much."""
        note = several_lines("note", draft.note, 500)

        def work(connection: Connection) -> None:
            acting(connection, actor, "annotator")
            if connection.execute(select(items.c.id).where(items.c.id == item)).first() is None:
                raise InputError(f"item must be one of the store, got {item}")
            drop_draft(connection, actor.id, item)
            newest = select(drafts.c.item).where(drafts.c.user == actor.id)
            newest = newest.order_by(drafts.c.at.desc(), drafts.c.item).limit(MOST_DRAFTS - 1)
            kept = [*connection.execute(newest).scalars()]
            oldest = (drafts.c.user == actor.id, drafts.c.item.not_in(kept))
            connection.execute(delete(drafts).where(*oldest))
            row = {"user": actor.id, "item": item, "note": note, "unsure": draft.unsure, "at": now}
            row["corrections"] = {**draft.corrections}
            connection.execute(insert(drafts).values(**row))

        self._database.write(work)


def drop_draft(connection: Connection, user: int, item: int) -> None:
    """Forget a draft, in the transaction that writes its answer."""
    connection.execute(_DROP, {"who": user, "of": item})
