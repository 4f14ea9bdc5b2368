"""Secrets that all servers of a store share: they sign cookies and blind what limits count by."""

import hashlib
import hmac
import secrets

from sqlalchemy import Connection, select

from aqfusion.labels.database import Database
from aqfusion.labels.schema import server_keys

__all__ = ["ServerKeys"]


class ServerKeys:
    """The store's keys by name; whoever comes first draws one, however many come at once."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database
        self._keys: dict[str, str] = {}

    def key(self, name: str) -> str:
        """Return the key of a name; it needs a transaction of its own, so it comes before one."""
        if name not in self._keys:
            query = select(server_keys.c.key).where(server_keys.c.name == name)
            with self._database.read() as connection:
                kept = connection.execute(query).scalar()
            self._keys[name] = kept or self._draw(name)
        return self._keys[name]

    def digest(self, name: str, text: str) -> str:
        """Return a keyed SHA-256: of an address or a name, nobody without the key can guess it."""
        key = self.key(name).encode()
        return hmac.new(key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def _draw(self, name: str) -> str:
        row = {"name": name, "key": secrets.token_urlsafe(48)}
        query = select(server_keys.c.key).where(server_keys.c.name == name)

        def work(connection: Connection) -> str:
            self._database.insert_new(connection, server_keys, [row])
            return str(connection.execute(query).scalar_one())

        return self._database.write(work)
