"""Reruns that overlap: every page comes to rest without an error, whatever they interrupt."""

from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import serve
from tests.browser.overlapping import visits

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("overlapping"), "-m", "streamlit") as address:
        yield urlsplit(address).port


@pytest.mark.parametrize(
    ("page", "visitors", "moves"), [("predict", 10, 40), ("explain", 4, 20), ("stations", 4, 20)]
)
def test_sliders_that_move_faster_than_answers_come_break_nothing(port, page, visitors, moves):
    seen = visits(port, page, visitors, moves, pause_s=0.05)
    assert [one.errors for one in seen] == [[]] * visitors
    assert all(one.runs > 2 for one in seen)
    if page == "predict":  # the sliders of the others are folded in, or are widgets of another kind
        assert all(len(one.sliders) == 6 for one in seen)
