"""Marks reach the browser as the same text, and the map is the same on every run."""

import json

import pytest
from streamlit_folium import _get_feature_group_string, _get_header, _get_map_string

from aqfusion.ui.stations.map import base_map, mark_group, station_map
from aqfusion.ui.stations.map_values import Mark, as_script

HOSTILE = "</script><img src=x onerror=alert(1)> _div_1 {{'x'}} `${y}` \\u2028\u2028 \"'"
DELHI = Mark("delhi", "Delhi", 28.6, 77.2, "#7E0023", "#FFFFFF", "312", ("AQI 312",), True, False)


def named(name):
    return Mark(name, name, 1.0, 2.0, "#00E400", "#000000", name, (name,))


def test_rows_say_all_that_a_mark_has():
    row = ["delhi", "Delhi", 28.6, 77.2, "#7E0023", "#FFFFFF", "312", ["AQI 312"], 1, 0]
    assert json.loads(as_script([DELHI])) == [row]


def test_hostile_text_arrives_unchanged_and_has_no_sign_that_a_script_could_stumble_over():
    text = as_script([named(HOSTILE)])
    assert json.loads(text)[0][1] == HOSTILE
    assert not set(text) & set("<>&'`_{}$/()#\u2028")


@pytest.mark.parametrize("colour", ["red", "#FFF", "#00E40", "#00E400;x", "", "#00E400\n"])
def test_a_colour_that_is_none_is_refused(colour):
    with pytest.raises(ValueError, match="colour must be #RRGGBB"):
        Mark("a", "A", 1.0, 2.0, colour, "#000000", "1")


@pytest.mark.parametrize("place", [(91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0)])
def test_a_place_off_the_earth_is_refused(place):
    with pytest.raises(ValueError, match="latitude must be -90 to 90"):
        Mark("a", "A", *place, "#00E400", "#000000", "1")


def sent(marks, dark=False):
    """What streamlit-folium sends to the browser."""
    drawn = base_map(dark=dark)
    drawn.get_root().render()
    header, script = _get_header(drawn), _get_map_string(drawn)
    return header, script, _get_feature_group_string(mark_group(marks), drawn)


def test_the_map_is_the_same_on_every_run():
    assert sent([DELHI]) == sent([DELHI])


def test_streamlit_folium_leaves_names_as_they_are():
    *_, script = sent([named("A_stations map_stations feature_group_0 alert(coords);")])
    found, _ = json.JSONDecoder().raw_decode(script, script.index("[["))
    assert found[0][1] == "A_stations map_stations feature_group_0 alert(coords);"


def test_marks_leave_the_map_below_them_untouched():
    assert sent([DELHI])[:2] == sent([])[:2]


def test_light_and_dark_are_different_maps():
    assert sent([], dark=True)[1] != sent([], dark=False)[1]


def test_a_whole_map_names_no_host_but_the_one_that_is_asked_for():
    html = station_map([DELHI]).get_root().render()
    links = [part.split('"')[0] for part in html.split('src="')[1:] + html.split('href="')[1:]]
    assert {link.split(":")[0] for link in links if not link.startswith("https://www.open")} == {
        "data"
    }
