"""Where a browser fetches its sign-in cookie: by a code that lives for a minute and serves once.

The cookie can be read by no script (HttpOnly), comes with no request that another site sends but
for a plain link (SameSite=Lax), and over HTTPS only over HTTPS, from this host alone (__Host-).
"""

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from streamlit import config

from aqfusion.errors import InputError
from aqfusion.labels.sign_in_sessions import Cookie
from aqfusion.ui.labels import opened

_LONGEST_BODY = 500
_NO_STORE = {"Cache-Control": "no-store"}


def path() -> str:
    """Return the address, below the base path that Streamlit is served at."""
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}/sign-in/cookie" if base else "/sign-in/cookie"


def value_in(cookies: Mapping[str, str], origin: str, name: str) -> str | None:
    """Return the sign-in cookie of a request from a page at `origin`, if it has one."""
    return cookies.get(_full_name(origin, name))


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
    sessions, now = opened.reached().sessions, opened.now()
    origin = request.headers.get("origin", "")
    name = _full_name(origin, sessions.cookie_name)
    response = Response(status_code=204, headers=_NO_STORE)
    cookie = sessions.redeem(code, now) if code else None
    if code and cookie is None:
        return Response("Code must be a new one, got one used, expired or unknown.", 403, _NO_STORE)
    old = request.cookies.get(name)
    if cookie is None and (old is None or sessions.by_cookie(old, now) is not None):
        return response  # nothing to take away
    new_cookie = cookie or Cookie("", 0)
    response.set_cookie(
        name,
        new_cookie.value,
        max_age=new_cookie.seconds,
        path="/",
        secure=_is_https(origin),
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


def _is_https(origin: str) -> bool:
    # The browser says it: behind a proxy the request itself comes by plain HTTP.
    return origin.startswith("https://")


def _full_name(origin: str, name: str) -> str:
    return f"__Host-{name}" if _is_https(origin) else name
