"""Texts that admins set for everybody, kept in the store: the guidelines of the label desk."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from aqfusion.labels.accounts import administrating
from aqfusion.labels.actor import Actor
from aqfusion.labels.database import Database
from aqfusion.labels.given_text import several_lines
from aqfusion.labels.schema import store_settings

__all__ = ["LONGEST_GUIDELINES", "StoreSettings"]

LONGEST_GUIDELINES = 8_000
_GUIDELINES = "guidelines"


class StoreSettings:
    """Settings of the whole store. Every function that writes raises `RoleError` for others."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def guidelines(self) -> str | None:
        """Return the guidelines that an admin has written; `None` where the default holds."""
        query = select(store_settings.c.value).where(store_settings.c.name == _GUIDELINES)
        with self._database.read() as connection:
            return connection.execute(query).scalar()

    def set_guidelines(self, actor: Actor, text: str, now: datetime) -> None:
        """Replace the guidelines; an empty text brings the default back."""
        kept = several_lines("guidelines", text.replace("\r\n", "\n"), LONGEST_GUIDELINES)

        def work(connection: Connection) -> None:
            administrating(connection, actor)
            connection.execute(delete(store_settings).where(store_settings.c.name == _GUIDELINES))
            if kept:
                row = {"name": _GUIDELINES, "value": kept, "changed": now, "changed_by": actor.id}
                connection.execute(insert(store_settings).values(**row))

        self._database.write(work)
