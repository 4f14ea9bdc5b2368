"""Accounts: who may sign in, with what, and that one admin always stays."""

from datetime import timedelta

import pytest

from aqfusion.errors import InputError
from aqfusion.labels.accounts import AccountError
from aqfusion.labels.actor import RoleError
from aqfusion.labels.sign_in import SignInError
from tests.labels.planted import MINUTE, NOW, PIN


def test_the_first_admin_is_made_once(store, admin):
    with pytest.raises(AccountError, match="first admin must be made before others, got one"):
        store.accounts.first_admin("Bob", PIN, NOW)
    assert store.sign_in.by_pin("ada", PIN, NOW) == admin


def test_the_terminal_is_nobody_who_signs_in(store):
    operator = store.accounts.operator(NOW)
    assert store.accounts.operator(NOW) == operator
    admin = store.accounts.first_admin("Ada", PIN, NOW)  # an operator is not in their way
    assert [user.name for user in store.accounts.users(operator)] == ["Ada"]
    assert store.sign_in.names() == ("Ada",)
    with pytest.raises(AccountError, match="user must be one of the list"):
        store.accounts.set_role(admin, operator.id, "visitor")
    with pytest.raises(AccountError, match="role must be one of visitor, annotator, expert, admin"):
        store.accounts.set_role(admin, admin.id, "operator")


def test_a_name_is_one_in_any_case(store, admin, ana):
    with pytest.raises(AccountError, match="name must be one that nobody has, got 'ANA'"):
        store.accounts.add_user(admin, " ANA ", PIN, "annotator", NOW)
    with pytest.raises(InputError, match="name must have at most 60 characters, got 61"):
        store.accounts.add_user(admin, "x" * 61, PIN, "annotator", NOW)
    with pytest.raises(InputError, match="PIN must have 4 to 64 characters, got 3") as refused:
        store.accounts.add_user(admin, "New", "987", "annotator", NOW)
    assert "987" not in str(refused.value)


def test_one_enabled_admin_stays(store, admin, ana):
    for change in (
        lambda: store.accounts.set_role(admin, admin.id, "expert"),
        lambda: store.accounts.set_disabled(admin, admin.id, True),
    ):
        with pytest.raises(AccountError, match="there must be an enabled admin left, got none"):
            change()
    store.accounts.set_role(admin, ana.id, "admin")
    store.accounts.set_role(admin, admin.id, "expert")
    with pytest.raises(RoleError):
        store.accounts.set_role(admin, admin.id, "admin")


def test_wrong_pins_have_to_wait_longer_and_longer(store, ana):
    for _ in range(5):
        with pytest.raises(SignInError, match="name and PIN must fit together"):
            store.sign_in.by_pin("Ana", "0000", NOW)
    with pytest.raises(SignInError, match="PIN must wait 31 s more after 5 wrong ones"):
        store.sign_in.by_pin("Ana", PIN, NOW)
    later = NOW + MINUTE
    with pytest.raises(SignInError, match="fit together"):
        store.sign_in.by_pin("Ana", "0000", later)
    with pytest.raises(SignInError, match="PIN must wait 61 s more after 6 wrong ones"):
        store.sign_in.by_pin("Ana", PIN, later)
    assert store.sign_in.by_pin("Ana", PIN, later + 2 * MINUTE) == ana
    store.sign_in.by_pin("Ana", PIN, later)  # and the wait is over for good


def test_an_admin_gives_a_new_pin_and_new_tries(store, admin, ana):
    for _ in range(5):
        with pytest.raises(SignInError):
            store.sign_in.by_pin("Ana", "0000", NOW)
    store.accounts.reset_pin(admin, ana.id, "5678")
    assert store.sign_in.by_pin("Ana", "5678", NOW) == ana


@pytest.mark.parametrize("name", ["Nobody", "", "'; DROP TABLE users; --", "\x00"])
def test_an_unknown_name_is_refused_like_a_wrong_pin(store, admin, name):
    with pytest.raises(SignInError, match="name and PIN must fit together"):
        store.sign_in.by_pin(name, PIN, NOW)


def test_who_is_disabled_is_out_at_once(store, admin, ana):
    store.accounts.set_disabled(admin, ana.id, True)
    for ask in (
        lambda: store.sign_in.again(ana),
        lambda: store.queue.next_item(ana, NOW),
        lambda: store.sign_in.by_pin("Ana", PIN, NOW),
    ):
        with pytest.raises(InputError):
            ask()
    assert store.sign_in.names() == ("Ada",)
    store.accounts.set_disabled(admin, ana.id, False)
    assert store.sign_in.again(ana) == ana


def test_an_invitation_lets_one_person_in(store, admin):
    token = store.invites.make(admin, "expert", NOW)
    joined = store.sign_in.by_invite(token, "Eva", PIN, NOW)
    assert (joined.name, joined.role) == ("Eva", "expert")
    for wrong in (token, "another"):
        with pytest.raises(SignInError, match="invitation must be a new one"):
            store.sign_in.by_invite(wrong, "Max", PIN, NOW)
    late = store.invites.make(admin, "expert", NOW, timedelta(hours=1))
    with pytest.raises(SignInError):
        store.sign_in.by_invite(late, "Max", PIN, NOW + 61 * MINUTE)


def test_an_account_elsewhere_stays_the_same_account(store, admin):
    first = store.sign_in.by_oidc("https://id.example", "17", "Ada", "annotator", NOW)
    assert (first.name, first.role) == ("Ada (2)", "annotator")
    again = store.sign_in.by_oidc("https://id.example", "17", "Ada Lovelace", "visitor", NOW)
    other = store.sign_in.by_oidc("https://other.example", "17", "Eva", "visitor", NOW)
    assert (again, other.role) == (first, "visitor")
    store.accounts.set_disabled(admin, first.id, True)
    with pytest.raises(SignInError, match="account must be enabled"):
        store.sign_in.by_oidc("https://id.example", "17", "Ada", "admin", NOW)


def test_no_secret_stands_in_the_store(store, admin, tmp_path):
    token = store.invites.make(admin, "expert", NOW)
    store.accounts.add_user(admin, "Pia", "a-long-secret", "annotator", NOW)
    with store.database.read() as connection:
        kept = [
            *connection.exec_driver_sql("SELECT * FROM users").all(),
            *connection.exec_driver_sql("SELECT * FROM invites").all(),
        ]
    assert token not in str(kept)
    assert "a-long-secret" not in str(kept)
    assert "$" in str(kept)
