"""Signing in by OpenID Connect, its provider played by what Streamlit would tell of it."""

import time

import pytest
from streamlit.testing.v1 import AppTest

from aqfusion.permissions import Actor
from aqfusion.ui.labels import oidc
from tests.labels.planted import NOW, PIN
from tests.ui.labels.test_account import SECONDS, error_of, gate, inside, sign_in

ONE = {"auth": {"client_id": "a", "redirect_uri": "http://localhost/oauth2callback"}}
TWO = {"auth": {"redirect_uri": "x", "google": {"client_id": "a"}, "other": {"client_id": "b"}}}
OLGA = {"is_logged_in": True, "iss": "https://id.example", "sub": "17", "name": "Olga"}
OLGA |= {"iat": time.time() + 3600}  # newer than all that a test does to the account


@pytest.fixture
def admin(labels):
    return labels.accounts.first_admin("Ada", PIN, NOW)


def visit(secrets=ONE, **user) -> AppTest:
    page = AppTest.from_function(gate, default_timeout=SECONDS)
    page.secrets = secrets
    page.user = user or {"is_logged_in": False}
    return page.run()


def buttons(page) -> list[str]:
    return [button.label for button in page.button if button.label.startswith("Sign in with")]


@pytest.mark.parametrize(
    ("secrets", "labels_shown"),
    [
        ({"AQFUSION_MODEL": "x"}, []),
        ({"auth": {"redirect_uri": "x"}}, []),
        (ONE, ["Sign in with your organisation"]),
        (TWO, ["Sign in with google", "Sign in with other"]),
    ],
)
def test_each_provider_of_the_secrets_has_a_button(labels_home, admin, secrets, labels_shown):
    page = visit(secrets)
    assert not inside(page)
    assert buttons(page) == labels_shown


def test_a_button_asks_its_own_provider(labels_home, admin, monkeypatch):
    asked_for = []
    monkeypatch.setattr("streamlit.login", asked_for.append)
    visit(ONE).button(key="account_oidc_default").click().run()
    visit(TWO).button(key="account_oidc_other").click().run()
    assert asked_for == [None, "other"]


def test_a_stranger_is_a_visitor_until_an_admin_says_more(labels, admin):
    page = visit(**OLGA)
    assert "You are signed in as Olga, visitor" in page.info[0].value
    (olga,) = [user for user in labels.accounts.users(admin) if user.name == "Olga"]
    assert (olga.role, olga.issuer, olga.has_pin) == ("visitor", "https://id.example", False)
    labels.accounts.set_role(admin, olga.id, "expert")
    assert inside(page.run())
    assert inside(visit(**OLGA | {"name": "Olga Married"}))
    assert len(labels.accounts.users(admin)) == 2


def test_the_same_name_from_elsewhere_is_another_account(labels, admin):
    visit(**OLGA | {"name": "ada"})
    visit(**OLGA | {"name": "Ada", "iss": "https://other.example"})
    assert [user.name for user in labels.accounts.users(admin)] == ["Ada", "ada (2)", "Ada (3)"]


def test_whoever_is_locked_out_is_told_and_may_come_as_another(labels, admin):
    page = visit(**OLGA)
    (olga,) = [user for user in labels.accounts.users(admin) if user.name == "Olga"]
    labels.accounts.set_disabled(admin, olga.id, True)
    for _ in range(2):
        assert not inside(page.run())
        assert "account is disabled" in error_of(page)
    assert inside(sign_in(page, "Ada"))


def test_an_identity_without_a_subject_makes_no_account(labels, admin):
    page = visit(**{key: value for key, value in OLGA.items() if key != "sub"})
    assert error_of(page) == "Account must have an identity (sub), got none."
    assert len(labels.accounts.users(admin)) == 1


def test_strangers_do_not_stand_in_the_way_of_the_first_admin(labels):
    visit(**OLGA)
    assert labels.sign_in.is_unclaimed()
    assert "account_code" in [field.key for field in visit().text_input]
    ada = labels.accounts.first_admin("Ada", PIN, NOW)
    assert [user.name for user in labels.accounts.users(ada)] == ["Ada", "Olga"]


def test_signing_out_tells_the_provider_too(labels, admin, monkeypatch):
    left = []
    monkeypatch.setattr("streamlit.logout", lambda: left.append(1))
    visit(**OLGA).button(key="account_out").click().run()
    assert left == [1]


def test_without_a_secrets_file_there_is_no_provider(labels_home):
    assert oidc.providers() == ()


@pytest.mark.parametrize(
    ("issued", "sentence"),
    [
        (None, "Account must have a time of issue (iat), got none."),
        ("soon", "Account must have a time of issue (iat), got none."),
        (lambda: time.time() - 13 * 3600, "You signed in too long ago. Sign in again."),
    ],
    ids=["absent", "no time", "13 hours ago"],
)
def test_an_identity_opens_nothing_once_it_is_old(labels, admin, issued, sentence):
    issued = issued() if callable(issued) else issued
    assert error_of(visit(**OLGA | {"iat": issued})) == sentence
    assert len(labels.accounts.users(admin)) == 1


def test_whoever_was_disabled_comes_back_by_a_newer_identity_only(labels, admin):
    page = visit(**OLGA | {"iat": time.time() - 60})
    (olga,) = [user for user in labels.accounts.users(admin) if user.name == "Olga"]
    labels.accounts.set_role(admin, olga.id, "expert")
    labels.accounts.set_disabled(admin, olga.id, True)
    labels.accounts.set_disabled(admin, olga.id, False)
    assert not inside(page.run())
    assert error_of(page) == "You were signed out everywhere. Sign in again."
    assert buttons(page) == ["Sign in with your organisation"]
    assert inside(visit(**OLGA))


def test_signed_out_everywhere_ends_what_an_older_identity_began(labels, admin):
    page = visit(**OLGA | {"iat": time.time() - 60})
    (olga,) = [user for user in labels.accounts.users(admin) if user.name == "Olga"]
    labels.accounts.set_role(admin, olga.id, "expert")
    assert inside(page.run())
    labels.sessions.end_all(Actor(olga.id, olga.name, olga.role))
    for _ in range(2):
        assert not inside(page.run())
        assert error_of(page) == "You were signed out everywhere. Sign in again."
    assert inside(visit(**OLGA))
