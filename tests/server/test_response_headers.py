"""Names that are refused, addresses that are closed, headers that every response has."""

import logging

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from aqfusion.server.response_headers import ResponseHeaders, allowed_hosts


async def _answer(_request):
    response = PlainTextResponse("here")
    response.set_cookie("first", "1")
    response.set_cookie("second", "2", secure=True, httponly=True)
    return response


def client(hosts=(), embed_on=(), address="http://aqi.example"):
    app = Starlette(routes=[Route("/{path:path}", _answer)])
    return TestClient(ResponseHeaders(app, hosts, embed_on), base_url=address)


def policy(path="/", **options):
    return client(**options).get(path).headers["content-security-policy"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("aqi.example", 200),
        ("AQI.example:8501", 200),
        ("aqi.example.", 200),
        ("localhost:8501", 200),
        ("[::1]:8501", 200),
        ("evil.example", 421),
        ("aqi.example.evil.example", 421),
        ("evil@aqi.example", 421),
        ("aqi.example:port", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
def test_only_named_hosts_are_answered(host, status):
    hosts = allowed_hosts(("aqi.example",))
    assert client(hosts).get("/", headers={"Host": host}).status_code == status


def test_a_probe_may_name_the_server_by_its_number():
    hosts = allowed_hosts(("aqi.example",))
    for path, status in {"/healthz": 200, "/readyz": 200, "/metrics": 421}.items():
        assert client(hosts).get(path, headers={"Host": "10.0.0.5"}).status_code == status


def test_a_server_that_answers_to_all_names_says_so(monkeypatch, caplog):
    monkeypatch.setattr("streamlit.config.get_option", lambda _: None)
    with caplog.at_level(logging.WARNING):
        assert allowed_hosts(()) == ()
    assert "On a public server set AQFUSION_ALLOWED_HOSTS" in caplog.text
    monkeypatch.setattr("streamlit.config.get_option", lambda _: "127.0.0.1")
    assert "localhost" in allowed_hosts(())


def test_every_response_has_its_headers():
    for response in (client().get("/"), client(("other.example",)).get("/")):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "same-origin"
        assert "camera=(self)" in response.headers["permissions-policy"]


def test_nobody_frames_a_page_but_those_who_are_named():
    assert policy().endswith("frame-ancestors 'none'")
    named = {"embed_on": ("https://a.example", "https://b.example")}
    assert policy(**named).endswith("frame-ancestors https://a.example https://b.example")
    assert policy("/component/map/index.html").endswith("frame-ancestors 'self'")


def test_no_script_of_a_page_reaches_another_site():
    sources = [part.split() for part in policy().split("; ")]
    assert not [word for part in sources for word in part if "//" in word or word == "*"]
    assert "sandbox" in policy("/media/abc.svg")


def test_cookies_are_secure_behind_https_and_stay_as_they_were_without():
    cookies = client(address="https://aqi.example").get("/").headers.get_list("set-cookie")
    assert [cookie.lower().count("secure") for cookie in cookies] == [1, 1]
    cookies = client().get("/").headers.get_list("set-cookie")
    assert [cookie.lower().count("secure") for cookie in cookies] == [0, 1]
