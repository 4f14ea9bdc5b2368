"""Opening: migrations, addresses, what the database itself refuses."""

import subprocess
import sys
from operator import methodcaller

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, insert, select, text
from sqlalchemy.exc import DBAPIError

from aqfusion.io.file_address import without_password
from aqfusion.labels import migrations
from aqfusion.labels.answer import Answer
from aqfusion.labels.database import Database, StoreError, database_url
from aqfusion.labels.item import Reason
from aqfusion.labels.migrations import prepare
from aqfusion.labels.schema import VERSION, items, metadata
from aqfusion.labels.store import LabelStore
from aqfusion.model.item_prediction import ItemPrediction
from aqfusion.settings import ROOT, load_settings
from aqfusion.sites.site import Site
from tests.labels import postgres
from tests.labels.planted import NOW, add, new_item, say


def test_the_program_knows_its_last_migration():
    (folder,) = migrations.__path__
    assert ScriptDirectory(folder).get_current_head() == VERSION


def test_migrations_lead_to_the_tables_of_the_program(store):
    with store.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert connection.execute(text("SELECT members FROM crowds")).scalars().all() == [" "]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    """A place where no store has been."""
    if request.param == "sqlite":
        return str(tmp_path / "a ?#% folder" / "labels.db")
    socket = request.getfixturevalue("postgres_socket")
    postgres.run(socket, "DROP DATABASE IF EXISTS fresh WITH (FORCE)")
    postgres.run(socket, "CREATE DATABASE fresh")
    return postgres.url_of(socket, "fresh")


def events_can_be_deleted(database):
    def work(connection):
        connection.execute(text("DELETE FROM label_events"))

    try:
        database.write(work)
    except DBAPIError:
        return False
    return True


@pytest.mark.parametrize("version", [str(number) for number in range(1, int(VERSION))])
def test_a_store_of_an_older_version_is_brought_up_to_date(empty_url, version, monkeypatch):
    with monkeypatch.context() as then:
        then.setattr(migrations, "VERSION", version)
        old = Database(database_url(empty_url))
        prepare(old)
    # On PostgreSQL the trigger is one of the statement; SQLite asks only for rows that are there.
    old.write(write_as_then)
    with old.read() as connection:
        kept = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        assert kept == version
    old.close()
    store = LabelStore.open(empty_url, "photos")
    assert not events_can_be_deleted(store.database)
    assert (store.overview.counts()["answered"], store.verify()) == (1, ())
    with store.database.read() as connection:
        query = select(items.c.scored_by, items.c.top_reason).order_by(items.c.id)
        kept = connection.execute(query).all()
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    assert kept == [("a model", "model unsure"), (None, None)]
    site = store.sites.create(store.accounts.operator(NOW), Site("Delhi"), "site", NOW)
    assert store.sites.get(store.accounts.operator(NOW), site).site == Site("Delhi")
    store.close()


def test_of_older_readings_only_those_of_contributions_have_stated_units(empty_url, monkeypatch):
    with monkeypatch.context() as then:
        then.setattr(migrations, "VERSION", "8")
        old = Database(database_url(empty_url))
        prepare(old)
    view = ItemPrediction("a model", "fused", 60.0, 40.0, 90.0, (0.0, 1.0, 0.0, 0.0, 0.0, 0.0))
    ranked = {"model_view": view, "priority": 0.5}
    contribution = {"origin": "contribution", "consent": "v1", "consented_at": NOW}
    by_formula = (Reason("model unsure", "It is"), Reason("photo against readings", "They say"))
    new = [
        new_item(1, **ranked, reasons=by_formula),
        new_item(2, **ranked, reasons=by_formula[:1]),
        new_item(3, **ranked, **contribution, reasons=by_formula),
    ]

    def write(connection):
        tables = MetaData()
        tables.reflect(connection, only=["items", "crowds"])
        table = tables.tables["items"]
        for item in new:
            row = {key: value for key, value in item.columns(NOW).items() if key in table.c}
            connection.execute(insert(table), row)

    old.write(write)
    old.close()
    store = LabelStore.open(empty_url, "photos")
    query = select(items.c.units_stated, items.c.scored_by).order_by(items.c.id)
    with store.database.read() as connection:
        kept = connection.execute(query).all()
    # What a formula had a say in waits to be scored again.
    assert kept == [(False, None), (False, "a model"), (True, "a model")]
    store.close()


def write_as_then(connection):
    """One person's answer to an item that a model has ranked, and an item that none has."""
    tables = MetaData()
    tables.reflect(connection)
    view = ItemPrediction("a model", "fused", 60.0, 40.0, 90.0, (0.0, 1.0, 0.0, 0.0, 0.0, 0.0))
    ranked = {"model_view": view, "priority": 0.5, "reasons": (Reason("model unsure", "It is"),)}
    rows = [new_item(1, **ranked).columns(NOW), new_item(2).columns(NOW)]
    rows[0] |= {"status": "answered", "lane": 0, "urgent": 1, "seats": 0}
    event = {"id": 1, "request_id": "r", "request_digest": "", "item": 1, "user": 1, "at": NOW}
    user = {"id": 1, "name": "Ana", "name_key": "ana", "role": "annotator", "disabled": False}
    contents = {
        "users": [user | {"created": NOW, "failed_pins": 0}],
        "items": rows,
        "label_events": [event | {"kind": "answer", "standard": "us", "category": 1}],
        "answers": [{"item": 1, "user": 1, "event": 1, "skipped": False}],
    }
    for name, given_rows in contents.items():
        table = tables.tables[name]
        for row in given_rows:
            columns = {key: value for key, value in row.items() if key in table.c}
            connection.execute(insert(table), columns)


def test_a_store_of_a_newer_program_is_left_alone(empty_url):
    database = Database(database_url(empty_url))
    prepare(database)
    newer = text("UPDATE alembic_version SET version_num = '99'")
    database.write(lambda connection: connection.execute(newer))
    with pytest.raises(StoreError, match="must be opened by a program as new as itself"):
        LabelStore.open(empty_url, "photos")
    database.close()


def test_the_database_itself_changes_no_event(store, admin, ana):
    say(store, ana, add(store, admin, 1), 3)
    own = "TRUNCATE label_events CASCADE"
    if store.database.is_sqlite:
        own = "INSERT OR REPLACE INTO label_events SELECT * FROM label_events"
    for statement in ("UPDATE label_events SET category = 0", "DELETE FROM label_events", own):
        with pytest.raises(DBAPIError, match="label_events must only grow"):
            store.database.write(methodcaller("exec_driver_sql", statement))
    assert store.verify() == ()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("DELETE FROM answers", "item 1 must have the answers of its events"),
        ("DELETE FROM decisions", "item 1 must have the decision 2 of its events, got None"),
        ("UPDATE items SET status = 'open'", "item 1 must have status settled, got open"),
        ("UPDATE items SET lane = 1", "item 1 must have lane 0, got 1"),
        ("UPDATE answers SET skipped = (1 = 1)", "item 1 must have the answers of its events"),
    ],
)
def test_a_view_that_is_not_its_events_is_told_and_made_anew(
    store, admin, ana, expert, change, fault
):
    item = add(store, admin, 1)
    say(store, ana, item, 3)
    store.review.overrule(expert, item, Answer(category=2), "why", "r", NOW)
    assert store.verify() == ()
    store.database.write(lambda connection: connection.execute(text(change)))
    assert any(fault_found.startswith(fault) for fault_found in store.verify())
    assert store.rebuild(admin) == 1
    assert store.verify() == ()


@pytest.mark.parametrize(
    ("address", "driver"),
    [
        ("/data/labels.db", "sqlite"),
        ("sqlite:////data/labels.db", "sqlite"),
        ("postgres://me:5ecret@host/labels", "postgresql+psycopg"),
        ("postgresql+psycopg2://host:5433/labels?sslmode=require", "postgresql+psycopg"),
    ],
)
def test_an_address_names_its_database(address, driver):
    assert database_url(address).drivername == driver


@pytest.mark.parametrize(
    "address",
    [
        *("mysql://me:5ecret@host/labels", "postgresql://me:5ecret@host", "sqlite://", ":memory:"),
        *("", "sqlite:///file:x?mode=memory", "://5ecret", "postgresql://me:5ecret@host:port/l"),
        "postgresql://me:5ecret@[::1/labels",
    ],
)
def test_another_address_is_refused_and_no_password_repeated(address):
    with pytest.raises(StoreError, match="the label store must be a file or an address") as refused:
        database_url(address)
    assert "5ecret" not in str(refused.value)


def test_a_server_that_does_not_answer_is_named_without_its_password():
    url = "postgresql://me:5ecret@127.0.0.1:1/labels?connect_timeout=2"
    with pytest.raises(
        StoreError, match=r"The database .*127\.0\.0\.1:1/labels.* cannot be used"
    ) as no:
        LabelStore.open(url, "photos")
    assert "5ecret" not in f"{no.value!r} {no.value.__cause__!r}"
    assert without_password(url) == "postgresql://127.0.0.1:1/labels"


@pytest.mark.parametrize("content", [b"this is no database, however long it may be" * 40])
def test_a_file_that_is_no_store_is_named(tmp_path, content):
    path = tmp_path / "labels.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"The database .* cannot be used: file is n"):
        LabelStore.open(str(path), "photos")
    assert path.read_bytes() == content


def test_the_settings_name_the_store(tmp_path):
    settings = load_settings({"AQFUSION_HOME": str(tmp_path)}, tmp_path / "none")
    LabelStore.from_settings(settings).close()
    assert (tmp_path / "labels" / "labels.db").is_file()
    assert (tmp_path / "labels").stat().st_mode & 0o077 == 0  # the hashes of PINs lie there
    variables = {"AQFUSION_HOME": str(tmp_path), "AQFUSION_LABELS": str(tmp_path / "mine.db")}
    LabelStore.from_settings(load_settings(variables, tmp_path / "none")).close()
    assert (tmp_path / "mine.db").is_file()


def test_the_store_opens_without_the_heavy_modules():
    program = (
        "import sys, aqfusion.labels.store;"
        "print({'torch', 'PIL', 'streamlit', 'alembic', 'fsspec'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
