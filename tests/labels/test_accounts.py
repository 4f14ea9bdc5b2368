"""Accounts: who may sign in, with what, and that one admin always stays."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from aqfusion.errors import InputError
from aqfusion.labels.accounts import AccountError
from aqfusion.labels.passwords import pin_fits, renewed_pin
from aqfusion.labels.schema import users
from aqfusion.labels.sign_in import SignInError
from aqfusion.permissions import RoleError
from tests.labels.planted import MINUTE, NOW, PIN

# Of `PIN`, by scrypt, as stores had them before Argon2id.
KEPT_BEFORE = (
    "scrypt$JCTDcLEOAYUsvs+ixfEj+A==$xoZ0MCq9t/ammAOktFD/i1HDTesU/NKFcC9KZ20NMK/"
    "pPo/qF8A4xRmWZY7BrK5PwnPQ0SE01PjSsl/p/1mklQ=="
)


def test_the_first_admin_is_made_once(store, admin):
    with pytest.raises(AccountError, match="There is an admin already"):
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
    with pytest.raises(AccountError, match="The name 'ANA' is taken"):
        store.accounts.add_user(admin, " ANA ", PIN, "annotator", NOW)
    with pytest.raises(InputError, match="name must have at most 60 characters, got 61"):
        store.accounts.add_user(admin, "x" * 61, PIN, "annotator", NOW)
    with pytest.raises(InputError, match="PIN must have 4 to 256 characters, got 3") as refused:
        store.accounts.add_user(admin, "New", "987", "annotator", NOW)
    assert "987" not in str(refused.value)


def test_one_enabled_admin_stays(store, admin, ana):
    for change in (
        lambda: store.accounts.set_role(admin, admin.id, "expert"),
        lambda: store.accounts.set_disabled(admin, admin.id, True),
    ):
        with pytest.raises(AccountError, match="the last enabled admin"):
            change()
    store.accounts.set_role(admin, ana.id, "admin")
    store.accounts.set_role(admin, admin.id, "expert")
    with pytest.raises(RoleError):
        store.accounts.set_role(admin, admin.id, "admin")


def test_wrong_pins_have_to_wait_longer_and_longer(store, ana):
    for _ in range(5):
        with pytest.raises(SignInError, match="Name and PIN do not match"):
            store.sign_in.by_pin("Ana", "0000", NOW)
    with pytest.raises(SignInError, match="There were 5 wrong PINs"):
        store.sign_in.by_pin("Ana", PIN, NOW)
    later = NOW + MINUTE
    with pytest.raises(SignInError, match="do not match"):
        store.sign_in.by_pin("Ana", "0000", later)
    with pytest.raises(SignInError, match="There were 6 wrong PINs"):
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
    with pytest.raises(SignInError, match="Name and PIN do not match"):
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
        with pytest.raises(SignInError, match="invitation is used, expired or unknown"):
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
    with pytest.raises(SignInError, match="account is disabled"):
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


def test_a_hash_of_before_is_checked_once_more_and_renewed(store, ana):
    set_pin(store, KEPT_BEFORE, ana.id)
    with pytest.raises(SignInError, match="Name and PIN do not match"):
        store.sign_in.by_pin("Ana", "0000", NOW)
    assert pin_of(store, ana.id) == KEPT_BEFORE
    assert store.sign_in.by_pin("Ana", PIN, NOW) == ana
    renewed = pin_of(store, ana.id)
    assert renewed.startswith("$argon2id$v=19$m=8,t=2,p=1$")
    assert store.sign_in.by_pin("Ana", PIN, NOW) == ana
    assert pin_of(store, ana.id) == renewed
    with pytest.raises(SignInError, match="Name and PIN do not match"):
        store.sign_in.by_pin("Ana", "0000", NOW)


def test_a_hash_of_another_cost_is_renewed(store, ana, monkeypatch):
    assert pin_of(store, ana.id).startswith("$argon2id$v=19$m=8,t=2,p=1$")
    monkeypatch.setattr("aqfusion.labels.passwords._MEMORY_KIB", 16)
    assert store.sign_in.by_pin("Ana", PIN, NOW) == ana
    assert pin_of(store, ana.id).startswith("$argon2id$v=19$m=16,t=2,p=1$")


def test_two_browsers_that_renew_one_hash_at_once_both_sign_in(store, ana, monkeypatch):
    set_pin(store, KEPT_BEFORE, ana.id)
    between = [lambda: store.sign_in.by_pin("Ana", PIN, NOW)]

    def renewed(pin: str, hashed: str) -> str | None:
        if between:
            assert between.pop()() == ana
        return renewed_pin(pin, hashed)

    monkeypatch.setattr("aqfusion.labels.sign_in.renewed_pin", renewed)
    assert store.sign_in.by_pin("Ana", PIN, NOW) == ana
    assert between == []
    assert store.sign_in.by_pin("Ana", PIN, NOW) == ana


def test_a_pin_that_is_reset_meanwhile_no_longer_signs_in(store, admin, ana, monkeypatch):
    def renewed(pin: str, hashed: str) -> str | None:
        store.accounts.reset_pin(admin, ana.id, "5678")
        return renewed_pin(pin, hashed)

    monkeypatch.setattr("aqfusion.labels.sign_in.renewed_pin", renewed)
    with pytest.raises(SignInError, match="Name and PIN do not match"):
        store.sign_in.by_pin("Ana", PIN, NOW)


@pytest.mark.parametrize("damaged", ["", "scrypt$", "scrypt$a$b$c", "$argon2id$v=19$", "1234"])
def test_a_damaged_hash_fits_no_pin(damaged):
    assert not pin_fits(PIN, damaged)


def set_pin(store, hashed: str, user: int) -> None:
    def work(connection):
        connection.execute(update(users).where(users.c.id == user).values(pin=hashed))

    store.database.write(work)


def pin_of(store, user: int) -> str:
    with store.database.read() as connection:
        return connection.execute(select(users.c.pin).where(users.c.id == user)).scalar_one()
