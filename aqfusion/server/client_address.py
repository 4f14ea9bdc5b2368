"""Whose address a request counts for: the peer's, or what a trusted proxy says it forwards for.

uvicorn believes X-Forwarded-For of every peer on the loopback, where a visitor of a laptop or of a
tunnel stands too. Here only the proxies that AQFUSION_TRUSTED_PROXIES names are believed.
"""

import logging
from collections.abc import Sequence
from contextvars import ContextVar
from ipaddress import IPv6Address, IPv6Network, ip_address

import uvicorn.config
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_log = logging.getLogger(__name__)
UNKNOWN = "unknown"
# Whose request it is that a line of the log comes from.
CURRENT: ContextVar[str] = ContextVar("aqfusion_address", default="")
_ONE_NETWORK = 64  # bits of an IPv6 address that a household or a rented server has to itself


def client_address() -> str:
    """The address whose script runs, as limits count it; "unknown" without a browser."""
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return UNKNOWN
    client = runtime.get_instance().get_client(context.session_id)
    about = client.client_context if client is not None else None
    return counted_address(about.remote_ip if about is not None else None)


def address_of(scope: Scope) -> str:
    """The address of a request or a websocket, as limits count it."""
    client = scope.get("client")
    return counted_address(client[0] if client else None)


def counted_address(host: str | None) -> str:
    """An IPv4 address itself, an IPv6 address as its network of 64 bits.

    >>> counted_address("2001:db8:1:2:3:4:5:6"), counted_address("::ffff:192.0.2.1")
    ('2001:db8:1:2::/64', '192.0.2.1')
    """
    try:
        address = ip_address((host or "").split("%")[0])
    except ValueError:
        return UNKNOWN
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:  # how a socket for both kinds names IPv4
        return str(address.ipv4_mapped)
    return str(IPv6Network((address, _ONE_NETWORK), strict=False))


def middleware(trusted_proxies: Sequence[str]) -> Middleware:
    """Return what puts the client's address into each request, and take uvicorn's own out."""
    vars(uvicorn.config)["ProxyHeadersMiddleware"] = _without_proxies
    return Middleware(ForwardedAddress, trusted_proxies=trusted_proxies)


def _without_proxies(app: ASGIApp, trusted_hosts: object) -> ASGIApp:
    return app


class ForwardedAddress:
    """Sets `client` and `scheme` of a request by uvicorn's rules for the proxies that are named."""

    def __init__(self, app: ASGIApp, trusted_proxies: Sequence[str]) -> None:
        """Stand before `app`; addresses and networks of `trusted_proxies` are believed."""

        async def for_client(scope: Scope, receive: Receive, send: Send) -> None:
            CURRENT.set(address_of(scope))
            await app(scope, receive, send)

        self._app = ProxyHeadersMiddleware(for_client, trusted_hosts=list(trusted_proxies))  # type: ignore[arg-type]
        self._was_logged = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass all on; a header that is not believed changes nothing and is logged once."""
        if scope["type"] != "lifespan" and scope.get("client"):
            host, port = scope["client"]
            plain = counted_address(host)
            scope = {**scope, "client": (plain if ":" not in plain else host, port)}
            self._log_stranger(scope)
        await self._app(scope, receive, send)  # type: ignore[arg-type]

    def _log_stranger(self, scope: Scope) -> None:
        if self._was_logged or scope["client"][0] in self._app.trusted_hosts:
            return
        if "x-forwarded-for" in Headers(scope=scope):
            self._was_logged = True
            _log.warning(
                "%s forwards requests but is not in AQFUSION_TRUSTED_PROXIES: all that come by it "
                "count as one address. If it is your proxy, name it there.",
                scope["client"][0],
            )
