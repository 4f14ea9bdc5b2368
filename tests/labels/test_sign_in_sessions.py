"""Sign-ins that outlive a page: one code, one cookie, and an end that holds everywhere."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from aqfusion.labels.authorization import SignedOutError
from aqfusion.labels.backup import backup, restore
from aqfusion.labels.schema import sign_ins
from aqfusion.labels.sign_in_sessions import CODE_LASTS, SessionLimits, SignInSessions
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import RoleError
from tests.labels.planted import MINUTE, NOW, PIN, add, say

HOUR = timedelta(hours=1)


def signed_in(store, actor, now=NOW):
    here, code = store.sessions.begin(actor, now)
    return here, store.sessions.redeem(code, now).value


def test_a_code_gives_one_cookie_once_and_not_for_long(store, ana):
    here, code = store.sessions.begin(ana, NOW)
    assert store.sessions.redeem("another", NOW) is None
    cookie = store.sessions.redeem(code, NOW)
    assert cookie.seconds == 14 * 86_400
    assert store.sessions.redeem(code, NOW) is None
    holder = store.sessions.by_cookie(cookie.value, NOW)
    assert (holder, holder.sign_in) == (ana, here.sign_in)
    _, late = store.sessions.begin(ana, NOW)
    assert store.sessions.redeem(late, NOW + CODE_LASTS) is None


def test_neither_code_nor_token_stand_in_the_store(store, ana):
    _, code = store.sessions.begin(ana, NOW)
    _, value = signed_in(store, ana)
    with store.database.read() as connection:
        rows = str(connection.execute(select(sign_ins)).all())
    assert code not in rows
    assert value.rpartition(".")[0] not in rows


def test_a_cookie_that_was_changed_or_made_up_is_worth_nothing(store, ana):
    _, value = signed_in(store, ana)
    token, _, signature = value.rpartition(".")
    other = ("A" if token[0] != "A" else "B") + token[1:]
    for wrong in ("", ".", token, f"{other}.{signature}", f"{token}.", "x" * 10_000, "\udc80.\n"):
        assert store.sessions.by_cookie(wrong, NOW) is None


def test_another_server_of_the_store_knows_the_cookie(store, ana):
    _, value = signed_in(store, ana)
    other = SignInSessions(store.database)
    assert other.cookie_name == store.sessions.cookie_name
    assert other.by_cookie(value, NOW) == ana


@pytest.mark.parametrize(
    "way", ["signed out", "everywhere", "disabled", "another role", "another PIN"]
)
def test_an_end_holds_for_cookie_and_actor_at_once(store, admin, ana, way):
    item = add(store, admin, 1)
    here, value = signed_in(store, ana)
    there, second = signed_in(store, ana)
    match way:
        case "signed out":
            store.sessions.end(here)
        case "everywhere":
            assert store.sessions.end_all(here) == 2
        case "disabled":
            store.accounts.set_disabled(admin, ana.id, True)
            store.accounts.set_disabled(admin, ana.id, False)
        case "another role":
            store.accounts.set_role(admin, ana.id, "expert", NOW)
        case _:
            store.accounts.reset_pin(admin, ana.id, PIN)
    assert store.sessions.by_cookie(value, NOW) is None
    with pytest.raises(SignedOutError, match="no longer signed in here"):
        store.queue.lease(here, item, NOW)
    with pytest.raises(RoleError):
        store.sign_in.again(here)
    if way == "signed out":
        assert store.sessions.by_cookie(second, NOW) == ana
        assert say(store, there, item, 1).item == item
    else:
        assert store.sessions.by_cookie(second, NOW) is None


def test_a_role_is_looked_up_anew_whatever_the_actor_says(store, admin, ana):
    store.accounts.set_role(admin, ana.id, "visitor")
    here, value = signed_in(store, ana)
    assert (here.role, store.sessions.by_cookie(value, NOW).role) == ("annotator", "visitor")


def test_without_use_it_ends_and_with_use_it_ends_at_its_time(store, ana):
    sessions = SignInSessions(store.database, SessionLimits(timedelta(days=1), HOUR))
    store.sessions = sessions
    here, value = signed_in(store, ana)
    assert sessions.by_cookie(value, NOW + HOUR) is None
    with pytest.raises(SignedOutError, match="after a long time without activity"):
        sessions.use(here, NOW + HOUR)
    here, value = signed_in(store, ana)
    for minutes in range(0, 24 * 60, 50):
        sessions.use(here, NOW + minutes * MINUTE)
    assert sessions.by_cookie(value, NOW + 24 * HOUR - MINUTE) == ana
    assert sessions.by_cookie(value, NOW + 24 * HOUR) is None
    sessions.prune(NOW + 24 * HOUR)
    with store.database.read() as connection:
        assert connection.execute(select(sign_ins)).all() == []


def test_one_person_keeps_at_most_fifty(store, ana, ben):
    _, of_ben = signed_in(store, ben)
    values = [signed_in(store, ana)[1] for _ in range(51)]
    assert store.sessions.by_cookie(values[0], NOW) is None
    assert [store.sessions.by_cookie(value, NOW) for value in values[1:]] == [ana] * 50
    assert store.sessions.by_cookie(of_ben, NOW) == ben


def test_a_backup_opens_no_door(store, admin, ana, tmp_path, empty_labels):
    _, value = signed_in(store, ana)
    backup(store, admin, tmp_path / "backup.zip", NOW)
    (tmp_path / "again.db").write_bytes(empty_labels)
    again = LabelStore.open(str(tmp_path / "again.db"), str(tmp_path / "again"))
    restore(again, tmp_path / "backup.zip")
    assert again.sessions.by_cookie(value, NOW) is None
    again.close()
