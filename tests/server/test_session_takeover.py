"""A session's id is no key: a stranger who knows it gets a session of their own."""

import pytest

from aqfusion.load_test.app_client import AppClient
from tests.browser.conftest import serve
from tests.planted_labels import PIN, planted_store

pytestmark = pytest.mark.browser  # it needs a server, if no browser


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    planted_store(home, 4).close()
    return home


@pytest.fixture(scope="module")
def server(home):
    with serve(home, "-m", "streamlit") as address:
        yield address


def again(tab: AppClient, page: str, **cookies: str) -> AppClient:
    """Another connection that names the session of `tab`."""
    other = AppClient(tab.address, cookies={**cookies}, session=tab.session)
    other.connect()
    other.open(page)
    return other


def test_whoever_knows_a_session_id_gets_neither_account_nor_inputs(server):
    with AppClient(server) as tab:
        tab.open("label")
        tab.sign_in("Ada", PIN)
        (own_name,) = [name for name in tab.cookies if name.startswith("aqf_browser")]
        assert tab.has("account_out")
        tab.close()
        other_browser = {own_name: "x" * 43}
        sign_in_only = {k: v for k, v in tab.cookies.items() if k.startswith("aqfusion_")}
        assert sign_in_only
        for cookies in ({}, other_browser, {own_name: tab.cookies[own_name]}):
            with again(tab, "label", **cookies) as stranger:
                assert stranger.session != tab.session
                assert not stranger.has("account_out")
        # A sign-in cookie without the browser's is the person's, in a session of its own.
        with again(tab, "label", **sign_in_only) as second:
            assert second.session != tab.session
        with again(tab, "label", **tab.cookies) as same:
            assert same.session == tab.session
            assert same.has("account_out")


def test_the_inputs_of_who_is_not_signed_in_are_resumed_by_their_browser_only(server):
    with AppClient(server) as tab:
        tab.open("predict")
        tab.change("sensor_pm25_value", 321.0)
        tab.close()
        with again(tab, "predict", aqf_browser="x" * 43) as stranger:
            assert stranger.session != tab.session
        with again(tab, "predict", **tab.cookies) as same:
            assert same.session == tab.session
