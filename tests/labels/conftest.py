"""The same label store on SQLite and on a PostgreSQL of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aqfusion.labels.queue_sql import Shares
from aqfusion.labels.schema import metadata
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor
from tests.labels import postgres
from tests.labels.planted import NOW, PIN


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[Path]:
    """A server for the tests of this process; without one they skip, and say so."""
    folder = postgres.programs()
    if folder is None:
        pytest.skip("no PostgreSQL here: the label store is tested on SQLite only")
    try:
        with postgres.server(folder) as socket:
            postgres.run(socket, "CREATE DATABASE ready")
            LabelStore.open(postgres.url_of(socket, "ready"), "photos").close()
            yield socket
    except OSError as error:
        pytest.skip(f"PostgreSQL does not start here: {error}")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store."""
    if request.param == "sqlite":
        path = tmp_path / "labels.db"
        path.write_bytes(request.getfixturevalue("empty_labels"))
        return str(path)
    socket = request.getfixturevalue("postgres_socket")
    postgres.empty(socket, "ready", [table.name for table in metadata.sorted_tables])
    return postgres.url_of(socket, "ready")


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[LabelStore]:
    """An open store that serves by priority alone."""
    store = LabelStore.open(url, str(tmp_path / "photos"), Shares(random=0.0, gold=0.0))
    yield store
    store.close()


@pytest.fixture
def admin(store: LabelStore) -> Actor:
    return store.accounts.first_admin("Ada", PIN, NOW)


@pytest.fixture
def expert(store: LabelStore, admin: Actor) -> Actor:
    return store.accounts.add_user(admin, "Eva", PIN, "expert", NOW)


@pytest.fixture
def ana(store: LabelStore, admin: Actor) -> Actor:
    return store.accounts.add_user(admin, "Ana", PIN, "annotator", NOW)


@pytest.fixture
def ben(store: LabelStore, admin: Actor) -> Actor:
    return store.accounts.add_user(admin, "Ben", PIN, "annotator", NOW)
