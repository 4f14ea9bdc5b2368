"""The gate as a browser sees it: pages work under their headers, refusals are sentences."""

import re

import pytest

from aqfusion.settings import ROOT

pytestmark = pytest.mark.browser

FRAME = "iframe[title='streamlit_folium.st_folium']"
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


@pytest.mark.long  # the fixture `visitor` holds every browser test to the policy
def test_every_page_works_under_its_content_security_policy(visitor):
    """What the policy refuses stands in the console, and no test of a visitor accepts it."""
    for name in PAGES:
        response = visitor.page.goto(f"{visitor.address}/{name}")
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        visitor.page.wait_for_selector("h1", timeout=60_000)
        visitor.settle()
        assert (name, visitor.refused) == (name, [])
    assert visitor.outside == []


def test_the_streets_of_the_map_are_all_that_comes_from_outside(visitor):
    visitor.open("/stations", until=FRAME)
    frame = visitor.page.frame_locator(FRAME)
    frame.locator(".coin").first.wait_for()
    visitor.settle()
    frame.get_by_text("Streets").click()
    visitor.page.wait_for_timeout(500)
    assert visitor.outside
    assert all(re.match(r"https://tile\.openstreetmap\.org/", url) for url in visitor.outside)
