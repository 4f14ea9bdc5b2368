"""What somebody has begun to say of an item: it survives a reload, until the item is answered."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from aqfusion.errors import InputError
from aqfusion.labels.actor import Actor, acting
from aqfusion.labels.columns import Id
from aqfusion.labels.database import Database
from aqfusion.labels.given_text import several_lines
from aqfusion.labels.schema import drafts, items

__all__ = ["MOST_DRAFTS", "Draft", "Drafts", "drop_draft"]

MOST_DRAFTS = 200  # of one person; with one more the oldest goes
_MINE = (
    drafts.c.user == bindparam("who", type_=Id),
    drafts.c.item == bindparam("of", type_=Id),
)
_ASKED = select(drafts).where(*_MINE)
_DROP = delete(drafts).where(*_MINE)


@dataclass(frozen=True)
class Draft:
    """A note of at most 500 characters, as it stands in its field, and whether one is unsure."""

    note: str = ""
    unsure: bool = False


class Drafts:
    """Each person's own drafts; nobody sees another's."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def of(self, actor: Actor, item: int) -> Draft:
        """Return what the actor has begun to say of an item, an empty draft if nothing."""
        with self._database.read() as connection:
            acting(connection, actor, "annotator", lock=False)
            row = connection.execute(_ASKED, {"who": actor.id, "of": item}).first()
        return Draft(row.note, row.unsure) if row is not None else Draft()

    def save(self, actor: Actor, item: int, draft: Draft, now: datetime) -> None:
        """Keep a draft in the place of the one before; an empty one is forgotten."""
        note = several_lines("note", draft.note, 500) if draft.note.strip() else ""

        def work(connection: Connection) -> None:
            acting(connection, actor, "annotator")
            if connection.execute(select(items.c.id).where(items.c.id == item)).first() is None:
                raise InputError(f"item must be one of the store, got {item}")
            drop_draft(connection, actor.id, item)
            if not note and not draft.unsure:
                return
            newest = select(drafts.c.item).where(drafts.c.user == actor.id)
            newest = newest.order_by(drafts.c.at.desc(), drafts.c.item).limit(MOST_DRAFTS - 1)
            kept = [*connection.execute(newest).scalars()]
            mine = (drafts.c.user == actor.id, drafts.c.item.not_in(kept))
            connection.execute(delete(drafts).where(*mine))
            row = {"user": actor.id, "item": item, "note": note, "unsure": draft.unsure, "at": now}
            connection.execute(insert(drafts).values(**row))

        self._database.write(work)


def drop_draft(connection: Connection, user: int, item: int) -> None:
    """Forget a draft, in the transaction that writes its answer."""
    connection.execute(_DROP, {"who": user, "of": item})
