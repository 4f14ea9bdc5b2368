"""Counterfactuals: one reading swept, two swept, and the value that reaches a category."""

import numpy as np
import streamlit as st

from aqfusion.air.aqi import Category, standard
from aqfusion.air.sensors import POLLUTANTS
from aqfusion.explain.what_if import Found, grid, search
from aqfusion.model.predict import Result
from aqfusion.model.prediction import Floats
from aqfusion.ui import sensor_input
from aqfusion.ui.explain import words
from aqfusion.ui.explain.grid_chart import grid_chart
from aqfusion.ui.explain.sweep_chart import sweep_chart
from aqfusion.ui.figure_style import png_button
from aqfusion.ui.inputs import Given

_LINE, _SIDE = 121, 41  # values of a sweep, and of each side of the grid


@st.fragment
def show(inputs: Given, result: Result) -> None:
    """Draw the choices, the two charts and the answer of the search."""
    st.markdown(words.WHAT_IF)
    choices = st.columns(3)
    name = choices[0].selectbox("Change", POLLUTANTS, format_func=words.title, key="explain_change")
    others = [other for other in POLLUTANTS if other != name]
    other = choices[1].selectbox(
        "together with", others, format_func=words.title, key=f"explain_with_{name}"
    )
    categories = {category.name: category for category in standard("us").categories}
    wanted = choices[2].selectbox("What would it take to reach", categories, 1, key="explain_reach")

    scene, start = inputs.scene, sensor_input.current_value(name)
    search_result = search(scene, name, categories[wanted], start)
    st.markdown(_answer(name, categories[wanted], search_result, result, inputs))
    values, up = _values(name, _LINE), _values(other, _SIDE)
    across = _values(name, _SIDE)
    now, beside = getattr(inputs.reading, name), getattr(inputs.reading, other)
    left, right = st.columns(2)
    left.plotly_chart(
        sweep_chart(
            name,
            values,
            scene.changed({name: values}),
            None if now is None else (now, float(result.fused.aqi)),
        ),
        width="stretch",
        key="chart_sweep",
        config=png_button(f"aqfusion-what-if-{name}"),
        alt=f"The AQI as {words.title(name)} changes",
    )
    right.plotly_chart(
        grid_chart(
            (name, across),
            (other, up),
            grid(scene, (name, across), (other, up)),
            None if now is None or beside is None else (now, beside),
        ),
        width="stretch",
        key="chart_grid",
        config=png_button(f"aqfusion-what-if-{name}-{other}"),
        alt=f"The AQI as {words.title(name)} and {words.title(other)} change",
    )


def _values(name: str, count: int) -> Floats:
    return np.linspace(0, sensor_input.reach(name), count)


def _answer(
    name: str, wanted: Category, search_result: Found, result: Result, inputs: Given
) -> str:
    """The result of the search in a sentence."""
    if result.fused.category == wanted:
        return f"It is **{wanted.name}** already."
    prediction = search_result.prediction
    value = f"**{words.title(name)} at {words.amount(name, search_result.value)}**"
    now = getattr(inputs.reading, name)
    instead = "" if now is None else f" instead of {words.amount(name, now)}"
    if search_result.reached:
        return (
            f"**{wanted.name}** would take {value}{instead}: the model then says {prediction.aqi}, "
            f"in nine cases of ten between {prediction.low} and {prediction.high}."
        )
    return (
        f"No value of {words.title(name)} alone reaches **{wanted.name}**. "
        f"Nearest comes {value}, where the model says {prediction.aqi}."
    )
