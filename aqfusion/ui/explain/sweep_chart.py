"""The AQI as one reading changes: the line, its 90 % band, the categories behind."""

from typing import Any

import plotly.graph_objects as go

from aqfusion.air.pollutants import pollutant
from aqfusion.model.prediction import Floats, Told
from aqfusion.ui.explain.words import UNITS, title
from aqfusion.ui.figure_style import GREY, TEXT, VERMILION, blank, category_bands

_HEIGHT = 400


def sweep_chart(
    name: str, values: Floats, prediction_batch: Told, now: tuple[float, float] | None
) -> go.Figure:
    """Draw predictions (V rows) over the values (V,); `now` is today's value and its AQI."""
    unit = UNITS[pollutant(name).unit]
    figure = blank(
        _HEIGHT,
        showlegend=False,
        hovermode="x",
        xaxis={"range": [0, float(values[-1])], "title": {"text": f"{title(name)} in {unit}"}},
        yaxis={"range": [0, 500], "dtick": 100, "title": {"text": "AQI"}},
        shapes=[*category_bands(), *([] if now is None else [_line(now[0])])],
    )
    edge = {"mode": "lines", "x": values, "line": {"width": 0}, "hoverinfo": "skip"}
    figure.add_trace(go.Scatter(y=prediction_batch.low, **edge))
    figure.add_trace(
        go.Scatter(
            y=prediction_batch.high, fill="tonexty", fillcolor="rgba(128,138,146,.32)", **edge
        )
    )
    figure.add_trace(
        go.Scatter(
            mode="lines",
            x=values,
            y=prediction_batch.aqi,
            line={"color": TEXT, "width": 2.5},
            customdata=list(zip(prediction_batch.low, prediction_batch.high, strict=True)),
            hovertemplate=f"%{{x:.4g}} {unit}: AQI %{{y:.0f}} "
            "(%{customdata[0]:.0f} to %{customdata[1]:.0f})<extra></extra>",
        )
    )
    if now is not None:
        figure.add_trace(
            go.Scatter(
                mode="markers",
                x=[now[0]],
                y=[now[1]],
                marker={"size": 13, "color": VERMILION, "line": {"width": 2, "color": "white"}},
                hovertemplate="now: %{x:.4g}, AQI %{y:.0f}<extra></extra>",
            )
        )
    return figure


def _line(value: float) -> dict[str, Any]:
    """Upright, at today's value."""
    line = {"color": GREY, "dash": "dot"}
    return {"type": "line", "x0": value, "x1": value, "y0": 0, "y1": 500, "line": line}
