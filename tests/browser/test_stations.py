"""The Stations page in a real browser, with no internet."""

import random
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SCREENS, SCREENS_OF_LONG, Visitor

pytestmark = pytest.mark.browser

FRAME = "iframe[title='streamlit_folium.st_folium']"
TIME = ".st-key-timeline [data-testid='stSliderThumbValue']"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
EVIL = "<img src=x onerror=alert(1)>"


def opened(visitor: Visitor):
    """The page, once its map stands."""
    visitor.open("/stations", until=FRAME)
    frame = visitor.page.frame_locator(FRAME)
    frame.locator(".coin").first.wait_for()
    visitor.settle()
    return frame


def show(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_role("radio", name=name, exact=True).click()
    visitor.settle()


@pytest.mark.parametrize("visitor", SCREENS_OF_LONG, indirect=True)
def test_a_click_fills_the_sliders_and_a_prediction_follows(visitor, request):
    frame = opened(visitor)
    frame.locator(".coin[aria-label^='Borivali East, Mumbai']").click()
    visitor.page.wait_for_selector(".st-key-stations_result .aq-number", timeout=60_000)
    visitor.page.wait_for_selector(".st-key-chart_history .main-svg")
    visitor.settle()
    assert frame.locator(".coin.chosen").count() == 1
    said = visitor.page.locator(".st-key-stations_result .aq-number").inner_text()
    readings = visitor.page.locator(".aq-readings dd").all_inner_texts()
    visitor.keep_screenshot(f"stations-{request.node.callspec.id}")
    assert visitor.page.evaluate(WIDER) <= 0
    visitor.press("Continue with these readings")
    visitor.page.wait_for_url("**/predict")
    visitor.page.wait_for_selector(".st-key-sensor_pm25_number input")
    visitor.settle()
    expect(visitor.page.locator(".st-key-sensor_pm25_number input")).to_have_value(readings[0])
    assert str(visitor.aqi()) == said
    assert visitor.outside == []


@pytest.mark.long
def test_playing_goes_on_by_itself_and_never_reloads_the_map(visitor):
    frame = opened(visitor)
    frame.locator("body").evaluate("() => { window.note = 'still here' }")
    before = visitor.page.locator(TIME).inner_text()
    visitor.page.get_by_role("button", name="Play", exact=True).click()
    visitor.page.wait_for_function(
        f'before => document.querySelector("{TIME}").innerText !== before', arg=before
    )
    visitor.press("Pause")
    visitor.page.get_by_role("button", name="Play", exact=True).wait_for()
    visitor.settle()
    paused = visitor.page.locator(TIME).inner_text()
    visitor.page.wait_for_timeout(3000)
    assert visitor.page.locator(TIME).inner_text() == paused != before
    assert frame.locator("body").evaluate("() => window.note") == "still here"


def test_a_name_in_a_file_is_text_wherever_it_is_shown(visitor, tmp_path):
    alerts = []
    visitor.page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    file = tmp_path / "mine.csv"
    file.write_text(
        "id,name,lat,lon,time,pm25\n"
        f'a,"{EVIL}",27,85,2023-02-01T08:30Z,80\n'
        'b,"[l](http://evil.example) ![i](http://evil.example/i.png)",26,87,2023-02-01T08:30Z,20\n'
    )
    opened(visitor)
    show(visitor, "Your own")
    visitor.page.locator(".st-key-stations_upload input[type=file]").set_input_files(file)
    frame = visitor.page.frame_locator(FRAME)
    frame.locator(".coin[aria-label^='[l]']").click()
    visitor.page.wait_for_selector(".st-key-stations_history h3")
    visitor.settle()
    assert visitor.page.locator("a[href*='evil'], img[src*='evil']").count() == 0
    frame.locator(".coin[aria-label^='<img']").hover()
    assert EVIL in frame.locator(".leaflet-tooltip").last.inner_text()
    assert frame.locator("img").count() == visitor.page.locator("img[src='x']").count() == 0
    visitor.keep_screenshot("stations-own")
    assert alerts == visitor.outside == []


@pytest.mark.long
def test_two_thousand_stations_are_drawn_as_clusters(visitor, tmp_path):
    rows = (
        f"s{n},Station {n},{8 + (n * 7 % 25) + n % 10 / 40},{72 + n % 17 + n % 7 / 30},"
        f"2023-02-01T08:30Z,{n % 300}\n"
        for n in range(2000)
    )
    file = tmp_path / "many.csv"
    file.write_text("id,name,lat,lon,time,pm25\n" + "".join(rows))
    opened(visitor)
    show(visitor, "Your own")
    visitor.page.locator(".st-key-stations_upload input[type=file]").set_input_files(file)
    frame = visitor.page.frame_locator(FRAME)
    frame.locator(".cluster").first.wait_for()
    visitor.settle()
    counts = [int(re.sub(r"\D", "", text)) for text in frame.locator(".count").all_inner_texts()]
    alone = frame.locator(".coin").count()
    assert sum(counts) + alone == 2000
    assert len(counts) + alone < 400
    assert (
        "Read 2000 measurements of 2000 stations"
        in visitor.page.locator("[data-testid='stAlert']").first.inner_text()
    )


@pytest.mark.parametrize("visitor", SCREENS[1:], indirect=True)  # by touch a group is smallest
def test_a_group_of_five_thousand_stations_opens_on_clicks(visitor, tmp_path, request):
    dice = random.Random(1)
    towns = [(dice.uniform(10, 30), dice.uniform(73, 88)) for _ in range(40)]
    rows = []
    for number in range(5000):
        latitude, longitude = (dice.gauss(degree, 0.4) for degree in towns[number % 40])
        rows.append(f"s{number},{latitude:.4f},{longitude:.4f},2023-02-01T08:30Z,{number % 300}\n")
    file = tmp_path / "many.csv"
    file.write_text("id,lat,lon,time,pm25\n" + "".join(rows))
    opened(visitor)
    show(visitor, "Your own")
    visitor.page.locator(".st-key-stations_upload input[type=file]").set_input_files(file)
    search = visitor.page.locator(".st-key-stations_many")
    search.wait_for()
    frame = visitor.page.frame_locator(FRAME)
    frame.locator(".count").first.wait_for()
    visitor.settle()
    name = request.node.callspec.id
    visitor.keep_screenshot(f"stations-many-{name}")
    shown = visitor.page.get_by_text(re.compile(r"of 5,000 stations\."))
    total = count_of(shown)
    smaller = search.get_by_role("button", name="Show all 5,000")
    for _ in range(8):  # rings of the map itself first, then groups of the server
        largest_ring(frame).click()
        visitor.page.wait_for_timeout(500)
        visitor.settle()
        if smaller.count():
            break
    assert 1 < count_of(shown) < total
    marks = frame.locator(".coin:visible, .count:visible")
    assert marks.count() > 1
    assert visitor.page.evaluate(WIDER) <= 0
    visitor.keep_screenshot(f"stations-group-{name}")
    box = search.locator("input")
    box.fill("nowhere")
    box.press("Enter")
    visitor.settle()
    assert visitor.page.get_by_text("No station matches the search.").count() == 1
    smaller.click()
    visitor.settle()
    assert count_of(shown) == total
    assert visitor.outside == []


def count_of(shown) -> int:
    """The first number of the words on how many are shown."""
    return int(shown.first.inner_text().partition(" ")[0].replace(",", ""))


def largest_ring(frame):
    """The ring of the most stations of those that can be seen."""
    rings = frame.locator(".count:visible")
    counts = [int(re.sub(r"\D", "", text)) for text in rings.all_inner_texts()]
    return rings.nth(counts.index(max(counts)))
