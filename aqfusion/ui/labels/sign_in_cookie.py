"""The sign-in cookie: fetched by a code that serves once, read at the handshake.

The cookie can be read by no script (HttpOnly), comes with no request that another site sends but
for a plain link (SameSite=Lax), and over HTTPS only over HTTPS, from this host alone (__Host-).
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from aqfusion.errors import InputError
from aqfusion.labels.sign_in_sessions import CODE_LASTS, Cookie
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor
from aqfusion.server.reach import base_path
from aqfusion.ui.labels import browser_cookie, store_session
from aqfusion.ui.labels.browser_cookie import full_name, is_https

_LONGEST_BODY = 500
_NAME = re.compile(r"(__Host-)?aqfusion_[0-9a-f]{8}")
_NO_STORE = {"Cache-Control": "no-store"}


def path() -> str:
    """Return the address, below the base path that Streamlit is served at."""
    return f"{base_path()}/sign-in/cookie"


def value_in(cookies: Mapping[str, str], origin: str, name: str) -> str | None:
    """Return the sign-in cookie of a request from a page at `origin`, if it has one."""
    return cookies.get(full_name(origin, name))


def is_sent(cookies: Mapping[str, str]) -> bool:
    """Whether one of them has the form of a sign-in cookie; asks no store whether it is valid."""
    return any(_NAME.fullmatch(name) for name in cookies)


async def answer(request: Request) -> Response:
    """Hand out the cookie for a code, or take a cookie away whose sign-in has ended."""
    if not _is_own_page(request):
        return Response("This address serves the app's own pages only.", 403, _NO_STORE)
    try:
        code = _code_in(await _body(request))
    except ValueError as error:
        return Response(str(error), 400, _NO_STORE)
    try:
        return await run_in_threadpool(_exchange, request, code)
    except (InputError, OSError):
        return Response("The label store does not answer.", 503, _NO_STORE)


def _exchange(request: Request, code: str) -> Response:
    sessions, now = store_session.reached().sessions, store_session.now()
    origin = request.headers.get("origin", "")
    name = full_name(origin, sessions.cookie_name)
    response = Response(status_code=204, headers=_NO_STORE)
    cookie = sessions.redeem(code, now) if code else None
    if code and cookie is None:
        return Response("This code is used, expired or unknown. Sign in again.", 403, _NO_STORE)
    old = request.cookies.get(name)
    if cookie is None and (old is None or sessions.by_cookie(old, now) is not None):
        return response  # nothing to take away
    if cookie is not None:
        browser_cookie.keep(response, request.cookies, origin)
    new_cookie = cookie or Cookie("", 0)
    response.set_cookie(
        name,
        new_cookie.value,
        max_age=new_cookie.seconds,
        path="/",
        secure=is_https(origin),
        httponly=True,
        samesite="lax",
    )
    return response


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_BODY:
            raise ValueError(f"Body must have at most {_LONGEST_BODY} bytes, got more.")
    return body


def _code_in(body: bytes) -> str:
    try:
        content = json.loads(body)
        code = content["code"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError("Body must be JSON with a code, got another.") from error
    if not isinstance(code, str):
        raise ValueError("Code must be text, got another.")
    return code


def _is_own_page(request: Request) -> bool:
    """Tell our pages from others': no other site can send JSON here, or hide where it is."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        return False
    site = request.headers.get("sec-fetch-site")  # only over HTTPS and on localhost
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", ""))
    return bool(origin.netloc) and origin.netloc == request.headers.get("host")


_CODE = "account_cookie_code"
# Runs once for each code: the same script in a later run is not run again.
_FETCH = """<script>
fetch({path}, {{method: "POST", credentials: "same-origin", cache: "no-store",
  headers: {{"Content-Type": "application/json"}}, body: JSON.stringify({{code: {code}}})}});
</script>"""


def holder(store: LabelStore) -> Actor | None:
    """Whom the cookie of this tab's connection belongs to, if its sign-in goes on."""
    value = _value(store)
    return store.sessions.by_cookie(value, store_session.now()) if value else None


def sign_in(store: LabelStore) -> int | None:
    """The sign-in that the cookie of this tab's connection is of, if it goes on."""
    value = _value(store)
    return store.sessions.sign_in_of(value, store_session.now()) if value else None


def hand_over(code: str) -> None:
    """Let the browser fetch the cookie when the page is drawn next."""
    st.session_state[_CODE] = (code, store_session.now() + CODE_LASTS)


def take_away() -> None:
    """Let the browser forget the cookie of a sign-in that has ended."""
    hand_over("")


def draw() -> None:
    """Draw what fetches the cookie, as long as its code may still be on the way."""
    kept: tuple[str, datetime] | None = st.session_state.get(_CODE)
    if kept is None:
        return
    code, until = kept
    if store_session.now() > until:
        st.session_state.pop(_CODE, None)
        return
    script = _FETCH.format(path=json.dumps(path()), code=json.dumps(code))
    with st.container(key="account_cookie"):
        st.html(script, unsafe_allow_javascript=True)


def _value(store: LabelStore) -> str | None:
    origin = st.context.headers.get("Origin", "")
    return value_in(st.context.cookies, origin, store.sessions.cookie_name)
