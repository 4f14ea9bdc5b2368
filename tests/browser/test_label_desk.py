"""The label desk in a browser: nothing moves a button, nothing but what was pressed is saved."""

import os
import random
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from aqfusion.air.aqi import standard
from aqfusion.air.readings import POLLUTANTS, Reading
from aqfusion.images.photo import Photo
from aqfusion.labels.item_insertion import NewItem
from aqfusion.labels.store import LabelStore
from tests.browser.conftest import SCREENSHOTS, serve
from tests.browser.test_label import sign_in
from tests.planted_labels import NOW, PIN, planted_view

pytestmark = pytest.mark.browser

COUNT = 160
CATEGORIES = [category.name for category in standard("us").categories]
SIZES = [(1440, 900, "light"), (1024, 768, "dark"), (390, 844, "dark")]
PEOPLE = ("Asha", "Bina", "Chandra", "Dev", "Esha", "Farid", "Gita", "Hari")


def photo_of(number: int) -> Photo:
    """Now wide, now tall, now an ordinary photo."""
    size = [(160, 120), (400, 60), (60, 400)][number % 3]
    noise = np.random.default_rng(number).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return Photo.from_image(Image.fromarray(noise).resize(size))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A store in which every second item has six readings, every fifth one none, and item 4 no
    photo.
    """
    home = tmp_path_factory.mktemp("home")
    store = opened(home)
    admin = store.accounts.first_admin("Ada", PIN, NOW)
    store.accounts.add_user(admin, "Eva", PIN, "expert", NOW)
    for name in PEOPLE:
        store.accounts.add_user(admin, name, PIN, "annotator", NOW)
    for number in range(1, COUNT + 1):
        names = POLLUTANTS if number % 2 else ("pm25",)
        values = {} if number % 5 == 0 else dict.fromkeys(names, 10.0 + number)
        photo = store.photos.put(photo_of(number))
        item = NewItem(
            photo_hash=photo,
            reading=Reading(**values),
            place="A place with a long name, so that a line of it has no end " * 3,
            overlap=len(PEOPLE),
            priority=float(COUNT - number),
            model_view=planted_view(float(number % 50 * 10)) if number % 7 else None,
        )
        store.items.add(admin, item, NOW)
        if number == 4:
            for path in (home / "labels" / "photos").rglob(f"{photo}*"):
                path.unlink()
    store.close()
    return home


@pytest.fixture(scope="module")
def server(home):
    with serve(home, "-m", "streamlit") as address:
        yield address


def opened(home: Path) -> LabelStore:
    return LabelStore.open(str(home / "labels" / "labels.db"), str(home / "labels" / "photos"))


def said_of(home: Path, name: str) -> dict[int, int | str]:
    """What a person says now, item by item: a category, or the reason why they cannot tell."""
    store = opened(home)
    eva = store.sign_in.by_pin("Eva", PIN, NOW)
    answers = {}
    for number in range(1, COUNT + 1):
        for event in store.review.view(eva, number).answers:
            if event.name == name and event.kind == "answer":
                answer = event.answer
                answers[number] = answer.cant_tell or answer.band
    store.close()
    return answers


def item(page: Page) -> int:
    return int(page.locator(".aq-desk h3").inner_text().rsplit(" ", 1)[1])


def wait(page: Page) -> None:
    page.wait_for_selector(".aq-desk[aria-busy=false]")


def until_another(page: Page, head: int) -> None:
    page.wait_for_function(
        "head => !document.querySelector('.aq-desk h3').innerText.endsWith(' ' + head)", arg=head
    )
    wait(page)


def until_told(page: Page, words: str) -> None:
    page.locator(".aq-desk [role=status]", has_text=words).wait_for(state="attached")
    wait(page)


def button(page: Page, name: str):
    return page.locator(".aq-desk button", has_text=re.compile(rf"^{name}"))


def boxes(page: Page) -> list[list[float]]:
    """Where every button of the desk is, to the pixel."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.aq-card button, .aq-card input')]
          .map((one) => Object.values(one.getBoundingClientRect().toJSON()))"""
    )


def clicked(page: Page, turns: int, seed: int) -> dict[int, int | str]:
    """Click at fixed places `turns` times with errors, undo and skips between; what was meant."""
    chance = random.Random(seed)
    spots = {}
    for number in range(len(CATEGORIES)):
        frame = page.locator(".aq-categories button").nth(number).bounding_box()
        spots[number] = (frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    meant: dict[int, int | str] = {}
    trail: list[int] = []
    done = 0
    while done < turns:
        what = chance.choice(("answer",) * 5 + ("error", "undo", "skip", "double"))
        here = item(page)
        if what in {"answer", "double"}:
            category = 3 if seed == 0 else chance.randrange(6)
            (page.mouse.dblclick if what == "double" else page.mouse.click)(*spots[category])
            until_another(page, here)
            meant[here] = category
            trail.append(here)
            done += 1
        elif what == "error":
            page.locator(".aq-exact").fill("999")
            button(page, "Save AQI").click()
            until_told(page, "Aqi must be")
            assert item(page) == here
        elif what == "skip":
            button(page, "Skip").click()
            until_another(page, here)
            meant.pop(here, None)
            trail.append(here)
        elif trail:
            button(page, "Undo").click()
            last = trail.pop()
            until_told(page, f"Undone: item {last}")
            assert item(page) == last
            meant.pop(last, None)
    return meant


def test_twenty_clicks_at_one_pixel_save_just_that(visitor, home):
    page = visitor.page
    sign_in(page, visitor.address, "Asha")
    wait(page)
    meant = clicked(page, 20, seed=0)
    assert said_of(home, "Asha") == meant
    assert {*meant.values()} == {3}


@pytest.mark.long
def test_a_hundred_items_by_mouse_save_just_what_was_clicked(visitor, home):
    page = visitor.page
    sign_in(page, visitor.address, "Bina")
    wait(page)
    meant = clicked(page, int(os.environ.get("LABELS", "100")), seed=1)
    assert said_of(home, "Bina") == meant
    assert len({*meant.values()}) == 6


@pytest.mark.parametrize(
    ("visitor", "name"),
    [
        pytest.param(
            {"viewport": {"width": width, "height": height}, "color_scheme": scheme},
            name,
            id=f"{width}x{height}",
        )
        for (width, height, scheme), name in zip(SIZES, PEOPLE[2:5], strict=True)
    ],
    indirect=["visitor"],
)
def test_all_is_in_one_view_and_no_button_ever_moves(visitor, name):
    page = visitor.page
    sign_in(page, visitor.address, name)
    wait(page)
    visitor.settle()
    size = page.viewport_size
    seen = ".aq-card button, .aq-card input, .aq-zoom, .aq-readings div, .aq-about, .aq-message"
    outside = """([selector, width, height]) => [...document.querySelectorAll(selector)]
      .filter((one) => {
        const box = one.getBoundingClientRect();
        return box.width < 8 || box.height < 8 || box.left < 0 || box.top < 0
          || box.right > width || box.bottom > height;
      }).map((one) => one.outerHTML.slice(0, 80))"""
    small = """() => [...document.querySelectorAll('.aq-card button, .aq-card input')]
      .filter((one) => one.getBoundingClientRect().height < 44).map((one) => one.innerText)"""
    assert page.evaluate(outside, [seen, size["width"], size["height"]]) == []
    assert page.evaluate(small) == []
    assert page.evaluate("document.querySelector('.stMain').scrollTop + window.scrollY") == 0
    first = boxes(page)
    assert len(first) >= 22

    def still(where: str) -> None:
        assert boxes(page) == first, where
        assert page.evaluate(outside, [seen, size["width"], size["height"]]) == [], where

    for number, key in enumerate("1lkd4"):
        here = item(page)
        page.keyboard.press(key)
        if key == "d":
            still("unsure")
        else:
            still(f"item {here} is being saved")
            until_another(page, here)
            still(f"item {item(page)} after {number + 1} answers")
    page.keyboard.press("x")
    page.keyboard.type("999")
    page.keyboard.press("Enter")
    until_told(page, "Aqi must be a whole number from 0 to 500, got 999")
    still("a wrong AQI")
    page.locator(".aq-said-text").click()
    still("an error unfolded")
    page.keyboard.press("Escape")
    page.keyboard.press("v")
    page.wait_for_selector(".aq-tools [aria-checked=true]")
    wait(page)
    still("assisted")
    visitor.page.screenshot(path=screenshot(f"label-{size['width']}-assisted"))
    page.keyboard.press("t")
    page.wait_for_selector(".aq-remarks")
    page.keyboard.type("1 note 4")
    still("a note")
    visitor.page.screenshot(path=screenshot(f"label-{size['width']}-note"))
    page.keyboard.press("Escape")
    here = item(page)
    page.keyboard.press("s")
    until_another(page, here)
    still("skipped")
    page.keyboard.press("u")
    until_told(page, f"Undone: item {here}, skipped")
    still("undone")
    for _ in range(3):
        page.keyboard.press("+")
    still("zoomed")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_selector(".aq-sheet[open]")
    still("the list of keys")
    page.keyboard.press("1")
    page.keyboard.press("?")
    wait(page)
    still("the list of keys closed, and its 1 was ignored")


# Keeps what Streamlit hands to the desk's module, so that a test can draw it once more.
KEEP_DRAWING = """() => {
  const Real = window.Blob;
  window.Blob = class extends Real {
    constructor(parts, options) {
      const source = String(parts?.[0]);
      if (!source.includes("new Desk(")) { super(parts, options); return; }
      super([source.replace("export default function (", "function draw(")
        + "\\nexport default (given) => { window.drawing = [draw, given]; return draw(given); };"],
        options);
    }
  };
}"""


def test_a_drawing_that_a_newer_one_overtook_takes_nothing_with_it(visitor):
    page = visitor.page
    page.add_init_script(f"({KEEP_DRAWING})()")
    sign_in(page, visitor.address, "Esha")
    wait(page)
    first, item_before = boxes(page), item(page)
    page.evaluate(
        """async () => {
          const [draw, given] = window.drawing;
          const end = draw(given);
          draw(given);
          await end();
        }"""
    )
    assert boxes(page) == first
    page.keyboard.press("2")
    until_another(page, item_before)
    assert boxes(page) == first


def screenshot(name: str) -> Path:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS / f"{name}.png"


def test_ten_hasty_keys_are_saved_or_told_never_lost_in_silence(visitor, home):
    page = visitor.page
    sign_in(page, visitor.address, PEOPLE[5])
    wait(page)
    before = item(page)
    for _ in range(10):
        page.keyboard.press("3")
        page.wait_for_timeout(60)
    wait(page)
    visitor.settle()
    status = page.locator(".aq-desk [role=status]").inner_text()
    saved = said_of(home, PEOPLE[5])
    assert {*saved.values()} == {2}
    assert before in saved
    early = re.match(r"Too early: (one|\d+) press(es were| was) ignored", status)
    missed = 0 if early is None else 1 if early[1] == "one" else int(early[1])
    assert len(saved) + missed == 10


def test_keys_work_at_once_and_what_is_typed_in_the_note_answers_nothing(visitor, home):
    page, name = visitor.page, PEOPLE[6]
    sign_in(page, visitor.address, name)
    wait(page)
    here = item(page)
    page.keyboard.press("t")
    page.keyboard.type("1 u s 4 hazy")
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    assert item(page) == here
    page.keyboard.press("2")
    until_another(page, here)
    store = opened(home)
    view = store.review.view(store.sign_in.by_pin("Eva", PIN, NOW), here)
    (answer,) = [event.answer for event in view.answers if event.name == name]
    store.close()
    assert (answer.band, answer.note, answer.confidence) == (1, "1 u s 4 hazy", "unsure")


def test_wheel_drag_and_second_click_zoom_and_light_is_reset(visitor):
    page = visitor.page
    sign_in(page, visitor.address, PEOPLE[7])
    wait(page)
    here = item(page)
    style = "document.querySelector('.aq-zoom img').style"
    page.mouse.move(400, 400)
    page.mouse.wheel(0, -400)
    page.wait_for_selector(".aq-zoomed")
    before = page.evaluate(f"{style}.transform")
    page.mouse.down()
    page.mouse.move(340, 360, steps=4)
    page.mouse.up()
    assert page.evaluate(f"{style}.transform") != before
    assert page.locator(".aq-zoomed").count() == 1
    page.keyboard.press("Escape")
    assert page.locator(".aq-zoomed").count() == 0
    for zoomed in (1, 0):
        page.mouse.click(400, 400)
        assert page.locator(".aq-zoomed").count() == zoomed
    page.keyboard.press("]")
    page.keyboard.press(".")
    assert page.evaluate(f"{style}.filter") == "brightness(110%) contrast(110%)"
    page.keyboard.press("0")
    assert page.evaluate(f"{style}.filter") == "brightness(100%) contrast(100%)"
    assert item(page) == here


def test_guidelines_open_by_key_and_close_without_an_answer(visitor):
    page = visitor.page
    sign_in(page, visitor.address, PEOPLE[7])
    wait(page)
    here = item(page)
    page.keyboard.press("g")
    page.wait_for_selector(".aq-examples img")
    assert page.locator(".aq-examples img").count() == 6
    assert page.locator(".aq-guidelines h4").first.inner_text() == "What is asked"
    page.keyboard.press("2")
    page.screenshot(path=screenshot("label-guidelines"))
    page.keyboard.press("g")
    page.wait_for_selector(".aq-sheet[open]", state="detached")
    assert item(page) == here


@pytest.mark.parametrize(
    "visitor",
    [{"viewport": {"width": 390, "height": 844}, "has_touch": True}],
    indirect=True,
)
def test_a_finger_over_the_photo_skips_and_goes_back_and_never_answers(visitor, home):
    page, name = visitor.page, "Hari"
    sign_in(page, visitor.address, name)
    wait(page)
    before, here = said_of(home, name), item(page)
    swipe(page, ".aq-zoom", -150)
    until_another(page, here)
    then = item(page)
    swipe(page, ".aq-zoom", 150)
    until_another(page, then)
    assert item(page) == here
    swipe(page, ".aq-categories button", 100)
    visitor.settle()
    assert (item(page), said_of(home, name)) == (here, before)


def swipe(page: Page, selector: str, right: int) -> None:
    """Draw a finger over something, as the browser's own input."""
    frame = page.locator(selector).first.bounding_box()
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    session = page.context.new_cdp_session(page)
    for kind, at in [("touchStart", 0), *(("touchMove", right * n / 5) for n in range(1, 6))]:
        points = [{"x": x + at - right / 2, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
