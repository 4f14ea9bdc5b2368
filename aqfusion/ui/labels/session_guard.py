"""Who may resume a session of Streamlit: only the browser that holds the cookie of its sign-in.

Streamlit lets any client that names a session's id take it over, with whoever is signed in there.
"""

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from aqfusion.errors import InputError
from aqfusion.ui.labels import cookie_route, opened, session_registry

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
    sign_in = session_registry.sign_in_of(session)
    if sign_in is None:
        return True
    connection = HTTPConnection(scope)
    try:
        store = opened.reached().sessions
        value = cookie_route.value_in(
            connection.cookies, connection.headers.get("origin", ""), store.cookie_name
        )
        return value is not None and store.holds(value, sign_in, opened.now())
    except (InputError, OSError):  # a store that does not answer proves nothing
        return False
