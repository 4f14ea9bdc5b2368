"""A session of Streamlit is resumed by nobody but the browser that signed in."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from aqfusion.ui.labels import browser_sessions, store_session
from aqfusion.ui.labels.browser_sessions import SessionGuard
from tests.labels.planted import PIN

ORIGIN = b"http://aqfusion.example"


@pytest.fixture
def signed_in(labels_home, labels, monkeypatch):
    """A session of a signed-in person: its sign-in and the cookie."""
    ada = labels.accounts.first_admin("Ada", PIN, store_session.now())
    here, code = labels.sessions.begin(ada, store_session.now())
    monkeypatch.setitem(browser_sessions._sign_ins, "the-session", here.sign_in)
    return here, labels.sessions.redeem(code, store_session.now()).value


def resumed(cookie: str, session: str = "the-session") -> bool:
    """Whether a handshake that names the session reaches Streamlit with its name."""
    asked = f"streamlit, xsrf, {session}".encode()
    headers = [
        (b"sec-websocket-protocol", asked),
        (b"origin", ORIGIN),
        (b"cookie", cookie.encode()),
    ]
    seen = []

    async def streamlit(scope, _receive, _send):
        seen.append(dict(scope["headers"])[b"sec-websocket-protocol"])

    scope = {"type": "websocket", "headers": headers}
    # A thread of its own: where browser tests ran before, this one has a loop already.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, SessionGuard(streamlit)(scope, None, None)).result()
    assert seen[0].startswith(b"streamlit, xsrf")
    return seen == [asked]


def test_only_the_cookie_of_its_sign_in_resumes_a_session(labels, signed_in):
    here, value = signed_in
    name = labels.sessions.cookie_name
    assert resumed(f"{name}={value}")
    assert not resumed("")
    assert not resumed(f"{name}=x{value}")
    _other, code = labels.sessions.begin(here, store_session.now())
    of_other = labels.sessions.redeem(code, store_session.now()).value
    assert not resumed(f"{name}={of_other}")
    labels.sessions.end(here)
    assert not resumed(f"{name}={value}")


def test_a_session_that_is_nobodys_is_resumed_as_before(signed_in):
    assert resumed("", session="of-a-visitor")
