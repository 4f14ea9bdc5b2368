"""Text that a stranger chose, in a real browser: no link, no picture, nothing from elsewhere."""

from urllib.parse import quote

import pytest

from tests.browser.conftest import Visitor, serve

pytestmark = pytest.mark.browser

HOST = "evil.example"
FOREIGN = f"""() => [...document.querySelectorAll('a, img, iframe, image, link')]
  .map((element) => String(element.href?.baseVal ?? element.href ?? element.src ?? ''))
  .filter((address) => /^mailto:/i.test(address)
    || (URL.canParse(address) && /{HOST}$/i.test(new URL(address).hostname)))"""


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("text"), "-m", "tests.browser.serve_hostile") as address:
        yield address


def of_elsewhere(visitor: Visitor) -> list[str]:
    """Links and pictures of the stranger's host, and what was asked of anywhere but the server."""
    links = [address for frame in visitor.page.frames for address in frame.evaluate(FOREIGN)]
    return [*links, *(address for address in visitor.outside if HOST in address)]


def draw(visitor: Visitor, address: str) -> None:
    visitor.address = address.rstrip("/")
    visitor.page.goto(address)
    visitor.page.get_by_text("drawn", exact=True).wait_for(timeout=60_000)
    visitor.settle()
    visitor.page.wait_for_selector(".main-svg")


@pytest.fixture
def passing(visitor, hostile_page):
    """Let the second server's pages by; all else stays recorded and refused."""
    visitor.page.route(f"{hostile_page}/**", lambda route: route.continue_())
    return visitor


def test_plain_text_is_text_in_every_place_for_markdown(passing, hostile_page):
    draw(passing, f"{hostile_page}/")
    assert of_elsewhere(passing) == []
    body = passing.page.locator("body").inner_text().replace("\u2060", "")
    for shown in (f"[Sign in again](http://{HOST})", ":smile:", "$x^2$", "http&colon;//", "**b**"):
        assert body.count(shown) > 20, shown
    assert passing.page.locator("[data-testid=stMarkdownContainer] .katex, h1 a, h3 a").count() == 0


def test_the_same_text_without_the_cure_speaks(passing, hostile_page):
    draw(passing, f"{hostile_page}/?raw=1")
    found = " ".join(of_elsewhere(passing))
    for address in (f"http://{HOST}/i.png", f"http://www.{HOST}", f"mailto:a@{HOST}"):
        assert address in found.lower()


def test_a_link_to_the_app_cannot_speak(visitor):
    values = (f"![i](//{HOST}/i.png)", f"[Sign in](//{HOST})", f"WWW.{HOST}", f"a@{HOST}")
    for value in values:
        visitor.open(f"/predict?pm25={quote(value)}&no2={quote(value)}")
        ignored = visitor.page.get_by_text("The readings in the link are ignored")
        ignored.wait_for()
        assert value in ignored.inner_text().replace("\u2060", "")
        assert of_elsewhere(visitor) == visitor.outside == []
