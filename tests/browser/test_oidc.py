"""Signing in by OpenID Connect at a provider on the loopback, in a real browser."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from oidc_provider_mock import User, run_server_in_thread

from aqfusion.labels.store import LabelStore
from aqfusion.load_test.server_process import app_server, free_port
from tests.browser.test_label import AT_REST, HEAD, press
from tests.planted_labels import NOW, PIN, planted_store

pytestmark = pytest.mark.browser

INSIDE, OUTSIDE = ".st-key-account_out button", ".st-key-account_card"
PHOTO = ".aq-zoom img"
OLGA = User(sub="olga-17", claims={"name": "Olga", "email": "olga@id.example"})


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    planted_store(home, 20).close()
    return home


@pytest.fixture(scope="module")
def server(home):
    """The app with a provider in its secrets file."""
    with run_server_in_thread(user_claims=[OLGA]) as provider:
        port, secrets = free_port(), home / "secrets.toml"
        lines = {
            "redirect_uri": f"http://127.0.0.1:{port}/oauth2callback",
            "cookie_secret": "loopback",
            "client_id": "aqfusion",
            "client_secret": "loopback",
            "server_metadata_url": (
                f"http://localhost:{provider.server_port}/.well-known/openid-configuration"
            ),
        }
        text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
        secrets.write_text(f"[auth]\n{text}", encoding="utf-8")
        options = (f"--secrets.files={secrets}",)
        with app_server(home, port=port, more_options=options) as server:
            yield server.address
        assert server.faults() == ()


@pytest.fixture
def store(home):
    store = LabelStore.open(str(home / "labels" / "labels.db"), str(home / "labels" / "photos"))
    yield store
    store.close()


def at_rest(page, until: str) -> None:
    page.wait_for_selector(until, timeout=60_000)
    page.wait_for_selector(AT_REST)


def go_through_the_provider(page, until: str) -> None:
    page.get_by_role("button", name="Sign in with your organisation").click(timeout=60_000)
    page.get_by_role("button", name=OLGA.sub).click(timeout=20_000)
    at_rest(page, until)


def test_one_comes_back_to_the_page_gets_a_new_role_at_once_and_is_locked_out_at_once(
    chromium, server, store
):
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{server}/label?item=7")
    go_through_the_provider(page, INSIDE)
    assert page.url.partition("?")[0] == f"{server}/label"
    assert "You are signed in as Olga, visitor" in page.locator(".stAlert").inner_text()
    admin = store.sign_in.by_pin("Ada", PIN, NOW)
    (olga,) = [user for user in store.accounts.users(admin) if user.name == "Olga"]
    assert (olga.role, olga.has_pin) == ("visitor", False)

    store.accounts.set_role(admin, olga.id, "annotator")
    page.get_by_role("link", name="Review").click()  # the next run knows it
    page.get_by_text("This page is for experts and above").wait_for()
    assert "Olga, annotator" in page.locator(".st-key-account").inner_text()
    page.get_by_role("link", name="Label", exact=True).click()
    at_rest(page, PHOTO)
    first = press(page, "3")
    assert page.locator(HEAD).inner_text().rsplit(" ", 1)[1] != first

    # The server grants a provider's clock ten seconds: this is what is left of them.
    at = datetime.now(UTC) + timedelta(seconds=9)
    store.accounts.set_disabled(admin, olga.id, True, at)
    page.keyboard.press("4")
    at_rest(page, OUTSIDE)
    assert "account is disabled" in page.locator(OUTSIDE).inner_text()
    page.reload()
    at_rest(page, OUTSIDE)
    assert "account is disabled" in page.locator(OUTSIDE).inner_text()

    store.accounts.set_disabled(admin, olga.id, False, at)
    page.reload()
    at_rest(page, OUTSIDE)  # the provider's word of before is worth nothing any more
    assert "signed out everywhere" in page.locator(OUTSIDE).inner_text()
    go_through_the_provider(page, PHOTO)
    page.locator(INSIDE).click()
    page.get_by_role("button", name="End session").click(timeout=20_000)
    at_rest(page, OUTSIDE)
    assert page.url.partition("?")[0] == f"{server}/label"
    page.reload()
    at_rest(page, OUTSIDE)
    assert not page.locator(INSIDE).count()
    context.close()
