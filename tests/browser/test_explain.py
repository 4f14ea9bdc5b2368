"""The Explain page in a real browser, with no internet."""

import io
import json

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import SCREENS

pytestmark = pytest.mark.browser

CHARTS = ".stPlotlyChart .main-svg"


def explained(visitor, query=""):
    visitor.open(f"/explain{query}")
    visitor.page.wait_for_selector(".st-key-exhibit_take_away", timeout=90_000)
    visitor.settle()


@pytest.mark.parametrize("visitor", SCREENS, indirect=True)
def test_everything_is_explained_and_nobody_outside_is_asked(visitor, request):
    explained(visitor)
    visitor.page.wait_for_selector(CHARTS)
    assert visitor.page.locator(".stPlotlyChart").count() == 4
    assert visitor.page.locator(".st-key-explain_map img").count() == 1
    assert visitor.page.locator(".aq-contender").count() == 3
    visitor.keep_screenshot(f"explain-{request.node.callspec.id}")
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert visitor.page.evaluate(wider) <= 0
    assert visitor.outside == []


def test_what_was_given_stays_from_page_to_page(visitor):
    visitor.open()
    visitor.press("Winter smog")
    slider = visitor.page.locator(".st-key-sensor_no2_value input[type=range]")
    slider.focus()
    slider.press("End")
    visitor.settle()
    before = visitor.aqi()
    visitor.press("Full explanation")
    visitor.page.wait_for_url("**/explain")
    visitor.page.wait_for_selector(".st-key-exhibit_take_away", timeout=90_000)
    visitor.settle()
    assert visitor.aqi() == before
    visitor.page.get_by_role("link", name="Predict").first.click()
    visitor.page.wait_for_selector(".st-key-sensor_no2_number input")
    visitor.settle()
    assert visitor.aqi() == before
    expect(visitor.page.locator(".st-key-sensor_no2_number input")).to_have_value("400")


def test_an_uploaded_photo_stays_until_it_is_removed(visitor):
    visitor.open()
    visitor.page.get_by_role("radio", name="Upload").click()
    visitor.settle()
    sky = io.BytesIO()
    Image.open("assets/scenes/severe-smog.jpg").save(sky, "PNG")
    visitor.page.locator("input[type=file]").set_input_files(
        {"name": "sky.png", "mimeType": "image/png", "buffer": sky.getvalue()}
    )
    visitor.page.wait_for_selector(".st-key-photo_view img")
    visitor.settle()
    with_photo = visitor.aqi()
    visitor.press("Full explanation")
    visitor.page.wait_for_selector(".st-key-explain_map img", timeout=90_000)
    visitor.settle()
    assert visitor.aqi() == with_photo
    visitor.page.get_by_role("link", name="Predict").first.click()
    visitor.page.wait_for_selector(".st-key-photo_remove button")
    visitor.settle()
    assert visitor.aqi() == with_photo
    visitor.press("Remove this photo")
    assert visitor.page.locator(".st-key-photo_view img").count() == 0


def test_readings_can_be_moved_here_too(visitor):
    explained(visitor)
    before = visitor.aqi()
    visitor.page.get_by_text("Change photo and readings").click()
    visitor.page.wait_for_selector(".st-key-sensor_pm25_value input[type=range]")
    visitor.settle()
    slider = visitor.page.locator(".st-key-sensor_pm25_value input[type=range]")
    slider.focus()
    slider.press("End")
    visitor.settle()
    assert visitor.aqi_other_than(before) > before
    visitor.page.get_by_text("Change photo and readings").click()
    visitor.settle()
    after = visitor.aqi()
    assert after > before


def test_a_link_brings_its_readings(visitor):
    visitor.open("/predict?pm25=310&no2=90")
    expect(visitor.page.locator(".st-key-sensor_pm25_number input")).to_have_value("310")
    assert "2 readings" in visitor.page.locator(".st-key-result_aqi").inner_text()


def test_a_bad_link_gets_a_sentence(visitor):
    visitor.open("/predict?pm25=<img src=x onerror=alert(1)>")
    told = visitor.page.locator("[data-testid=stAlert]").first.inner_text()
    assert "pm25 must be a number" in told
    assert "by formula" not in visitor.page.locator(".st-key-result_aqi").inner_text()


def test_the_card_and_the_report_come_down(visitor):
    explained(visitor)
    with visitor.page.expect_download(timeout=30_000) as card:
        visitor.page.locator(".st-key-take_card button").click()
    picture = Image.open(card.value.path())
    assert (picture.format, picture.width) == ("PNG", 1200)
    with visitor.page.expect_download(timeout=30_000) as report:
        visitor.page.locator(".st-key-take_report button").click()
    told = json.loads(report.value.path().read_text(encoding="utf-8"))
    assert told["prediction"]["fused"]["aqi"] == visitor.aqi()
