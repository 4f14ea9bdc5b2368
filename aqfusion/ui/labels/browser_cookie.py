"""The browser cookie: a random secret by which a browser proves that it is the same as before.

It comes with the answer to the first handshake and says nothing about the visitor. It ends with
the browser's session; whoever signs in keeps it for months, so that the next sign-in comes from a
browser that is known. No script can read it (HttpOnly).
"""

import secrets
from collections.abc import Mapping

import streamlit as st
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Message, Scope, Send
from streamlit.runtime.scriptrunner import get_script_run_ctx

from aqfusion.labels.passwords import token_digest

_NAME = "aqf_browser"
_LENGTHS = range(40, 101)
_KEPT_SECONDS = 180 * 86_400  # for whoever has signed in


def is_https(origin: str) -> bool:
    """Tell how the browser reaches the app: behind a proxy the request itself is plain HTTP."""
    return origin.startswith("https://")


def full_name(origin: str, name: str) -> str:
    """The name of a cookie, which over HTTPS no other host of the domain can set."""
    return f"__Host-{name}" if is_https(origin) else name


def with_cookie(scope: Scope, send: Send) -> tuple[Scope, Send]:
    """Return a handshake that has the cookie, and give it to a browser that had none."""
    connection = HTTPConnection(scope)
    origin = connection.headers.get("origin", "")
    if _value(connection.cookies, origin):
        return scope, send
    name, value = full_name(origin, _NAME), secrets.token_urlsafe(32)
    cookies = connection.cookies | {name: value}
    line = "; ".join(f"{key}={text}" for key, text in cookies.items()).encode("latin-1", "replace")
    headers = [pair for pair in scope["headers"] if pair[0].lower() != b"cookie"]
    response = Response()
    _set(response, origin, value, None)

    async def send_with_cookie(message: Message) -> None:
        if message["type"] == "websocket.accept":
            given = [pair for pair in response.raw_headers if pair[0] == b"set-cookie"]
            message = {**message, "headers": [*message.get("headers", []), *given]}
        await send(message)

    return {**scope, "headers": [*headers, (b"cookie", line)]}, send_with_cookie


def digest_of(scope: Scope) -> str | None:
    """Return what is kept in memory of the cookie of a request; `None` without one."""
    headers = Headers(scope=scope)
    value = _value(HTTPConnection(scope).cookies, headers.get("origin", ""))
    return token_digest(value) if value else None


def current() -> str:
    """The cookie of the connection whose script runs; "" without one."""
    if get_script_run_ctx() is None:
        return ""
    return _value(st.context.cookies, st.context.headers.get("Origin", "")) or ""


def keep(response: Response, cookies: Mapping[str, str], origin: str) -> None:
    """Let the browser of somebody who has signed in keep the cookie for months."""
    value = _value(cookies, origin)
    if value:
        _set(response, origin, value, _KEPT_SECONDS)


def _value(cookies: Mapping[str, str], origin: str) -> str | None:
    value = cookies.get(full_name(origin, _NAME), "")
    return value if len(value) in _LENGTHS else None


def _set(response: Response, origin: str, value: str, seconds: int | None) -> None:
    response.set_cookie(
        full_name(origin, _NAME),
        value,
        max_age=seconds,
        path="/",
        secure=is_https(origin),
        httponly=True,
        samesite="lax",
    )
