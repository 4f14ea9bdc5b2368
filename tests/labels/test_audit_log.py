"""The audit log has what happened to accounts, once, and nothing that it must not have."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from aqfusion.labels import migrations
from aqfusion.labels.accounts import AccountError
from aqfusion.labels.audit_log import KINDS, record_often
from aqfusion.labels.backup import backup, restore
from aqfusion.labels.database import Database, database_url
from aqfusion.labels.migrations import prepare
from aqfusion.labels.passwords import hashed_pin
from aqfusion.labels.scheduled_backups import make_scheduled
from aqfusion.labels.schema import account_events, invites, users
from aqfusion.labels.sign_in import SignInError
from aqfusion.labels.sign_in_limits import Client
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import RoleError
from tests.labels.planted import MINUTE, NOW, PIN
from tests.labels.test_database import empty_url  # noqa: F401

HOUR = timedelta(hours=1)


def log_of(store, admin, **chosen) -> list[tuple]:
    """What the log says, the oldest first."""
    store.audit_log.count(admin, NOW, None, None)
    events = store.audit_log.events(admin, **chosen)
    return [(e.kind, e.user, e.by, e.detail, e.times) for e in events][::-1]


def test_each_event_stands_in_the_log_once(store):
    ada = store.accounts.first_admin("Ada", PIN, NOW)
    ana = store.accounts.add_user(ada, "Ana", PIN, "annotator", NOW)
    token = store.invites.make(ada, "expert", NOW)
    store.sign_in.by_invite(token, "Eva", PIN, NOW)
    store.invites.make(ada, "admin", NOW)
    store.invites.take_back(ada, 2, NOW)
    store.accounts.set_role(ada, ana.id, "expert", NOW)
    store.accounts.set_role(ada, ana.id, "expert", NOW)  # which changes nothing
    store.accounts.reset_pin(ada, ana.id, "5678", NOW)
    store.accounts.set_disabled(ada, ana.id, True, NOW)
    store.accounts.set_disabled(ada, ana.id, False, NOW)
    here, _ = store.sessions.begin(store.sign_in.by_pin("Ana", "5678", NOW), NOW)
    store.sessions.begin(store.sign_in.change_pin(here, "5678", PIN, NOW), NOW)
    store.sessions.end(store.sessions.begin(ana, NOW)[0], NOW)
    store.sessions.end_all(ana, NOW)
    store.accounts.unlock(store.accounts.operator(NOW), "Ana", NOW)
    store.sign_in.by_oidc("https://id.example", "17", "Olga", "visitor", NOW, NOW)
    for name in ("Ana", "her own secret"):
        with pytest.raises(SignInError):
            store.sign_in.by_pin(name, "0000", NOW)
    assert log_of(store, ada) == [
        ("first admin", "Ada", "Ada", "", 1),
        ("account made", "Ana", "Ada", "annotator", 1),
        ("invited", None, "Ada", "expert", 1),
        ("joined", "Eva", "Ada", "expert", 1),
        ("invited", None, "Ada", "admin", 1),
        ("invitation revoked", None, "Ada", "", 1),
        ("role changed", "Ana", "Ada", "annotator to expert", 1),
        ("PIN set", "Ana", "Ada", "", 1),
        ("disabled", "Ana", "Ada", "", 1),
        ("enabled", "Ana", "Ada", "", 1),
        ("signed in", "Ana", "Ana", "PIN", 1),
        ("PIN changed", "Ana", "Ana", "", 1),
        ("signed in", "Ana", "Ana", "PIN", 1),
        ("signed in", "Ana", "Ana", "PIN", 1),
        ("signed out", "Ana", "Ana", "", 1),
        ("signed out everywhere", "Ana", "Ana", "", 1),
        ("unlocked", "Ana", "the terminal", "", 1),
        ("account made", "Olga", "Olga", "by OpenID Connect", 1),
        ("refused", "Ana", None, "wrong PIN", 1),
        ("refused", None, None, "a name that nobody signs in with", 1),
    ]
    assert [row[0] for row in log_of(store, ada, user=ana.id, kind="disabled")] == ["disabled"]
    newest = [event.kind for event in store.audit_log.events(ada, skip=1, most=2)]
    assert newest == ["refused", "account made"]


def _by_oidc(store):
    return store.sign_in.by_oidc("https://id.example", "17", "Olga", "visitor", NOW, NOW)


def _refused(store, *_):
    with pytest.raises(SignInError):
        store.sign_in.by_pin("Ana", "0000", NOW)


def _restored(store, admin, _ana, folder):
    backup(store, admin, folder / "b.zip", NOW)
    other = LabelStore.open(str(folder / "other.db"), str(folder / "other"))
    restore(other, folder / "b.zip", NOW)
    newest = log_of(other, admin)[-1]
    other.close()
    return newest


# Every way to an event: its kind, whom it is about and who did it, and the way. Each begins with
# Ada, an admin, and Ana; what returns an event has another store.
WAYS = [
    ("account made", "Cem", "Ada",
     lambda s, ada, ana, _: s.accounts.add_user(ada, "Cem", PIN, "visitor", NOW)),
    ("account made", "Olga", "Olga", lambda s, ada, ana, _: _by_oidc(s)),
    ("invited", None, "Ada", lambda s, ada, ana, _: s.invites.make(ada, "expert", NOW)),
    ("invitation revoked", None, "Ada",
     lambda s, ada, ana, _: (s.invites.make(ada, "expert", NOW), s.invites.take_back(ada, 1, NOW))),
    ("joined", "Eva", "Ada", lambda s, ada, ana, _: s.sign_in.by_invite(
        s.invites.make(ada, "expert", NOW), "Eva", PIN, NOW)),
    ("role changed", "Ana", "Ada",
     lambda s, ada, ana, _: s.accounts.set_role(ada, ana.id, "expert", NOW)),
    ("PIN set", "Ana", "Ada",
     lambda s, ada, ana, _: s.accounts.reset_pin(ada, ana.id, "567x", NOW)),
    ("PIN changed", "Ana", "Ana",
     lambda s, ada, ana, _: s.sign_in.change_pin(ana, PIN, "567x", NOW)),
    ("disabled", "Ana", "Ada",
     lambda s, ada, ana, _: s.accounts.set_disabled(ada, ana.id, True, NOW)),
    ("enabled", "Ana", "Ada", lambda s, ada, ana, _: [
        s.accounts.set_disabled(ada, ana.id, off, NOW) for off in (True, False)]),
    ("unlocked", "Ana", "Ada", lambda s, ada, ana, _: s.accounts.unlock(ada, "Ana", NOW)),
    ("unlocked", None, "the terminal",
     lambda s, ada, ana, _: s.accounts.unlock(s.accounts.operator(NOW), None, NOW)),
    ("signed in", "Ana", "Ana", lambda s, ada, ana, _: s.sessions.begin(ana, NOW)),
    ("signed in", "Olga", "Olga",
     lambda s, ada, ana, _: s.sessions.begin(_by_oidc(s), NOW, "", "OpenID Connect")),
    ("refused", "Ana", None, _refused),
    ("signed out", "Ana", "Ana",
     lambda s, ada, ana, _: s.sessions.end(s.sessions.begin(ana, NOW)[0], NOW)),
    ("signed out everywhere", "Ana", "Ana", lambda s, ada, ana, _: s.sessions.end_all(ana, NOW)),
    ("backup taken", "Ada", "Ada", lambda s, ada, ana, tmp: backup(s, ada, tmp / "b.zip", NOW)),
    ("backup taken", "the terminal", "the terminal",
     lambda s, ada, ana, tmp: make_scheduled(s, s.accounts.operator(NOW), tmp / "b", 7, NOW)),
    ("backup restored", None, None, _restored),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "about", "by", "way"), WAYS)
def test_every_way_to_an_event_writes_it(store, admin, ana, tmp_path, kind, about, by, way):
    returned = way(store, admin, ana, tmp_path)
    newest = returned if kind == "backup restored" else log_of(store, admin)[-1]
    assert newest[:3] == (kind, about, by)
    assert store.verify() == ()


def test_no_kind_is_without_a_way(store, admin):
    assert [row[:3] for row in log_of(store, admin)] == [("first admin", "Ada", "Ada")]
    assert {"first admin", *(kind for kind, *_ in WAYS)} == {*KINDS}


def test_what_is_refused_leaves_no_event(store, admin, ana):
    before = log_of(store, admin)
    with pytest.raises(AccountError):
        store.accounts.set_disabled(admin, admin.id, True, NOW)
    for ask in (
        lambda: store.accounts.set_role(ana, ana.id, "admin", NOW),
        lambda: store.audit_log.count(ana, NOW, None, None),
        lambda: [*store.audit_log.events(ana)],
        lambda: store.accounts.unlock(ana, None, NOW),
    ):
        with pytest.raises(RoleError):
            ask()
    assert log_of(store, admin) == before


def test_a_flood_becomes_few_rows_that_tell_its_number(store, admin, ana):
    def refused(user, now, times=1):
        def work(connection):
            for _ in range(times):
                record_often(connection, "refused", now, user, "wrong PIN")

        store.database.write(work)

    refused(ana.id, NOW, 300)
    refused(None, NOW)
    rows = log_of(store, admin, kind="refused")
    assert [(user, times) for _kind, user, _by, _detail, times in rows] == [
        ("Ana", 1),
        (None, 1),
        ("Ana", 299),
    ]
    refused(ana.id, NOW + MINUTE, 50)  # whoever reads meanwhile makes it longer by a row
    refused(ana.id, NOW + HOUR)
    refused(ana.id, NOW - HOUR)  # by a clock that was ahead
    rows = log_of(store, admin, kind="refused")[3:]
    assert [(user, times) for _kind, user, _by, _detail, times in rows] == [
        ("Ana", 50),
        ("Ana", 1),
        ("Ana", 1),
    ]


def test_the_log_only_grows(store, admin):
    for change in (update(account_events).values(detail="x"), delete(account_events)):
        with pytest.raises(DBAPIError, match="account_events must only grow"):
            store.database.write(lambda connection, change=change: connection.execute(change))


def test_no_secret_and_no_address_stand_in_it(store, admin, ana):
    client = Client("192.0.2.77", "b" * 43)
    for name, pin in (("Ana", "a wrong secret"), ("my PIN 4711 by mistake", PIN)):
        with pytest.raises(SignInError):
            store.sign_in.by_pin(name, pin, NOW, client)
    store.sessions.begin(store.sign_in.by_pin("Ana", PIN, NOW, client), NOW, client.browser)
    with store.database.read() as connection:
        rows = str(connection.execute(select(account_events)).all())
    assert not any(part in rows for part in ("192.0.2", "bbb", "secret", "4711", "argon2"))


@pytest.mark.parametrize("role", ["operator", "god", "", "Admin"])
def test_no_account_gets_a_role_that_there_is_not(store, admin, ana, role):
    for ask in (
        lambda: store.accounts.add_user(admin, "Cem", PIN, role, NOW),
        lambda: store.accounts.set_role(admin, ana.id, role, NOW),
        lambda: store.invites.make(admin, role, NOW),
        lambda: store.sign_in.by_oidc("https://id.example", "17", "Olga", role, NOW),
    ):
        with pytest.raises(AccountError, match="role must be one of visitor, annotator, expert"):
            ask()
    row = {"name": "Cem", "name_key": "cem", "role": role, "disabled": False, "created": NOW}
    for change in (
        insert(users).values(**row, failed_pins=0, pin="x"),
        update(users).where(users.c.id == ana.id).values(role=role),
    ):
        with pytest.raises(DBAPIError, match="role must be one of"):
            store.database.write(lambda connection, change=change: connection.execute(change))
    assert [user.name for user in store.accounts.users(admin)] == ["Ada", "Ana"]
    assert store.verify() == ()


def test_back_doors_of_an_older_store_are_reported_and_can_be_closed(empty_url, monkeypatch):  # noqa: F811
    with monkeypatch.context() as then:
        then.setattr(migrations, "VERSION", "9")
        old = Database(database_url(empty_url))
        prepare(old)

    def write(connection):
        for number, (name, role, pin) in enumerate(
            (
                *(("ada", "admin", PIN), ("door", "operator", PIN), ("god", "god", PIN)),
                ("terminal", "operator", None),
            ),
            start=1,
        ):
            row = {"id": number, "name": name, "name_key": name, "role": role, "created": NOW}
            row |= {"disabled": False, "pin": pin and hashed_pin(pin), "failed_pins": 0}
            table = {column.name for column in users.columns} & row.keys()
            names = ", ".join(sorted(table))
            slots = ", ".join(f":{name}" for name in sorted(table))
            statement = text(f"INSERT INTO users ({names}) VALUES ({slots})")
            connection.execute(statement.bindparams(**row | {"created": NOW.replace(tzinfo=None)}))
        row = {"digest": "d", "role": "operator", "made_by": 1, "expires": NOW + HOUR}
        connection.execute(insert(invites).values(**row))

    old.write(write)
    old.close()
    store = LabelStore.open(empty_url, "photos")
    assert store.verify() == (
        "account 2 must have a role that can be given, got 'operator'",
        "account 3 must have a role that can be given, got 'god'",
        "invitation 1 must have a role that can be given, got 'operator'",
    )
    ada = store.sign_in.by_pin("ada", PIN, NOW)
    assert [user.name for user in store.accounts.users(ada)] == ["ada", "door", "god"]
    for name in ("door", "god"):
        with pytest.raises(SignInError, match="do not match"):
            store.sign_in.by_pin(name, PIN, NOW)
    store.accounts.set_disabled(ada, 2, True, NOW)
    store.accounts.set_role(ada, 2, "visitor", NOW)
    store.accounts.set_role(ada, 3, "annotator", NOW)
    assert len(store.verify()) == 1
    assert store.accounts.operator(NOW).id == 4
    with pytest.raises(AccountError, match="user must be one of the list, got 4"):
        store.accounts.set_disabled(ada, 4, True, NOW)
    store.close()
