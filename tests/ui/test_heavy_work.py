"""Where the server is too busy for heavy work, a page says so, also within its fragments."""

import ast

import pytest
from streamlit.testing.v1 import AppTest

from aqfusion import fair_queue
from aqfusion.settings import ROOT
from aqfusion.ui import cached_models, haze_view

BUSY = "The server is busy: 0 others wait already"
CACHES = (
    *("_heat_map", "_marked", "_haze_evidence", "_embedding", "_extinctions"),
    "_at",
)


@pytest.fixture
def busy(monkeypatch):
    """Make the queue refuse everybody, and forget what was computed before."""

    def begin() -> None:
        for name in CACHES:
            getattr(cached_models, name).clear()
        haze_view._examples.clear()
        monkeypatch.setattr(fair_queue, "MOST_OF_ADDRESS", 0)

    yield begin
    monkeypatch.undo()


def warnings(page: AppTest) -> list[str]:
    return [each.value for each in page.warning if each.value.startswith(BUSY)]


def test_a_fragment_says_that_the_server_is_busy(busy, monkeypatch):
    page = AppTest.from_file(str(ROOT / "pages" / "explain.py"), default_timeout=60).run()
    assert not page.exception
    cached_models._heat_map.clear()
    monkeypatch.setattr(fair_queue, "MOST_OF_ADDRESS", 0)
    page.run()
    assert not page.exception
    assert len(warnings(page)) == 1
    assert page.button(key="busy_again_map").label == "Try again"
    assert len(page.subheader) > 4  # the rest of the page is there
    monkeypatch.undo()
    page.button(key="busy_again_map").click().run()
    assert (page.exception, warnings(page)) == ([], [])


def test_a_page_says_that_the_server_is_busy(busy):
    busy()
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.run()
    page.switch_page("pages/predict.py").run()
    assert not page.exception
    assert len(warnings(page)) == 1
    assert page.button(key="busy_again_page").label == "Try again"


def test_every_fragment_and_dialog_can_say_so():
    files = [*(ROOT / "aqfusion" / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
    seen, silent = 0, []
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            words = [ast.unparse(decorator) for decorator in node.decorator_list]
            if words and words[0].startswith(("st.fragment", "st.dialog")):
                seen += 1
                if not any(word.startswith("heavy_work.shown_busy(") for word in words[1:]):
                    silent.append(f"{file.relative_to(ROOT)}: {node.name}")
    assert silent == []
    assert seen >= 8
