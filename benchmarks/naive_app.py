"""The naive web app: one script that runs the whole network at each move of a slider.

    streamlit run benchmarks/naive_app.py

What an ordinary implementation looks like: model and pixels are cached, nothing else is.
"""

import sys
from pathlib import Path

import streamlit as st
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the package, when run as a script

from aqfusion.air.aqi import standard
from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.air.readings import Reading
from aqfusion.settings import ASSETS
from aqfusion.synthetic_scenes import scenes
from benchmarks.naive import NaiveModel

PHOTO = ASSETS / "scenes" / scenes()[0].file


@st.cache_resource
def load() -> NaiveModel:
    """The network, once for all visitors."""
    return NaiveModel()


@st.cache_resource
def decode() -> Tensor:
    """The photo's pixels, once for all visitors."""
    return load().decode(PHOTO.read_bytes())


st.title("How clean is this air?")
st.image(str(PHOTO))
values = [
    st.slider(pollutant(name).label, 0.0, 500.0, 10.0, key=f"sensor_{name}_value")
    for name in POLLUTANTS
]
aqi = load().predict(decode(), values)
category = standard("us").category_of(aqi)
st.metric("Air Quality Index", round(aqi), category.name, delta_color="off")
st.progress(min(1.0, aqi / 500))
formula = standard("us").index(Reading(**dict(zip(POLLUTANTS, values, strict=True))))
st.write("Official formula:", formula.aqi)
