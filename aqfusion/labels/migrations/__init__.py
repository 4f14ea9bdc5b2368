"""Bring a database to this program's tables: at every opening, however many open at once."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from aqfusion.labels.database import Database, StoreError, in_turn, take_time
from aqfusion.labels.schema import VERSION

__all__ = ["is_current", "prepare"]

_LOCK = 0x41514C  # any number, the same in every process


def prepare(database: Database) -> None:
    """Make tables or bring them up to date, whole or not at all.

    A store of a newer program raises `StoreError`. One process does the work and the others wait.
    """
    if is_current(database):
        return
    database.write_ahead()
    database.write(_upgrade)


def is_current(database: Database) -> bool:
    """Whether the tables are of this program; a database that fails raises `StoreError`."""
    with database.read() as connection:
        return _version(connection) == VERSION


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    # Alembic takes most of a second to import, and is needed once in a store's life.
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    take_time(connection)
    in_turn(connection, _LOCK)
    script = ScriptDirectory(str(Path(__file__).parent))
    with EnvironmentContext(
        Config(),
        script,
        fn=lambda revision, _context: script._upgrade_revs(VERSION, revision),
        destination_rev=VERSION,
    ) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        try:
            environment.run_migrations()
        except CommandError as error:
            raise StoreError(
                f"the label store must be opened by a program as new as itself: {error}"
            ) from error
