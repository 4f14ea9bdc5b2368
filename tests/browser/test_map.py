"""The map of stations in a real browser, with no internet."""

import re

import pytest

from tests.browser.conftest import SCREENS, Visitor, serve

pytestmark = [pytest.mark.browser, pytest.mark.long]

FRAME = "iframe[title='streamlit_folium.st_folium']"
STATIONS = 9  # of map_page.py
PATIENCE = 20  # a machine that is so many times slower than the one measured is no failure


# Milliseconds until the next picture for each thing that a visitor waits for.
TIMED = """async () => {
  const frames = () => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
  const timed = async (act) => {
    await frames();
    const start = performance.now();
    act();
    await frames();
    return performance.now() - start;
  };
  const rows = Array.from({length: 2000}, (_, n) => [
    `r${n}`, `Row ${n}`, 10 + (n % 50) / 3, 72 + n / 150, "#FF0000", "#000000", "1", [], 0, 0]);
  return {
    draw: await timed(() => stationMap.draw(L.featureGroup().addTo(map), rows)),
    pan: await timed(() => map.panBy([150, 90], {animate: false})),
    zoom: await timed(() => map.setZoom(map.getZoom() + 1, {animate: false})),
  };
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of the page with nothing but the map."""
    with serve(tmp_path_factory.mktemp("map"), "-m", "tests.browser.serve_map") as address:
        yield address


@pytest.fixture
def frame(visitor):
    """The frame that holds the map, with its stations drawn."""
    visitor.alerts = []
    visitor.page.on("dialog", lambda dialog: (visitor.alerts.append(1), dialog.dismiss()))
    visitor.open("/", until=FRAME)
    return drawn(visitor)


def drawn(visitor: Visitor):
    inside = visitor.page.frame_locator(FRAME)
    inside.locator(".leaflet-marker-icon").first.wait_for()
    visitor.settle()
    return inside


def state(visitor: Visitor) -> dict[str, str]:
    """How often the page ran, and what it knows of clicks."""
    words = visitor.page.locator("#state").inner_text().split()
    return dict(word.split("=", 1) for word in words)


def wait_for(visitor: Visitor, **known: object) -> None:
    """Wait until the page knows it: a click takes its way through the frame."""
    words = "".join(f":has-text('{name}={value}')" for name, value in known.items())
    visitor.page.wait_for_selector(f"#state{words}")
    visitor.settle()


def remember(frame) -> None:
    """Leave a note in the frame's window that a reload would wipe out."""
    frame.locator("body").evaluate("() => { window.note = 'still here' }")


def was_reloaded(frame) -> bool:
    return frame.locator("body").evaluate("() => window.note") != "still here"


def coin(frame, words: str):
    return frame.locator(f".coin[aria-label^='{words}']")


@pytest.mark.parametrize("visitor", SCREENS[1:], indirect=True)
def test_map_is_drawn_and_nobody_outside_is_asked(visitor, frame, request):
    assert len(frame.locator("path.land").first.get_attribute("d")) > 1_000
    alone = frame.locator(".coin").count()
    together = sum(int(words) for words in frame.locator(".count").all_inner_texts())
    assert alone + together == STATIONS
    assert alone >= 3
    visitor.keep_screenshot(f"map-{request.node.callspec.id}")
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert visitor.page.evaluate(wider) <= 0
    assert visitor.outside == []


def test_click_gives_the_station_and_runs_the_page_once(visitor, frame):
    remember(frame)
    before = int(state(visitor)["runs"])
    coin(frame, "Kathmandu").click()
    wait_for(visitor, chosen="kathmandu")
    assert state(visitor) == {"runs": str(before + 1), "chosen": "kathmandu", "told": "kathmandu"}
    assert frame.locator(".coin.chosen").inner_text() == "168"
    coin(frame, "Mumbai").click()
    wait_for(visitor, chosen="mumbai")
    assert not was_reloaded(frame)


def test_second_click_on_a_station_tells_again(visitor, frame):
    coin(frame, "Mumbai").click()
    wait_for(visitor, chosen="mumbai")
    before = int(state(visitor)["runs"])
    coin(frame, "Mumbai").click()
    wait_for(visitor, runs=before + 1)


def test_keyboard_chooses_a_station(visitor, frame):
    frame.locator(".mark", has=frame.locator("[aria-label^='Mumbai']")).press("Enter")
    wait_for(visitor, chosen="mumbai")


def test_panning_and_zooming_leave_the_page_alone(visitor, frame):
    remember(frame)
    before = state(visitor)
    box = visitor.page.locator(FRAME).bounding_box()
    middle = (box["x"] + box["width"] / 3, box["y"] + box["height"] - 60)
    visitor.page.mouse.move(*middle)
    visitor.page.mouse.down()
    visitor.page.mouse.move(middle[0] - 120, middle[1] - 80, steps=6)
    visitor.page.mouse.up()
    frame.get_by_role("button", name="Zoom in").click()
    visitor.settle()
    frame.get_by_role("button", name="Zoom out").click()
    visitor.page.wait_for_timeout(600)
    visitor.settle()
    assert state(visitor) == before
    assert not was_reloaded(frame)
    assert visitor.outside == []


def test_a_group_of_stations_opens_on_a_click_without_running_the_page(visitor):
    visitor.open("/?marks=200", until=FRAME)
    frame = drawn(visitor)
    before = state(visitor)
    groups = frame.locator(".count").count()
    frame.locator(".count").first.click()
    visitor.page.wait_for_timeout(800)
    visitor.settle()
    assert frame.locator(".count").count() != groups
    assert state(visitor) == before


def test_new_marks_are_exchanged_while_the_map_stays(visitor, frame):
    frame.get_by_role("button", name="Zoom in").click()
    visitor.settle()
    remember(frame)
    view = frame.locator("body").evaluate("() => [map.getZoom(), map.getCenter().lat]")
    visitor.page.get_by_text("Only the worst").click()
    visitor.settle()
    inside = frame.locator("body")
    marks = "() => Object.values(map._layers).find((one) => one.getVisibleParent)"
    assert inside.evaluate(f"{marks}.getLayers().length") == 3
    assert inside.evaluate("() => [map.getZoom(), map.getCenter().lat]") == view
    assert not was_reloaded(frame)


def test_hostile_name_is_text_everywhere(visitor, frame):
    coin(frame, "<img").hover()
    told = frame.locator(".told")
    told.wait_for()
    assert told.locator("strong").inner_text() == "<img src=x onerror=alert(1)>"
    coin(frame, "<img").click()
    wait_for(visitor, chosen="hostile")
    assert frame.locator("img").count() == 0
    coin(frame, "A_b").hover()
    strange = frame.locator(".told strong", has_text="A_b")
    strange.wait_for()
    assert strange.inner_text() == "A_b {{'c'}} `${d}` </script>\\"
    assert visitor.alerts == []


def test_signs_besides_colour_tell_what_is_old_and_what_is_approximate(frame):
    assert "approximate" in coin(frame, "Dhaka").get_attribute("class").split()
    assert "old" in coin(frame, "Bengaluru").get_attribute("class").split()
    assert "Position approximate" in coin(frame, "Dhaka").get_attribute("aria-label")


def test_streets_come_from_outside_only_when_they_are_asked_for(visitor, frame):
    assert visitor.outside == []
    frame.get_by_text("Streets").click()
    visitor.page.wait_for_timeout(500)
    assert visitor.outside
    assert all(re.match(r"https://tile\.openstreetmap\.org/", url) for url in visitor.outside)
    assert "OpenStreetMap" in frame.locator(".leaflet-control-attribution").inner_text()


def test_two_thousand_stations_are_drawn_and_moved_without_waiting(visitor):
    visitor.open("/?marks=2000", until=FRAME)
    frame = drawn(visitor)
    alone = frame.locator(".coin").count()
    together = sum(int(words) for words in frame.locator(".count").all_inner_texts())
    assert alone + together == 2000
    visitor.keep_screenshot("map-two-thousand")
    took = frame.locator("body").evaluate(TIMED)
    assert took["draw"] < 150 * PATIENCE, took
    assert took["pan"] < 40 * PATIENCE, took
    assert took["zoom"] < 100 * PATIENCE, took
