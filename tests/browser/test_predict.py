"""The Predict page in a real browser, with no internet."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from aqfusion.load_test.app_client import AppClient
from aqfusion.model.predictor import load_model
from aqfusion.synthetic_scenes import scenes
from tests.browser.conftest import RESULT, SCREENS

pytestmark = pytest.mark.browser


def jpeg(colour, size=(640, 480)):
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "JPEG")
    return stream.getvalue()


def test_a_moved_slider_runs_its_row_and_what_depends_on_it(server):
    with AppClient(server) as tab:
        tab.open("predict")
        whole = len(tab.drawn())
        for key, value in (("value", 80.0), ("number", 90.0), ("on", False)):
            tab.change(f"sensor_pm25_{key}", value)
            # the row, the sentence above it, and three cards of one piece of HTML each
            row = {f"sensor_pm25_{part}" for part in ("on", "value", "number")}
            assert sorted(tab.drawn()) == sorted([*row, "markdown", *["html"] * 3]), key
        assert whole > 5 * len(tab.drawn())
        tab.press("preset_City day")
        assert len(tab.drawn()) == whole
        assert tab.errors == []
        tab.change("photo_source", ":material/block: None")
        tab.press("readings_off")
        assert "There is no input yet" in " ".join(tab.alerts())
        tab.change("sensor_pm25_value", 70.0)  # now there is an answer, and so another page
        assert not tab.alerts()
        assert tab.has("sensor_pm25_value")
        assert tab.errors == []


@pytest.mark.parametrize("visitor", SCREENS, indirect=True)
def test_page_shows_a_prediction_at_once_and_asks_nobody_outside(visitor, request):
    visitor.open("/predict")
    assert 0 <= visitor.aqi() <= 500
    visitor.keep_screenshot(f"predict-{request.node.callspec.id}")
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert visitor.page.evaluate(wider) <= 0
    assert visitor.outside == []


def test_bare_address_leads_to_the_predict_page(visitor):
    visitor.open("/")
    assert visitor.page.url.endswith("/predict")


def colour_of(visitor, name):
    """The colour of a number as the browser paints it; that of one that is off has no body."""
    number = visitor.page.locator(f".st-key-sensor_{name}_number input")
    return number.evaluate("input => getComputedStyle(input).color")


def move(visitor, name, key="End"):
    slider = visitor.page.locator(f".st-key-sensor_{name}_value input[type=range]")
    slider.focus()
    slider.press(key)
    visitor.settle()


def test_the_photo_alone_comes_first_and_a_reading_that_is_off_is_seen_to_be(visitor):
    visitor.open()
    result = visitor.page.locator(".st-key-result_aqi").inner_text()
    assert "by formula" not in result
    assert {colour_of(visitor, name) for name in ("pm25", "co")} == {"rgba(0, 0, 0, 0)"}
    move(visitor, "pm25")
    visitor.page.locator(".st-key-sensor_pm25_on input:checked").wait_for(state="attached")
    assert colour_of(visitor, "pm25") != "rgba(0, 0, 0, 0)"
    assert colour_of(visitor, "co") == "rgba(0, 0, 0, 0)"
    assert "US AQI by formula" in visitor.page.locator(".st-key-result_aqi").inner_text()


def test_slider_moves_number_and_result(visitor):
    visitor.open()
    before = visitor.aqi()
    move(visitor, "pm25")
    expect(visitor.page.locator(".st-key-sensor_pm25_number input")).to_have_value("500")
    assert visitor.aqi_other_than(before) > before


def test_the_standard_stays_over_pages_and_a_reload(visitor):
    visitor.open()
    visitor.page.get_by_role("radio", name="India AQI").click()
    visitor.press("City day")
    assert "India AQI by formula" in visitor.page.locator(".st-key-result_aqi").inner_text()
    visitor.press("Full explanation")
    visitor.page.wait_for_url("**/explain")
    visitor.page.get_by_role("link", name="Predict").first.click()
    visitor.page.wait_for_url("**/predict?formula=india")
    visitor.page.reload()
    visitor.page.wait_for_selector(RESULT)
    visitor.settle()
    visitor.press("City day")
    assert "India AQI by formula" in visitor.page.locator(".st-key-result_aqi").inner_text()


def whole(visitor):
    """Wait until the photo, which the browser asks for last, has its place."""
    visitor.page.wait_for_function(
        "() => document.querySelector('.st-key-photo_view img')?.clientHeight > 200"
    )
    visitor.page.wait_for_selector(".st-key-why_map img")
    visitor.settle()


SIZES = {"wide": (1440, 900), "tablet": (1024, 768), "phone": (390, 844)}
SIZED = [
    pytest.param(
        {"viewport": {"width": width, "height": height}},
        id=name,
        marks=[pytest.mark.long] if name == "tablet" else [],
    )
    for name, (width, height) in SIZES.items()
]


@pytest.mark.parametrize("visitor", SIZED, indirect=True)
def test_number_and_slider_are_in_one_view_while_one_moves_it(visitor):
    visitor.open()
    whole(visitor)
    window = visitor.page.viewport_size
    for name in ("pm25", "pm10", "o3", "co", "so2", "no2"):
        slider = visitor.page.locator(f".st-key-sensor_{name}_value .stSlider")
        slider.evaluate("one => one.scrollIntoView({block: 'center'})")
        move(visitor, name, "ArrowRight")
        strip = visitor.page.locator(".aq-strip strong")
        number = strip if strip.is_visible() else visitor.page.locator(RESULT)
        assert number.inner_text() == str(visitor.aqi())
        seen, moved = number.bounding_box(), slider.bounding_box()
        for box in (seen, moved):
            assert box["y"] >= 0, name
            assert box["y"] + box["height"] <= window["height"], name
        # and nothing lies over either of them
        for one in (number, slider):
            assert one.evaluate(
                """one => {
                    const box = one.getBoundingClientRect();
                    const top = document.elementFromPoint(
                        box.x + box.width / 2, box.y + box.height / 2);
                    return one.contains(top) || top.contains(one);
                }"""
            ), name


@pytest.mark.parametrize("visitor", SIZED, indirect=True)
def test_nine_scenes_give_nine_haze_scores(visitor):
    if load_model().checkpoint.config.sites is None:
        pytest.skip("the shipped model knows no haze ranks yet")
    visitor.open()
    told = {}
    for scene in scenes():
        visitor.page.get_by_role("radio", name=scene.title).check(force=True)
        visitor.settle()
        score = int(visitor.page.locator(".aq-score").evaluate("e => e.firstChild.textContent"))
        mark = visitor.page.locator(".aq-haze .aq-mark").bounding_box()
        scale = visitor.page.locator(".aq-haze-band").bounding_box()
        assert mark["x"] + mark["width"] / 2 - scale["x"] == pytest.approx(
            score / 100 * scale["width"], abs=3
        )
        chosen = visitor.page.locator(".aq-chosen figcaption").inner_text()
        assert chosen == str(score)
        told[scene.id] = score
    assert len(set(told.values())) == len(told) == 9, told
    assert max(told.values()) - min(told.values()) >= 30, told


def test_number_stretches_the_slider_beyond_its_usual_end(visitor):
    visitor.open()
    number = visitor.page.locator(".st-key-sensor_co_number input")
    number.fill("319")
    number.press("Enter")
    visitor.settle()
    slider = visitor.page.locator(".st-key-sensor_co_value input[type=range]")
    assert float(slider.get_attribute("max")) >= 319
    assert float(slider.input_value()) == 319


def test_switching_a_reading_off_changes_the_result_and_greys_it_out(visitor):
    visitor.open()
    visitor.press("Winter smog")
    before = visitor.aqi()
    visitor.page.locator(".st-key-sensor_pm25_on label").click()
    visitor.settle()
    assert visitor.aqi_other_than(before)
    assert colour_of(visitor, "pm25") == "rgba(0, 0, 0, 0)"
    assert "5 readings" in visitor.page.locator(".st-key-result_aqi").inner_text()


def test_units_change_the_numbers_but_not_the_air(visitor):
    visitor.open()
    visitor.press("City day")
    before = visitor.aqi()
    visitor.page.get_by_role("radio", name="ppb, ppm").click()
    visitor.settle()
    expect(visitor.page.locator(".st-key-sensor_o3_number input")).to_have_value("20.39")
    assert abs(visitor.aqi() - before) <= 1


def test_nothing_known_gets_a_friendly_sentence(visitor):
    visitor.open()
    visitor.page.get_by_role("radio", name="None").click()
    visitor.page.wait_for_selector("text=There is no input yet")
    visitor.press("Reset")
    assert 0 <= visitor.aqi() <= 500


def test_choosing_a_far_sample_leaves_the_page_where_it_is(visitor):
    visitor.open()
    before = visitor.page.locator(".st-key-card_photo").bounding_box()["x"]
    visitor.page.get_by_role("radio", name="Evening sun").check(force=True)
    visitor.settle()
    assert visitor.page.locator(".st-key-card_photo").bounding_box()["x"] == before
    assert "low sun" in visitor.page.locator(".st-key-photo_view img").get_attribute("alt")


def test_an_upload_that_is_refused_tells_no_number_until_there_are_readings(visitor):
    visitor.open()
    visitor.page.get_by_role("radio", name="Upload").click()
    visitor.settle()
    field = visitor.page.locator(".st-key-photo_upload input[type=file]")
    field.set_input_files({"name": "sky.jpg", "mimeType": "image/jpeg", "buffer": jpeg("#7fa8d8")})
    visitor.page.wait_for_selector("img[alt='The photo you uploaded']")
    visitor.settle()
    assert "No AQI is predicted" in visitor.page.inner_text(".stMain")
    assert visitor.page.locator(RESULT).count() == 0
    visitor.press("City day")
    before = visitor.aqi()
    visitor.press("Winter smog")
    assert visitor.aqi_other_than(before) > before
    assert visitor.page.locator("img[alt='The photo you uploaded']").count() == 1


BAD = {
    "must be a JPEG": b"this is a poem",
    "must be a valid image": jpeg("red")[:400],
    "at least 32 pixels": jpeg("red", (1200, 20)),
}


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("notes.txt", b"hello", "must be a JPEG, PNG, WebP, HEIC or AVIF picture"),
        ("sky.gif", b"GIF89a", "HEIC or AVIF picture, got GIF"),
        ("large.jpg", bytes(30_000_000), "large.jpg must have at most 25 MB, got 30.0 MB"),
    ],
)
def test_what_the_widget_could_refuse_gets_our_sentence(visitor, tmp_path, name, data, sentence):
    # By its path: bytes pass through the driver as text, which takes it a minute for 30 MB.
    (tmp_path / name).write_bytes(data)
    visitor.open()
    visitor.page.get_by_role("radio", name="Upload").click()
    visitor.settle()
    field = visitor.page.locator(".st-key-photo_upload input[type=file]")
    field.set_input_files(tmp_path / name)
    visitor.page.locator(".stAlert", has_text=sentence).wait_for(timeout=15_000)


def test_bad_uploads_get_one_sentence_and_the_readings_go_on(visitor):
    visitor.open()
    visitor.press("City day")
    visitor.page.get_by_role("radio", name="Upload").click()
    visitor.settle()
    field = visitor.page.locator(".st-key-photo_upload input[type=file]")
    for sentence, content in BAD.items():
        field.set_input_files({"name": "sky.jpg", "mimeType": "image/jpeg", "buffer": content})
        visitor.page.locator("[data-testid='stAlert']", has_text=sentence).wait_for()
        visitor.settle()
        assert visitor.page.locator("[data-testid='stAlert']").count() == 1
        assert "Traceback" not in visitor.page.inner_text("body")
        assert "without a photo" in visitor.page.locator(".st-key-result_aqi").inner_text()


def test_camera_takes_a_photo(visitor):
    """Chromium's stand-in is a green test picture: it arrives, and is told not to be a sky."""
    visitor.open()
    visitor.press("City day")
    visitor.page.get_by_role("radio", name="Camera").click()
    button = visitor.page.get_by_test_id("stCameraInputButton")
    button.wait_for()
    visitor.page.wait_for_timeout(1500)
    button.click()
    visitor.page.wait_for_selector(".st-key-result_aqi :text('the photo is left out')")
    assert 0 <= visitor.aqi() <= 500


@pytest.mark.parametrize("visitor", SIZED, indirect=True)
def test_nothing_jumps_when_values_change(visitor):
    visitor.open()
    cards = ("card_photo", "card_result", "card_sensors", "card_details")

    def boxes():
        found = [visitor.page.locator(f".st-key-{card}").bounding_box() for card in cards]
        return [round(box["height"]) for box in found]

    whole(visitor)
    before = boxes()
    for button in (
        *("Clean morning", "Winter smog", "Dust", "Only PM2.5", "City day", "Switch all off"),
    ):
        visitor.press(button)
        assert boxes() == before, button
    visitor.press("Winter smog")
    visitor.page.get_by_role("radio", name="India AQI").click()
    visitor.settle()
    assert boxes() == before, "India"
