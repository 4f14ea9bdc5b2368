"""A session of Streamlit is resumed by nobody but the browser that began it."""

import pytest

from aqfusion.labels.passwords import token_digest
from aqfusion.ui.labels import browser_sessions, store_session
from aqfusion.ui.labels.browser_sessions import SessionGuard
from tests.coroutines import run_coroutine
from tests.labels.planted import PIN

BROWSER, OTHER = "a" * 43, "b" * 43  # secrets that browsers have in their cookie


@pytest.fixture
def of_browser(monkeypatch):
    """Two sessions that a browser has begun: one of a signed-in person, one of a visitor."""
    for session in ("the-session", "of-a-visitor"):
        monkeypatch.setitem(browser_sessions._browsers, session, token_digest(BROWSER))


@pytest.fixture
def signed_in(labels_home, labels, monkeypatch, of_browser):
    """A session of a signed-in person: its sign-in and the cookie."""
    ada = labels.accounts.first_admin("Ada", PIN, store_session.now())
    here, code = labels.sessions.begin(ada, store_session.now())
    monkeypatch.setitem(browser_sessions._sign_ins, "the-session", here.sign_in)
    return here, labels.sessions.redeem(code, store_session.now()).value


def handshake(cookie: str, session: str, origin: str = "http://aqfusion.example"):
    """The headers with which a handshake reaches Streamlit, and those of the answer."""
    headers = [
        (b"sec-websocket-protocol", f"streamlit, xsrf, {session}".encode()),
        (b"origin", origin.encode()),
        *([(b"cookie", cookie.encode())] if cookie else []),
    ]
    seen, answered = [], []

    async def streamlit(scope, _receive, send):
        seen.append(dict(scope["headers"]))
        await send({"type": "websocket.accept", "headers": [(b"x-own", b"1")]})

    async def send(message):
        answered.extend(message["headers"])

    scope = {"type": "websocket", "headers": headers}
    run_coroutine(SessionGuard(streamlit)(scope, None, send))
    return seen[0], answered


def resumed(cookie: str, session: str = "the-session", browser: str = BROWSER) -> bool:
    """Whether a handshake that names the session reaches Streamlit with its name."""
    cookies = "; ".join(filter(None, [cookie, browser and f"aqf_browser={browser}"]))
    protocols = handshake(cookies, session)[0][b"sec-websocket-protocol"]
    assert protocols.startswith(b"streamlit, xsrf")
    return protocols.endswith(session.encode())


def test_only_the_cookie_of_its_sign_in_resumes_a_session(labels, signed_in):
    here, value = signed_in
    name = labels.sessions.cookie_name
    assert resumed(f"{name}={value}")
    assert not resumed("")
    assert not resumed(f"{name}=x{value}")
    assert not resumed(f"{name}={value}", browser=OTHER)
    _other, code = labels.sessions.begin(here, store_session.now())
    of_other = labels.sessions.redeem(code, store_session.now()).value
    assert not resumed(f"{name}={of_other}")
    labels.sessions.end(here)
    assert not resumed(f"{name}={value}")


def test_a_visitors_session_is_resumed_by_the_same_browser_only(of_browser):
    assert resumed("", session="of-a-visitor")
    for browser in (OTHER, "", "a", BROWSER + "a"):
        assert not resumed("", session="of-a-visitor", browser=browser)
    assert not resumed("", session="that-no-page-has-been-drawn-in")


@pytest.mark.parametrize(
    ("origin", "name"),
    [("http://aqfusion.example", "aqf_browser"), ("https://a.example", "__Host-aqf_browser")],
)
def test_a_browser_gets_its_secret_with_the_first_handshake_and_keeps_it(origin, name):
    seen, answered = handshake("theme=dark", "none", origin)
    (line,) = [value.decode() for key, value in answered if key == b"set-cookie"]
    own, *rules = line.split("; ")
    assert own.startswith(f"{name}=")
    assert len(own) > 40
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {*rules}
    assert ("Secure" in rules) == origin.startswith("https")
    assert not any(rule.lower().startswith(("max-age", "expires", "domain")) for rule in rules)
    assert seen[b"cookie"].decode() == f"theme=dark; {own}"  # the script of this very run has it
    again, answered = handshake(seen[b"cookie"].decode(), "none", origin)
    assert again[b"cookie"] == seen[b"cookie"]
    assert answered == [(b"x-own", b"1")]
