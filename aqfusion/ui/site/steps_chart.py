"""Predictions from a site's days alone, after each: a line, its 90 % band, the days as marks."""

from collections.abc import Sequence

import plotly.graph_objects as go

from aqfusion.model.prediction import Prediction
from aqfusion.ui.figure_style import TEXT, VERMILION, blank, category_bands

_HEIGHT = 260


def steps_chart(steps: Sequence[Prediction], measured: Sequence[float]) -> go.Figure:
    """Draw one step more than there are days: the first is from before them."""
    x = list(range(len(steps)))
    figure = blank(
        _HEIGHT,
        xaxis={"dtick": max(1, len(steps) // 10), "title": {"text": "days, as they came"}},
        yaxis={"range": [0, 500], "dtick": 100, "title": {"text": "AQI"}},
        shapes=category_bands(),
        showlegend=False,
    )
    edge = {"mode": "lines", "x": x, "line": {"width": 0}, "hoverinfo": "skip"}
    figure.add_trace(go.Scatter(y=[prediction.low for prediction in steps], **edge))
    figure.add_trace(
        go.Scatter(
            y=[prediction.high for prediction in steps],
            fill="tonexty",
            fillcolor="rgba(128,138,146,.32)",
            **edge,
        )
    )
    figure.add_trace(
        go.Scatter(
            mode="lines+markers",
            x=x,
            y=[prediction.aqi for prediction in steps],
            line={"color": TEXT, "width": 2.5},
            customdata=[(prediction.low, prediction.high) for prediction in steps],
            hovertemplate="after %{x}: AQI %{y} (%{customdata[0]} to %{customdata[1]})"
            "<extra></extra>",
        )
    )
    figure.add_trace(
        go.Scatter(
            mode="markers",
            x=x[1:],
            y=list(measured),
            marker={
                "size": 10,
                "color": VERMILION,
                "symbol": "diamond",
                "line": {"width": 1.5, "color": "white"},
            },
            hovertemplate="measured: AQI %{y:.0f}<extra></extra>",
        )
    )
    return figure
