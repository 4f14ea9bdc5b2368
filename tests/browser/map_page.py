"""A page with nothing but the map; `?marks=2000` says how many stations stand on it."""

import random

import streamlit as st

from aqfusion.air.aqi import standard
from aqfusion.settings import ASSETS
from aqfusion.ui.stations.explorer import pick_on_map
from aqfusion.ui.stations.map import legend
from aqfusion.ui.stations.map_values import US, Mark, bands

HOSTILE = "<img src=x onerror=alert(1)>"
PLACES = [
    ("delhi", "Delhi, ITO", 28.63, 77.24, 312, False, False),
    ("kathmandu", "Kathmandu", 27.71, 85.32, 168, False, False),
    ("dhaka", "Dhaka", 23.81, 90.41, 141, True, False),
    ("bengaluru", "Bengaluru", 12.97, 77.59, 62, False, True),
    ("chennai", "Chennai", 13.08, 80.27, 88, True, True),
    ("mumbai", "Mumbai", 19.08, 72.88, 104, False, False),
    ("colombo", "Colombo", 6.93, 79.85, 41, False, False),
    ("hostile", HOSTILE, 17.39, 78.49, 223, False, False),
    ("under_score", "A_b {{'c'}} `${d}` </script>\\", 22.57, 88.36, 415, False, False),
]


def mark(identity, name, latitude, longitude, aqi, approximate, old):
    category = standard("us").category_of(aqi)
    return Mark(
        *(identity, name, latitude, longitude, category.colour, category.text_colour, str(aqi)),
        lines=(f"AQI {aqi}, {category.name}", f"{name}, 14:00"),
        old=old,
        approximate=approximate,
    )


def scattered(count):
    """Stations around twelve cities, always the same ones."""
    dice = random.Random(1)
    cities = [(dice.uniform(9, 31), dice.uniform(72, 90)) for _ in range(12)]
    for number in range(count):
        latitude, longitude = dice.choice(cities)
        at = (dice.gauss(latitude, 0.7), dice.gauss(longitude, 0.7))
        aqi = dice.randrange(500)
        yield mark(f"s{number}", f"Station {number}", *at, aqi, aqi % 7 == 0, aqi % 5 == 0)


st.set_page_config(page_title="Map", layout="wide")
st.html(ASSETS / "style.css")
st.session_state.runs = st.session_state.get("runs", 0) + 1
count = int(st.query_params.get("marks", 0))
marks = list(scattered(count)) if count else [mark(*place) for place in PLACES]
if st.toggle("Only the worst", key="worst"):
    marks = [mark for mark in marks if int(mark.label) > 200]
chosen = pick_on_map(
    marks, "stations", on_choose=lambda identity: st.session_state.update(told=identity)
)
st.html(legend(bands(US)))
told = st.session_state.get("told")
st.html(f"<p id='state'>runs={st.session_state.runs} chosen={chosen} told={told}</p>")
