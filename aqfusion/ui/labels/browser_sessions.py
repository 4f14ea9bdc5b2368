"""Whom a browser session belongs to, and who may resume it: only the browser that signed in.

A session's id stands in addresses and log lines, so here it is a name and never proves anything.

Streamlit lets any client that names a session's id take it over, with whoever is signed in there.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from aqfusion.errors import InputError
from aqfusion.labels.leases import Tab
from aqfusion.permissions import Actor
from aqfusion.ui.labels import flash, sign_in_cookie, store_session

_MOST = 20_000  # sessions that are remembered; the oldest goes first
_lock = Lock()
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
            _sign_ins[session] = sign_in
            while len(_sign_ins) > _MOST:
                _sign_ins.popitem(last=False)


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
        _tabs[name] = session
        _tabs.move_to_end(name)
        while len(_tabs) > _MOST:
            _tabs.popitem(last=False)
    return Tab(name, _is_open)


def _is_open(name: str) -> bool:
    """Whether a tab of this process is connected; those of other processes count as closed."""
    with _lock:
        session = _tabs.get(name)
    return (
        session is not None and _is_served() and runtime.get_instance().is_active_session(session)
    )


def _session_id() -> str | None:
    context = get_script_run_ctx()
    return context.session_id if context is not None and _is_served() else None


def _is_served() -> bool:
    """Whether a server runs here: Streamlit's test runner gives all its pages one session."""
    return runtime.exists() and type(runtime.get_instance()) is runtime.Runtime


PLACE = "account"  # where the card for signing in tells what went wrong
_ACTOR = "account_actor"


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


def enter(way: Callable[[], Actor]) -> bool:
    """Sign in by `way`, for this tab and for the next; a refusal is shown."""

    def work() -> None:
        actor, code = store_session.reached().sessions.begin(way(), store_session.now())
        remember(actor)
        sign_in_cookie.hand_over(code)

    return flash.run_with_flash(PLACE, work)


_PROTOCOLS = b"sec-websocket-protocol"


class SessionGuard:
    """Takes the session's id out of a handshake that does not prove to be its owner's."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let all through; a stranger gets a session of their own."""
        if scope["type"] == "websocket":
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
