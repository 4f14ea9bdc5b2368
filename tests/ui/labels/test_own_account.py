"""What people see of accounts: a name to type, their own PIN, and who else is signed in here."""

import pytest
from streamlit.testing.v1 import AppTest

from aqfusion.labels.sign_in import SignInError
from aqfusion.labels.sign_in_limits import Client
from aqfusion.server import reach
from aqfusion.ui.labels import sign_in_cookie
from tests.labels.planted import NOW, PIN
from tests.ui.labels.test_account import SECONDS, error_of, gate, inside, sign_in, submit

WRONG = "Name and PIN do not match. Try again."


@pytest.fixture
def page(labels_home, monkeypatch) -> AppTest:
    monkeypatch.setattr("aqfusion.ui.labels.store_session.now", lambda: NOW)
    return AppTest.from_function(gate, default_timeout=SECONDS)


@pytest.fixture
def admin(labels):
    return labels.accounts.first_admin("Ada", PIN, NOW)


def type_in(page, name: str, pin: str = PIN) -> AppTest:
    page.text_input(key="account_name").set_value(name)
    page.text_input(key="account_pin").set_value(pin)
    return submit(page, "Sign in")


def change_pin(page, old: str, new: str) -> AppTest:
    page.text_input(key="account_own_old").set_value(old)
    page.text_input(key="account_own_new").set_value(new)
    return submit(page, "Change the PIN")


def test_where_names_are_typed_nobody_learns_who_has_an_account(page, admin, monkeypatch):
    monkeypatch.setenv("AQFUSION_LIST_NAMES", "no")
    page.run()
    assert not page.selectbox
    assert "Ada" not in str(page.main)
    for name in ("Nobody", "Ada", ""):
        type_in(page, name, "9999")
        assert error_of(page) == WRONG
    assert inside(type_in(page, " ADA "))


@pytest.mark.parametrize(
    ("address", "headers", "expected"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {"Host": "localhost"}, True),
        ("192.0.2.1", {}, False),
        ("unknown", {}, False),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, False),
        ("127.0.0.1", {"x-real-ip": "192.0.2.1"}, False),
    ],
)
def test_only_who_sits_at_the_server_itself_is_at_this_machine(address, headers, expected):
    assert reach.is_at_this_machine(address, headers) == expected


@pytest.mark.parametrize(
    ("address", "proxies", "expected"),
    [
        ("127.0.0.1", "", False),
        ("localhost", "", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("0.0.0.0", "", True),
        (None, "", True),
    ],
)
def test_a_server_is_public_by_its_address_or_its_proxy(monkeypatch, address, proxies, expected):
    monkeypatch.setattr(reach, "is_served", lambda: True)
    monkeypatch.setattr(reach.config, "get_option", lambda _: address)
    monkeypatch.setenv("AQFUSION_TRUSTED_PROXIES", proxies)
    assert reach.is_public() == expected


def test_ones_own_pin_is_changed_on_the_page_and_the_page_stays_signed_in(page, labels, admin):
    elsewhere, _ = labels.sessions.begin(admin, NOW)
    assert inside(sign_in(page.run(), "Ada"))
    change_pin(page, "9999", "a passphrase")
    assert error_of(page) == "This is not your present PIN. Try again."
    assert inside(change_pin(page, PIN, "a passphrase"))
    assert page.success[0].value == "Your PIN is changed. In other browsers you are signed out."
    assert page.text_input(key="account_own_new").value == ""
    assert inside(page.run())
    with pytest.raises(SignInError):
        labels.sign_in.by_pin("Ada", PIN, NOW)
    assert labels.sign_in.by_pin("Ada", "a passphrase", NOW) == admin
    with pytest.raises(Exception, match="no longer signed in here"):
        labels.sign_in.again(elsewhere)


def test_a_short_pin_of_before_opens_with_a_hint(page, admin, monkeypatch):
    monkeypatch.setenv("AQFUSION_PIN_LENGTH", "8")
    assert inside(sign_in(page.run(), "Ada"))
    assert page.success[0].value.startswith("Your PIN has fewer than 8 characters. Choose a longer")
    change_pin(page, PIN, "1234567")
    assert error_of(page) == "PIN must have 8 to 256 characters, got 7."


def test_where_the_cookie_is_anothers_the_session_is_signed_out(page, labels, admin, monkeypatch):
    assert inside(sign_in(page.run(), "Ada"))
    monkeypatch.setattr(sign_in_cookie, "sign_in", lambda _store: 1)
    assert inside(page.run())
    other, _ = labels.sessions.begin(admin, NOW)
    monkeypatch.setattr(sign_in_cookie, "sign_in", lambda _store: other.sign_in)
    assert not inside(page.run())
    assert error_of(page) == "In this browser somebody else is signed in. Sign in again."


def test_an_attack_on_a_name_does_not_keep_its_page_closed(page, labels, admin):
    for number in range(30):
        with pytest.raises(SignInError):
            labels.sign_in.by_pin("Ada", "9999", NOW, Client(f"192.0.2.{number}"))
    sign_in(page.run(), "Ada")
    assert "for this name" in error_of(page)
    labels.accounts.unlock(labels.accounts.operator(NOW), "Ada", NOW)
    assert inside(sign_in(page, "Ada"))
