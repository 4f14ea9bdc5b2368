"""A sign-in at a provider leads back to the page it began on, and nowhere else."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from aqfusion.server.login_return import LoginReturn

PROVIDER = "https://id.example/authorize"


def client(base: str = "", logout: str = "/", callback: str = "/", scheme: str = "http"):
    def to(where):
        return lambda request: RedirectResponse(where, 302)

    app = Starlette(
        routes=[
            Route(f"{base}/auth/login", to(PROVIDER)),
            Route(f"{base}/auth/logout", to(logout)),
            Route(f"{base}/oauth2callback", to(callback)),
            Route(f"{base}/label", to("/")),
        ],
        middleware=[Middleware(LoginReturn, base=base)],
    )
    return TestClient(app, base_url=f"{scheme}://here.example", follow_redirects=False)


def way(browser: TestClient, referer: str | None, base: str = "") -> str:
    """Sign in from a page, and where that leads after the provider."""
    headers = {} if referer is None else {"referer": referer}
    assert browser.get(f"{base}/auth/login", headers=headers).headers["location"] == PROVIDER
    return browser.get(f"{base}/oauth2callback?code=1&state=2").headers["location"]


@pytest.mark.parametrize(
    ("referer", "target"),
    [
        ("http://here.example/label", "/label"),
        ("http://here.example/label?item=7", "/label?item=7"),
        ("http://here.example/review?x=<script>", "/review"),
        ("http://here.example/", "/"),
        (None, "/"),
        ("http://here.example/oauth2callback?code=1", "/"),
        ("http://here.example//evil.example/label", "/"),
        ("http://here.example/_stcore/metrics", "/"),
        ("http://here.example/label/../../x", "/"),
        ("http://here.example/label%0d%0aX:1", "/"),
        ("https://evil.example/label", "/"),
        ("http://here.example@evil.example/label", "/"),
        ("http://[half/label", "/"),
        (f"http://here.example/label?{'x' * 600}", "/label"),
    ],
)
def test_a_sign_in_leads_back_to_a_page_of_ours_only(referer, target):
    assert way(client(), referer) == target


@pytest.mark.parametrize(
    "value", ["//evil.example", "https://evil.example", "label\\evil", "../x", "", "a" * 31]
)
def test_a_cookie_that_somebody_made_up_leads_nowhere(value):
    browser = client()
    browser.cookies.set("aqfusion_return", value)
    assert browser.get("/oauth2callback").headers["location"] == "/"


def test_the_cookie_is_of_minutes_and_goes_with_its_use():
    browser = client(scheme="https")
    response = browser.get("/auth/login", headers={"referer": "https://here.example/label"})
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("aqfusion_return=label; ")
    assert {"HttpOnly", "Max-Age=900", "Path=/", "SameSite=lax", "Secure"} <= {*cookie.split("; ")}
    assert browser.get("/oauth2callback").headers["location"] == "/label"
    assert "aqfusion_return" not in browser.cookies
    assert browser.get("/oauth2callback").headers["location"] == "/"


def test_it_works_below_a_base_path():
    browser = client("/air", callback="/air/")
    assert way(browser, "http://here.example/air/label", "/air") == "/air/label"
    assert way(browser, "http://here.example/label", "/air") == "/air/"


def test_signing_out_stays_on_the_page_with_and_without_the_provider():
    headers = {"referer": "http://here.example/label"}
    assert client().get("/auth/logout", headers=headers).headers["location"] == "/label"
    browser = client(logout="https://id.example/end")
    left = browser.get("/auth/logout", headers=headers).headers["location"]
    assert left == "https://id.example/end"
    assert browser.get("/oauth2callback").headers["location"] == "/label"


def test_other_answers_stay_as_they_are():
    browser = client(callback="https://elsewhere.example/")
    assert way(browser, "http://here.example/label") == "https://elsewhere.example/"
    assert browser.get("/label").headers["location"] == "/"
