"""The Explain page in Streamlit's own test runner."""

import pytest
from streamlit.testing.v1 import AppTest

from aqfusion.settings import ROOT

SECONDS = 60


@pytest.fixture
def page(monkeypatch):
    for name in ("AQFUSION_DATA", "AQFUSION_MODEL"):
        monkeypatch.delenv(name, raising=False)
    return AppTest.from_file(str(ROOT / "pages" / "explain.py"), default_timeout=SECONDS).run()


@pytest.fixture
def opened(page):
    """The page with its choices drawn."""
    page.session_state["explain_inputs"] = True
    return page.run()


def html(page) -> str:
    return " ".join(element.proto.body for element in page.get("html"))


def pictures(page) -> int:
    return len(page.get("image"))


def charts(page) -> int:
    return len(page.get("plotly_chart"))


def test_page_opens_with_everything_explained(page):
    assert not page.exception
    assert not page.error
    assert 'class="aq-number"' in html(page)
    assert charts(page) == 4
    assert pictures(page) == 2  # the photo, the map


def test_every_method_and_target_gives_a_map(page):
    for method in page.selectbox(key="explain_method").options:
        page.selectbox(key="explain_method").set_value(method).run()
        assert not page.exception, method
    for target in ("raises", "lowers", "Good", "Hazardous"):
        page.selectbox(key="explain_target").set_value(target).run()
        assert not page.exception, target
        assert pictures(page) == 2


def test_without_a_photo_all_but_the_map_is_there(opened):
    opened.button(key="preset_City day").click().run()
    opened.segmented_control(key="photo_source").set_value("None").run()
    assert not opened.exception
    assert "There is no photo, so there is no saliency map." in html(opened)
    assert charts(opened) == 4


def test_the_photo_alone_is_explained_too(opened):
    assert not opened.exception
    assert charts(opened) == 4
    assert "Based on the photo (" in html(opened)


def test_nothing_given_gets_a_friendly_sentence(opened):
    opened.segmented_control(key="photo_source").set_value("None").run()
    assert not opened.exception
    assert opened.info[0].value.startswith("There is no input yet")
    assert charts(opened) == 0


def answer(page) -> str:
    return next(
        text.value
        for text in page.markdown
        if "would need" in text.value or "already" in text.value or "No value" in text.value
    )


def test_the_search_answers_for_every_category(page):
    told = set()
    for name in page.selectbox(key="explain_reach").options:
        page.selectbox(key="explain_reach").set_value(name).run()
        assert f"**{name}**" in answer(page)
        told.add(answer(page))
    assert len(told) == 6
    assert sum("already" in text for text in told) == 1


def test_any_two_readings_can_be_changed_together(page):
    page.selectbox(key="explain_change").set_value("no2").run()
    page.selectbox(key="explain_with_no2").set_value("pm25").run()
    assert not page.exception
    assert "NO₂" in answer(page)


def test_unusable_model_gets_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("AQFUSION_MODEL", str(tmp_path / "absent"))
    page = AppTest.from_file(str(ROOT / "pages" / "explain.py"), default_timeout=SECONDS).run()
    assert not page.exception
    assert "model must be one of" in page.error[0].value
