"""The document of every page names the style and the code of its widgets; all else is unchanged."""

import re

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from aqfusion.server import app_shell
from aqfusion.settings import ASSETS

DOCUMENT = "<html><head><title>x</title></head><body><div></div></body></html>"
BROWSER = {"Accept": "text/html,*/*;q=0.8"}


def answer(request):
    if request.url.path.endswith(".txt"):
        return PlainTextResponse(DOCUMENT)
    return HTMLResponse(DOCUMENT, headers={"ETag": "old", "Cache-Control": "no-cache"})


def client(base=""):
    app = Starlette(routes=[Route("/{path:path}", answer)])
    return TestClient(app_shell.AppShell(app, base), base_url="http://aqi.example")


@pytest.mark.parametrize("base", ["", "/air"])
def test_a_document_names_the_style_last_and_it_can_be_kept_for_ever(base):
    page = client(base).get(f"{base}/predict", headers=BROWSER)
    (name,) = re.findall(
        r'<link rel="stylesheet" href="./(style-[0-9a-f]{16}.css)"></body>', page.text
    )
    assert f'<link rel="preload" as="style" href="./{name}">' in page.text.partition("</head>")[0]
    assert "etag" not in page.headers
    style = client(base).get(f"{base}/{name}")
    assert style.headers["content-type"].startswith("text/css")
    assert "immutable" in style.headers["cache-control"]
    for path in (ASSETS / "style.css", ASSETS / "review" / "review.css"):
        assert path.read_text(encoding="utf-8") in style.text


def test_what_is_no_document_stays_as_it_is():
    assert client().get("/notes.txt", headers=BROWSER).text == DOCUMENT
    assert client().get("/predict", headers={"Accept": "*/*"}).text == DOCUMENT
    assert client().head("/predict", headers=BROWSER).headers["etag"] == "old"


def test_a_page_names_the_code_of_its_own_widgets():
    def code(page):
        return re.findall(r'modulepreload" crossorigin href="./static/js/(\w+)', page.text)

    predict = code(client().get("/predict", headers=BROWSER))
    label = code(client().get("/label", headers=BROWSER))
    assert {"Html", "Slider"} <= {*predict}
    assert {"Html", "BidiComponent"} <= {*label}
    assert "Slider" not in label
    assert "PlotlyChart" not in {*predict, *label}  # five megabytes
    assert len(predict) == len(set(predict))


def test_every_widget_that_is_named_is_one_of_streamlit():
    for names in app_shell.WIDGETS.values():
        for name in (*app_shell.COMMON, *names):
            assert app_shell.widget_code((name,)), name
