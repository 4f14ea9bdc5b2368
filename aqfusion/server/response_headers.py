"""Which requests are answered at all, and what every response tells the browser not to do."""

import logging
import re
from collections.abc import Sequence
from functools import cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

_log = logging.getLogger(__name__)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PROBED = re.compile(r"/(healthz|readyz)$")  # by balancers, which name the server by its number
# What Streamlit tells of other visitors, and its interface for programs, which nothing here needs.
_CLOSED = re.compile(r"/_stcore/(metrics|agent|script-health-check)(/|$)")
_TILES = "https://tile.openstreetmap.org"  # streets of the map, only once a visitor asks for them
# Streamlit runs scripts of ours inside the page, and charts are compiled in the browser: hence
# 'unsafe-inline' and 'unsafe-eval'. What is left to an attacker's script has nowhere to send to.
_PAGE = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "media-src 'self' data: blob:; worker-src 'self' blob:; connect-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; "
)
# A component is a document of its own in a frame; the map brings its scripts as data: URLs.
_COMPONENT = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; "
    f"img-src 'self' data: blob: {_TILES}; object-src 'none'; base-uri 'self'; "
)
# What visitors gave lies here: opened by itself it runs nothing.
_MEDIA = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; "
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
}


def allowed_hosts(named: Sequence[str]) -> tuple[str, ...]:
    """The names that the server answers to; none means any."""
    if named:
        return (*_LOOPBACK, *(name.lower().strip("[]").rstrip(".") for name in named))
    address = str(config.get_option("server.address") or "").strip("[]")
    if address in _LOOPBACK:
        return _LOOPBACK
    _log.warning(
        "The server answers to any name. On a public server set AQFUSION_ALLOWED_HOSTS to its own."
    )
    return ()


class ResponseHeaders:
    """Refuses names that are not the server's, closes what is nobody's business, adds headers."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str], embed_on: Sequence[str]) -> None:
        """Answer to `hosts`, to all where there are none; sites of `embed_on` may frame pages."""
        self._app, self._hosts, self._embed_on = app, frozenset(hosts), " ".join(embed_on)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is refused; all else is the app's."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                self._add(scope, MutableHeaders(raw=message["headers"]))
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, with_headers)
        else:
            await refusal(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        host = Headers(scope=scope).get("host", "")
        is_named = not self._hosts or _is_one_of(host, self._hosts)
        if not is_named and not _PROBED.search(scope["path"]):
            _log.warning("A request for %.100r was refused: see AQFUSION_ALLOWED_HOSTS.", host)
            sentence = "This server does not answer to that name (setting AQFUSION_ALLOWED_HOSTS)."
            return PlainTextResponse(sentence, 421)
        if _CLOSED.search(scope["path"]):
            return PlainTextResponse("Not Found", 404)
        return None

    def _add(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, value in _ALWAYS.items():
            headers.setdefault(name, value)
        kind = _kind(scope["path"])
        headers.setdefault("Content-Security-Policy", _policy(kind, self._embed_on))
        # The servers of the map's streets answer only to a browser that says which site asks.
        referrer = "strict-origin-when-cross-origin" if kind == "component" else "same-origin"
        headers.setdefault("Referrer-Policy", referrer)
        if scope["scheme"] in {"https", "wss"}:
            cookies = headers.getlist("set-cookie")
            del headers["set-cookie"]
            for cookie in cookies:
                is_secure = "secure" in {part.strip().lower() for part in cookie.split(";")}
                headers.append("set-cookie", cookie if is_secure else f"{cookie}; Secure")


def _is_one_of(host: str, names: frozenset[str]) -> bool:
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname, parts.port
    except ValueError:  # no port, or half of an IPv6 address
        return False
    return parts.netloc == host and "@" not in host and (name or "").rstrip(".") in names


def _kind(path: str) -> str:
    if "/component/" in path:
        return "component"
    return "media" if "/media/" in path else "page"


@cache
def _policy(kind: str, embed_on: str) -> str:
    if kind == "component":
        return f"{_COMPONENT}frame-ancestors 'self' {embed_on}".rstrip()
    ancestors = embed_on or "'none'"
    return f"{_MEDIA if kind == 'media' else _PAGE}frame-ancestors {ancestors}"
