"""Prometheus metrics of this process; their names and labels are stored elsewhere and stay.

Every label has few values: nothing that a visitor sends becomes one.
"""

import hmac
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aqfusion.settings import load_server_settings

__all__ = [
    "REGISTRY",
    "RequestMetrics",
    "answer",
    "labels_saved",
    "page_run",
    "predicted",
]

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)  # memory, CPU seconds, open files, time of start
PlatformCollector(registry=REGISTRY)
_REQUESTS = Counter(
    "aqfusion_http_requests",
    "Answered HTTP requests",
    ["route", "method", "status"],
    registry=REGISTRY,
)
_UPLOADS_REFUSED = Counter(
    "aqfusion_upload_refusals", "Refused uploads by HTTP status", ["status"], registry=REGISTRY
)
_CONNECTIONS = Gauge(
    "aqfusion_websocket_connections", "Open websocket connections", registry=REGISTRY
)
_CONNECTED = Counter(
    "aqfusion_websocket_handshakes",
    "Websocket handshakes by result",
    ["result"],
    registry=REGISTRY,
)
_PAGE_SECONDS = Histogram(
    "aqfusion_page_run_seconds",
    "Runs of a page's script and their seconds",
    ["page"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
_PREDICTIONS = Counter(
    "aqfusion_predictions",
    "Predictions shown, by version of the model and inputs that they rest on",
    ["model", "inputs"],
    registry=REGISTRY,
)
_LABELS = Counter(
    "aqfusion_labels_saved", "Acknowledged label events by kind", ["kind"], registry=REGISTRY
)


@contextmanager
def page_run(page: str) -> Iterator[None]:
    """Count a run of a page and its seconds, however it ends."""
    with _PAGE_SECONDS.labels(page).time():
        yield


def predicted(model: str, modalities: Sequence[str]) -> None:
    """Count a prediction by the model that made it and the modalities that it rests on."""
    _PREDICTIONS.labels(model, "+".join(modalities) or "nothing").inc()


def labels_saved(kind: str, number: int = 1) -> None:
    """Count events that the store has acknowledged."""
    _LABELS.labels(kind).inc(number)


_ROUTES = (
    ("/_stcore/upload_file", "upload"),
    ("/_stcore", "streamlit"),
    ("/media", "media"),
    ("/static", "static"),
    ("/component", "component"),
    ("/_stcore/bidi-components", "component"),
    ("/healthz", "health"),
    ("/readyz", "health"),
    ("/metrics", "metrics"),
    ("/sign-in", "sign-in"),
    ("/auth", "sign-in"),
    ("/oauth2callback", "sign-in"),
)
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"}


class RequestMetrics:
    """Counts every request and websocket that the server answers."""

    def __init__(self, app: ASGIApp, base: str = "") -> None:
        """Stand before `app`, which is served below the path `base`."""
        self._app, self._base = app, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass all on and count what became of it."""
        if scope["type"] == "http":
            await self._count_request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._count_websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _count_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500  # where nothing is answered, the server does it

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = self._route(scope["path"])
            _REQUESTS.labels(route, method, status).inc()
            if route == "upload" and method == "PUT" and status >= 400:
                _UPLOADS_REFUSED.labels(status).inc()

    async def _count_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_open = False

        async def watch(message: Message) -> None:
            nonlocal is_open
            await send(message)
            if message["type"] == "websocket.accept":
                is_open = True
                _CONNECTIONS.inc()
                _CONNECTED.labels("accepted").inc()

        try:
            await self._app(scope, receive, watch)
        finally:
            if is_open:
                _CONNECTIONS.dec()
            else:
                _CONNECTED.labels("refused").inc()

    def _route(self, path: str) -> str:
        below = path.removeprefix(self._base)
        return next(
            (name for start, name in _ROUTES if below == start or below.startswith(f"{start}/")),
            "page",
        )


_FORWARDED = ("forwarded", "via", "x-real-ip")
_LOOPBACK_NAMES = {"localhost", "127.0.0.1", "[::1]"}


async def answer(request: Request) -> Response:
    """Answer with all metrics: by the token of the settings, or without one on loopback only."""
    token = (await run_in_threadpool(load_server_settings)).metrics_token
    if token is not None and not _has(token, request):
        return Response("The token is needed.", 401, {"WWW-Authenticate": "Bearer"})
    if token is None and not _is_from_loopback(request):
        return Response("Set AQFUSION_METRICS_TOKEN to read metrics from elsewhere.", 403)
    content = await run_in_threadpool(generate_latest, REGISTRY)
    headers = {"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"}
    return Response(content, headers=headers)


def _has(token: str, request: Request) -> bool:
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


def _is_from_loopback(request: Request) -> bool:
    """Whether a program on this machine asks, itself and by a name of this machine.

    A proxy on this machine asks from loopback, too, whoever stands behind it; and uvicorn believes
    an X-Forwarded-For that comes from there. So whatever has been forwarded is refused.
    """
    headers = request.headers
    if any(name in _FORWARDED or name.startswith("x-forwarded") for name in headers):
        return False
    if headers.get("host", "").rsplit(":", 1)[0].lower() not in _LOOPBACK_NAMES | {"[::1]"}:
        return False
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:  # the name of a socket
        return False
