"""Back to the page from which somebody went to sign in at their provider, or signed out.

Streamlit sends everybody to the bare address after `/oauth2callback`. The browser says with
`/auth/login` which page it was on (Referer); a cookie of minutes keeps it until it comes back.
"""

import re
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["LoginReturn"]

_COOKIE = "aqfusion_return"
_SECONDS = 15 * 60  # for a password, a second factor, a new account
# A page of this app with its query; never another host, another path, or the callback again.
_PAGE = re.compile(r"[a-z]{1,30}(\?[\w.~%&=+-]{0,500})?", re.ASCII)


class LoginReturn:
    """Keeps the page before a sign-in, and sends the browser back there."""

    def __init__(self, app: ASGIApp, base: str) -> None:
        """Stand before `app`, which is served below the path `base`, "" or "/name"."""
        self._app, self._base = app, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let all through; the answers of three addresses get a cookie or another target."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(f"{self._base}/"):
            await self._app(scope, receive, send)
            return
        name = path.removeprefix(self._base)
        if name in ("/auth/login", "/auth/logout"):
            page, keeps = self._left(scope), True
        elif name == "/oauth2callback":
            page, keeps = _kept(HTTPConnection(scope).cookies.get(_COOKIE, "")), False
        else:
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and page:
                headers = MutableHeaders(scope=message)
                is_back = headers.get("location") in ("/", f"{self._base}/")
                if is_back:
                    headers["location"] = f"{self._base}/{page}"
                if keeps != is_back:  # a sign-out that needs no provider is back already
                    secure = scope.get("scheme") == "https"
                    headers.append("set-cookie", self._cookie(page if keeps else "", secure))
            await send(message)

        await self._app(scope, receive, sending)

    def _left(self, scope: Scope) -> str:
        """The page that the browser leaves, if it is one of this server."""
        headers = Headers(scope=scope)
        try:
            parts = urlsplit(headers.get("referer", ""))
        except ValueError:  # half of an IPv6 address
            return ""
        if parts.netloc != headers.get("host") or not parts.path.startswith(f"{self._base}/"):
            return ""
        page = parts.path.removeprefix(f"{self._base}/")
        return _kept(f"{page}?{parts.query}") or _kept(page) if parts.query else _kept(page)

    def _cookie(self, page: str, secure: bool) -> str:
        cookie: SimpleCookie = SimpleCookie({_COOKIE: page})
        cookie[_COOKIE]["path"] = f"{self._base}/"
        cookie[_COOKIE]["max-age"] = _SECONDS if page else 0
        cookie[_COOKIE]["httponly"] = True
        cookie[_COOKIE]["samesite"] = "lax"
        cookie[_COOKIE]["secure"] = secure
        return cookie[_COOKIE].OutputString()


def _kept(page: str) -> str:
    """The page as it may be gone to; "" for what is none."""
    return page if _PAGE.fullmatch(page) and not page.startswith("oauth") else ""
