"""Metrics count what happens, and answer only those who may read them."""

import asyncio
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from aqfusion.server import metrics
from aqfusion.server.metrics import REGISTRY, RequestMetrics
from aqfusion.settings import SettingsError, load_server_settings

TOKEN = "a-token-of-enough-letters"


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture
def token(monkeypatch, tmp_path):
    monkeypatch.setenv("AQFUSION_METRICS_TOKEN", TOKEN)


@pytest.fixture(autouse=True)
def _no_token(monkeypatch):
    monkeypatch.delenv("AQFUSION_METRICS_TOKEN", raising=False)


def ask(client: str = "127.0.0.1", host: str = "127.0.0.1:8501", **headers: str | bytes):
    app = Starlette(routes=[Route("/metrics", metrics.answer)])
    named = {name.replace("_", "-").encode(): text for name, text in headers.items()}
    return TestClient(app, f"http://{host}", client=(client, 4000)).get("/metrics", headers=named)


def test_loopback_reads_all():
    response = ask()
    assert response.status_code == 200
    assert "process_resident_memory_bytes" in response.text
    assert ask(client="::1", host="[::1]:8501").status_code == 200
    assert ask(host="localhost").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"client": "192.0.2.7"},
        {"client": "testclient"},
        {"x_forwarded_for": "127.0.0.1"},  # what anybody can send through a proxy on this machine
        {"x_forwarded_proto": "https"},
        {"forwarded": "for=127.0.0.1"},
        {"x_real_ip": "127.0.0.1"},
        {"via": "1.1 somebody"},
        {"host": "aqfusion.example"},  # a proxy that adds no header, or a name that was rebound
        {"host": "127.0.0.1.example"},
        {"host": "localhost.example:8501"},
    ],
)
def test_nobody_else_does_without_a_token(headers):
    response = ask(**headers)
    assert response.status_code == 403
    assert "process_" not in response.text


def test_a_token_opens_them_from_anywhere_and_nothing_else_does(token):
    good = f"Bearer {TOKEN}"
    assert ask("192.0.2.7", "app", authorization=good, x_forwarded_for="1.2.3.4").status_code == 200
    for wrong in (
        "",
        "Bearer",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Basic {TOKEN}",
        TOKEN,
    ):
        assert ask(authorization=wrong).status_code == 401
    assert ask("127.0.0.1", authorization="Bearer é".encode()).status_code == 401


@pytest.mark.parametrize("bad", ["short", "with a space between its words", "é" * 20])
def test_a_token_that_is_easy_to_guess_is_refused(bad):
    with pytest.raises(SettingsError, match="AQFUSION_METRICS_TOKEN must have at least 16"):
        load_server_settings({"AQFUSION_METRICS_TOKEN": bad}, Path("/none"))


def test_printed_settings_do_not_show_it():
    settings = load_server_settings({"AQFUSION_METRICS_TOKEN": TOKEN}, Path("/none"))
    assert settings.metrics_token == TOKEN
    assert TOKEN not in repr(settings)


async def page(request: Request) -> Response:
    if request.url.path == "/broken":
        raise RuntimeError("planted")
    return PlainTextResponse("no", 413 if request.method == "PUT" else 200)


async def stream(websocket: WebSocket) -> None:
    if websocket.query_params.get("no"):
        await websocket.close()
        return
    await websocket.accept()
    await websocket.receive_text()


APP = Starlette(
    routes=[
        WebSocketRoute("/air/_stcore/stream", stream),
        Route("/{path:path}", page, methods=["GET", "PUT", "PROPFIND"]),
    ],
    middleware=[Middleware(RequestMetrics, base="/air")],
)


def test_requests_are_counted_by_route_method_and_status_and_nothing_of_the_visitor():
    client = TestClient(APP, raise_server_exceptions=False)
    name = "aqfusion_http_requests_total"
    before = value(name, route="page", method="GET", status="200")
    refused = value("aqfusion_upload_refusals_total", status="413")
    for path in ("/air/predict?pm25=12", "/air/any/thing", "/nothing"):
        client.get(path)
    client.put("/air/_stcore/upload_file/session/file")
    client.request("PROPFIND", "/air/media/x")
    client.get("/broken")
    assert value(name, route="page", method="GET", status="200") - before == 3
    assert value("aqfusion_upload_refusals_total", status="413") - refused == 1
    assert value(name, route="media", method="other", status="200") >= 1
    assert value(name, route="page", method="GET", status="500") >= 1
    text = ask().text
    assert "any/thing" not in text
    assert "pm25" not in text


def test_open_websockets_are_told_from_closed_ones():
    client = TestClient(APP)
    name = "aqfusion_websocket_connections"
    before, refused = value(name), value("aqfusion_websocket_handshakes_total", result="refused")
    with client.websocket_connect("/air/_stcore/stream") as one:
        with client.websocket_connect("/air/_stcore/stream") as two:
            assert value(name) - before == 2
            two.send_text("bye")
        with (
            pytest.raises(WebSocketDisconnect),
            client.websocket_connect("/air/_stcore/stream?no=1"),
        ):
            pass
        one.send_text("bye")
    assert value(name) == before
    assert value("aqfusion_websocket_handshakes_total", result="refused") - refused == 1


def test_a_page_counts_its_seconds_even_where_it_is_stopped():
    name = "aqfusion_page_run_seconds_count"
    before = value(name, page="predict")
    with pytest.raises(asyncio.CancelledError), metrics.page_run("predict"):
        raise asyncio.CancelledError
    assert value(name, page="predict") - before == 1


def test_predictions_and_labels_count_by_what_they_are():
    metrics.predicted("v0001 0123456789ab", ("image", "sensors"))
    metrics.labels_saved("answer", 3)
    labels = {"model": "v0001 0123456789ab", "inputs": "image+sensors"}
    assert value("aqfusion_predictions_total", **labels) == 1
    assert value("aqfusion_labels_saved_total", kind="answer") >= 3
