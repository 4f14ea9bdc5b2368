"""Whom a browser session belongs to, and who may resume it: only the browser that began it.

A session's id stands in addresses and log lines, so here it is a name and never proves anything.

Streamlit lets any client that names a session's id take it over, with whoever is signed in there
and with the photos and readings of whoever is not.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from aqfusion.errors import InputError
from aqfusion.labels.leases import Tab
from aqfusion.labels.passwords import token_digest
from aqfusion.labels.sign_in_limits import Client
from aqfusion.permissions import Actor
from aqfusion.server.client_address import client_address
from aqfusion.server.reach import is_served
from aqfusion.ui.labels import browser_cookie, flash, sign_in_cookie, store_session

Value = TypeVar("Value")
_MOST = 20_000  # sessions that are remembered; the oldest goes first
_lock = Lock()
_browsers: OrderedDict[str, str] = OrderedDict()
_sign_ins: OrderedDict[str, int] = OrderedDict()
_tabs: OrderedDict[str, str] = OrderedDict()


def bind(sign_in: int | None) -> None:
    """The session of the script that runs belongs to this sign-in from now on, or to none."""
    session = _session_id()
    if session is None:
        return
    with _lock:
        _sign_ins.pop(session, None)
        if sign_in is not None:
            _keep(_sign_ins, session, sign_in)


def begin_run() -> None:
    """Bind the session to the browser whose script runs; in another one it begins anew.

    That a stranger comes this far is what `SessionGuard` prevents.
    """
    session = _session_id()
    if session is None:
        return
    digest = token_digest(browser_cookie.current())
    if st.session_state.get(_BROWSER, digest) != digest:
        st.session_state.clear()
        bind(None)
    st.session_state[_BROWSER] = digest
    with _lock:
        _keep(_browsers, session, digest)


def is_browser_of(scope: Scope, session: str) -> bool:
    """Whether a request comes from the browser that a session is bound to."""
    with _lock:
        digest = _browsers.get(session)
    return digest is not None and digest == browser_cookie.digest_of(scope)


def sign_in_of(session: str) -> int | None:
    """The sign-in that a session belongs to."""
    with _lock:
        return _sign_ins.get(session)


def is_empty() -> bool:
    """Whether nobody has signed in in this process."""
    with _lock:
        return not _sign_ins


def tab() -> Tab:
    """The tab in which the script runs; a reload makes it another one."""
    session = _session_id()
    if session is None:
        return Tab("", _is_open)
    name = hashlib.sha256(session.encode()).hexdigest()[:32]
    with _lock:
        _keep(_tabs, name, session)
    return Tab(name, _is_open)


def _is_open(name: str) -> bool:
    """Whether a tab of this process is connected; those of other processes count as closed."""
    with _lock:
        session = _tabs.get(name)
    return session is not None and is_served() and runtime.get_instance().is_active_session(session)


def _keep(kept: OrderedDict[str, Value], name: str, value: Value) -> None:
    """Under the lock."""
    kept[name] = value
    kept.move_to_end(name)
    while len(kept) > _MOST:
        kept.popitem(last=False)


def _session_id() -> str | None:
    context = get_script_run_ctx()
    return context.session_id if context is not None and is_served() else None


PLACE = "account"  # where the card for signing in tells what went wrong
OWN_ACCOUNT = "account_own"  # where a signed-in person is told of their own account
_ACTOR, _BROWSER = "account_actor", "account_browser"


def signed_in_actor() -> Actor | None:
    """Who has signed in in this session, as they were then."""
    actor: Actor | None = st.session_state.get(_ACTOR)
    return actor


def remember(actor: Actor) -> None:
    """The session is this person's from now on."""
    st.session_state[_ACTOR] = actor
    bind(actor.sign_in)


def forget() -> None:
    """The session is nobody's."""
    st.session_state.pop(_ACTOR, None)
    bind(None)


def enter(way: Callable[[], Actor], detail: str = "PIN") -> bool:
    """Sign in by `way`, for this tab and for the next; a refusal is shown."""
    return flash.run_with_flash(PLACE, lambda: remember(begun(way(), detail)))


def begun(actor: Actor, detail: str) -> Actor:
    """Keep a sign-in in the store and let the browser fetch its cookie."""
    browser, now = browser_cookie.current(), store_session.now()
    actor, code = store_session.reached().sessions.begin(actor, now, browser, detail)
    sign_in_cookie.hand_over(code)
    return actor


def client() -> Client:
    """Where a try to sign in comes from."""
    return Client(client_address(), browser_cookie.current())


_PROTOCOLS = b"sec-websocket-protocol"


class SessionGuard:
    """Takes the session's id out of a handshake that does not prove to be its owner's."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let all through; a stranger gets a session of their own."""
        if scope["type"] == "websocket":
            scope, send = browser_cookie.with_cookie(scope, send)
            parts = _protocols(scope)
            if len(parts) > 2 and not await run_in_threadpool(_may_resume, scope, parts[2]):
                kept = ", ".join(parts[:2]).encode("latin-1")
                headers = [pair for pair in scope["headers"] if pair[0].lower() != _PROTOCOLS]
                scope = {**scope, "headers": [*headers, (_PROTOCOLS, kept)]}
        await self._app(scope, receive, send)


def _protocols(scope: Scope) -> list[str]:
    header = Headers(scope=scope).get(_PROTOCOLS.decode(), "")
    return [part.strip() for part in header.split(",")]


def _may_resume(scope: Scope, session: str) -> bool:
    if not is_browser_of(scope, session):
        return False
    sign_in = sign_in_of(session)
    if sign_in is None:
        return True
    connection = HTTPConnection(scope)
    try:
        store = store_session.reached().sessions
        value = sign_in_cookie.value_in(
            connection.cookies, connection.headers.get("origin", ""), store.cookie_name
        )
        return value is not None and store.sign_in_of(value, store_session.now()) == sign_in
    except (InputError, OSError):  # a store that does not answer proves nothing
        return False
