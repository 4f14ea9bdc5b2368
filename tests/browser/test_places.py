"""A place of one's own in a real browser: its days change the answer before one's eyes."""

from pathlib import Path

import pytest

from tests.browser.conftest import SCREENS_OF_LONG, serve
from tests.planted_sites import save_with_sites
from tests.sites import views

pytestmark = pytest.mark.browser
ANSWER = ".st-key-card_says .aq-number"
_HERE = Path(__file__)


@pytest.fixture(scope="module")
def server(tmp_path_factory, checkpoint_folder):
    """The app with a model that knows places, whatever the shipped ones know."""
    model = save_with_sites(tmp_path_factory.mktemp("model") / "sites", checkpoint_folder)
    program = str(_HERE.with_name("serve_model.py")), str(model)
    with serve(tmp_path_factory.mktemp("home"), *program) as address:
        yield address


@pytest.fixture
def complaints(visitor):
    """What the browser's console calls an error; Streamlit looks for its own address itself."""
    found: list[str] = []
    visitor.page.on("pageerror", lambda error: found.append(str(error)))
    visitor.page.on(
        "console",
        lambda message: (
            found.append(message.text)
            if message.type == "error" and "_stcore" not in message.location["url"]
            else None
        ),
    )
    return found


def opened(visitor):
    visitor.open("/places", ".st-key-mysite_name")
    field = visitor.page.locator(".st-key-mysite_name input")
    field.fill("My roof")
    field.press("Enter")
    visitor.page.wait_for_selector(ANSWER)
    visitor.settle()


def answer(visitor):
    return int(visitor.page.locator(ANSWER).inner_text())


def add(visitor, aqi, day):
    visitor.page.locator(".st-key-mysite_aqi input").fill(str(aqi))
    field = visitor.page.locator(".st-key-mysite_date input").first
    field.fill(day)
    field.press("Enter")
    visitor.press("Add this day")


@pytest.mark.parametrize("visitor", SCREENS_OF_LONG, indirect=True)
def test_three_days_change_the_answer_here_and_on_predict(visitor, complaints, request):
    opened(visitor)
    answers = [answer(visitor)]
    for number, aqi in enumerate((400, 420, 440), start=1):
        add(visitor, aqi, f"2026-01-0{number}")
        answers.append(answer(visitor))
    assert answers[0] < answers[1] < answers[3]
    told = visitor.page.locator(".st-key-card_add_day").inner_text()
    assert f"changed the prediction from {answers[2]} (" in told
    visitor.keep_screenshot(f"places-{request.node.callspec.id}")
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert visitor.page.evaluate(wider) <= 0
    if "phone" in request.node.callspec.id:
        visitor.page.get_by_test_id("stExpandSidebarButton").click()
    visitor.page.get_by_role("link", name="Predict").click()
    visitor.page.wait_for_selector(".st-key-result_aqi .aq-number")
    visitor.settle()
    assert "My roof" in visitor.page.locator(".st-key-site_choice").inner_text() + (
        visitor.page.locator(".st-key-site_choice input").first.input_value()
    )
    assert "The prediction uses 3 measured days of this place" in visitor.page.inner_text("body")
    assert visitor.outside == []
    assert complaints == []


def test_a_place_and_a_day_need_no_mouse(visitor, complaints):
    visitor.open("/places", ".st-key-mysite_name")
    keyboard = visitor.page.keyboard
    _tab_to(visitor, "Name")
    keyboard.type("My roof")
    keyboard.press("Enter")
    visitor.page.wait_for_selector(ANSWER)
    visitor.settle()
    before = answer(visitor)
    _tab_to(visitor, "Measured AQI")
    keyboard.type("450")
    keyboard.press("Enter")
    visitor.page.wait_for_selector("text=1 day added")
    visitor.settle()
    assert answer(visitor) > before
    assert complaints == []


def _tab_to(visitor, label):
    for _ in range(80):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate("document.activeElement.getAttribute('aria-label')") == label:
            return
    raise AssertionError(f"no Tab leads to {label}")


def test_a_box_is_drawn_with_the_mouse(visitor, tmp_path, complaints):
    opened(visitor)
    visitor.page.get_by_text("Landmarks", exact=True).click()
    visitor.settle()
    clear = tmp_path / "clear.jpg"
    clear.write_bytes(views.photo(views.View(60)).to_jpeg(92))
    visitor.page.locator(".st-key-mysite_reference input[type=file]").set_input_files(clear)
    chart = visitor.page.locator(".st-key-mysite_reference_chart .nsewdrag").first
    chart.wait_for()
    visitor.settle()
    chart.scroll_into_view_if_needed()
    box, place = views.landmarks()[1].box, chart.bounding_box()
    corners = [(box.left, box.top), (box.right, box.bottom)]
    (x0, y0), (x1, y1) = (
        (place["x"] + x * place["width"], place["y"] + y * place["height"]) for x, y in corners
    )
    mouse = visitor.page.mouse
    mouse.move(x0, y0)
    mouse.down()
    mouse.move((x0 + x1) / 2, (y0 + y1) / 2)
    mouse.move(x1, y1)
    mouse.up()
    visitor.page.wait_for_timeout(800)
    visitor.settle()
    for side in ("left", "top", "right", "bottom"):
        shown = visitor.page.locator(f".st-key-mysite_box_{side} input").input_value()
        assert abs(float(shown) - 100 * getattr(box, side)) < 1
    visitor.page.locator(".st-key-mysite_landmark_name input").fill("Tower")
    visitor.press("Add this landmark")
    visitor.page.wait_for_selector("text=Tower is marked")
    assert complaints == []
