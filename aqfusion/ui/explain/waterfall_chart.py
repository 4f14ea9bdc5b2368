"""From the prediction without inputs to the one from all: one step per input."""

import plotly.graph_objects as go

from aqfusion.air.sensors import Reading
from aqfusion.explain.shapley import Contributions
from aqfusion.explain.words import moved
from aqfusion.ui.explain import words
from aqfusion.ui.figure_style import BLUE, GREY, TEXT, VERMILION, blank

_HEIGHT = 420  # pixels, for any number of inputs


def waterfall_chart(
    attribution: Contributions, input_names: tuple[str, ...], reading: Reading
) -> go.Figure:
    """Draw the steps downwards in the order of the inputs, which never changes."""
    ends = ("Nothing known", "All together")
    names = [words.with_amount(name, reading) for name in input_names]
    points = [attribution.points[name] for name in input_names]
    figure = blank(
        _HEIGHT,
        showlegend=False,
        xaxis={"range": _reach(attribution, points), "title": {"text": "AQI"}},
        yaxis={"autorange": "reversed", "showgrid": False},
    )
    figure.add_trace(
        go.Waterfall(
            orientation="h",
            measure=["absolute", *("relative" for _ in input_names), "total"],
            y=[ends[0], *names, ends[1]],
            x=[attribution.base, *points, attribution.aqi],
            text=[
                f"{attribution.base:.0f}",
                *(f"{round(p):+d}" for p in points),
                f"{attribution.aqi:.0f}",
            ],
            textposition="outside",
            textfont={"color": TEXT},
            cliponaxis=False,
            increasing={"marker": {"color": VERMILION}},
            decreasing={"marker": {"color": BLUE}},
            totals={"marker": {"color": GREY}},
            connector={"line": {"color": GREY, "width": 1}},
            hovertext=[
                "what the model says when it knows nothing",
                *(moved(p) for p in points),
                "the prediction",
            ],
            hovertemplate="%{y}: %{hovertext}<extra></extra>",
        )
    )
    return figure


def _reach(attribution: Contributions, points: list[float]) -> list[float]:
    """From 0 to beyond the furthest step, with room for its text."""
    at, furthest = attribution.base, max(attribution.base, attribution.aqi)
    for step in points:
        at += step
        furthest = max(furthest, at)
    return [0, 1.12 * furthest + 10]
