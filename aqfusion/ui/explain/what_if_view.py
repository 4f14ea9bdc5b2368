"""Counterfactuals: one reading swept, two swept, and the value that reaches a category."""

import numpy as np
import streamlit as st

from aqfusion.air.aqi import Category, standard
from aqfusion.air.readings import POLLUTANTS
from aqfusion.explain.what_if import SearchResult, grid, search
from aqfusion.model.prediction import Floats
from aqfusion.model.predictor import Result
from aqfusion.ui import heavy_work, reading_input
from aqfusion.ui.chart_style import png_button
from aqfusion.ui.explain import text
from aqfusion.ui.explain.charts import grid_chart, sweep_chart
from aqfusion.ui.inputs import PredictionInputs

_LINE, _SIDE = 121, 41  # values of a sweep, and of each side of the grid


@st.fragment
@heavy_work.shown_busy("what_if")
def render_what_if(inputs: PredictionInputs, result: Result) -> None:
    """Draw the choices, the two charts and the answer of the search."""
    st.markdown(text.WHAT_IF)
    choices = st.columns(3)
    name = choices[0].selectbox("Change", POLLUTANTS, format_func=text.title, key="explain_change")
    others = [other for other in POLLUTANTS if other != name]
    other = choices[1].selectbox(
        "together with", others, format_func=text.title, key=f"explain_with_{name}"
    )
    categories = {category.name: category for category in standard("us").categories}
    wanted = choices[2].selectbox("Category to reach", categories, 1, key="explain_reach")

    scene, start = inputs.scene, reading_input.current_value(name)
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
        alt=f"The AQI as {text.title(name)} changes",
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
        alt=f"The AQI as {text.title(name)} and {text.title(other)} change",
    )


def _values(name: str, count: int) -> Floats:
    return np.linspace(0, reading_input.reach(name), count)


def _answer(
    name: str,
    wanted: Category,
    search_result: SearchResult,
    result: Result,
    inputs: PredictionInputs,
) -> str:
    """The result of the search in a sentence."""
    if result.fused.category == wanted:
        return f"The result is already **{wanted.name}**."
    prediction = search_result.prediction
    value = f"**{text.title(name)} at {text.amount(name, search_result.value)}**"
    now = getattr(inputs.reading, name)
    instead = "" if now is None else f" instead of {text.amount(name, now)}"
    if search_result.reached:
        return (
            f"**{wanted.name}** would need {value}{instead}: the model then predicts "
            f"{prediction.aqi}, in nine cases out of ten between {prediction.low} and "
            f"{prediction.high}."
        )
    return (
        f"No value of {text.title(name)} alone reaches **{wanted.name}**. The nearest value is "
        f"{value}, where the model predicts {prediction.aqi}."
    )
