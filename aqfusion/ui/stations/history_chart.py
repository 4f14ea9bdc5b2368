"""A station's measurements over time, on the bands of the categories or as concentrations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from aqfusion.air.pollutants import pollutant
from aqfusion.stations.station import Measurement
from aqfusion.ui.figure_style import GREY, TEXT, VERMILION, blank, category_bands
from aqfusion.ui.stations.views import Estimates, estimate_of, judge, standard_of, when

AQI = "AQI"
_DAY_MS = 86_400_000
_TICKS = [
    {"dtickrange": [None, _DAY_MS - 1], "value": "%H:%M\n%-d %b %Y"},
    {"dtickrange": [_DAY_MS, None], "value": "%-d %b\n%Y"},
]


def history_chart(
    measurements: Sequence[Measurement],
    quantity: str,
    view: str,
    estimates: Estimates,
    at: datetime,
) -> go.Figure:
    """Draw `AQI` or a pollutant of one station, oldest first; a line marks the time `at`.

    Times are on the station's own clock.
    """
    is_index = quantity == AQI
    points = [
        (measurement, value)
        for measurement in measurements
        if (value := _value(measurement, quantity, view))
    ]
    guesses = [
        (measurement, estimate)
        for measurement in measurements
        if is_index and (estimate := estimate_of(measurement, estimates))
    ]
    highest = [value for _, (value, _) in points] + [estimate.high for _, estimate in guesses]
    bands = category_bands(standard_of(view)) if is_index else []
    figure = blank(
        300,
        xaxis={"type": "date", "nticks": 4, "tickangle": 0, "tickformatstops": _TICKS},
        yaxis={"range": [0, 1.08 * max([1.0, *highest])], "title": {"text": _title(quantity)}},
        shapes=[*bands, _line(_on_clock(at, measurements))],
        showlegend=bool(guesses),
        legend={"orientation": "h", "x": 0, "y": -0.26, "yanchor": "top"},
    )
    figure.add_trace(
        go.Scatter(
            name="measured",
            mode="lines+markers",
            x=[measurement.time.replace(tzinfo=None) for measurement, _ in points],
            y=[value for _, (value, _) in points],
            line={"color": GREY, "width": 1},
            marker={
                "size": 11,
                "color": [colour for _, (_, colour) in points],
                "line": {"width": 1, "color": TEXT},
            },
            text=[when(measurement.time) for measurement, _ in points],
            hovertemplate="%{y:.4g}<br>%{text}<extra>measured</extra>",
        )
    )
    if guesses:
        figure.add_trace(
            go.Scatter(
                name="model, 90 % interval",
                mode="markers",
                x=[measurement.time.replace(tzinfo=None) for measurement, _ in guesses],
                y=[estimate.value for _, estimate in guesses],
                error_y={
                    "type": "data",
                    "array": [estimate.high - estimate.value for _, estimate in guesses],
                    "arrayminus": [estimate.value - estimate.low for _, estimate in guesses],
                    "thickness": 1,
                    "width": 3,
                },
                marker={"size": 8, "symbol": "diamond", "color": VERMILION},
                text=[f"{estimate.low:.0f} to {estimate.high:.0f}" for _, estimate in guesses],
                hovertemplate="%{y:.0f} (%{text})<extra>model</extra>",
            )
        )
    return figure


def _value(measurement: Measurement, quantity: str, view: str) -> tuple[float, str] | None:
    """The height of a point and its colour."""
    if quantity != AQI:
        value = getattr(measurement.reading, quantity)
        return None if value is None else (value, GREY)
    summary = judge(measurement, view)
    return (
        None
        if summary.aqi is None or summary.category is None
        else (summary.aqi, summary.category.colour)
    )


def _title(quantity: str) -> str:
    if quantity == AQI:
        return AQI
    entry = pollutant(quantity)
    return f"{entry.label}, {entry.unit.replace('ug', 'µg').replace('m3', 'm³')}"


def _on_clock(at: datetime, measurements: Sequence[Measurement]) -> datetime:
    """The time on the clock of the station: Plotly has no zones."""
    return at.astimezone(measurements[-1].time.tzinfo).replace(tzinfo=None)


def _line(at: datetime) -> dict[str, Any]:
    return {
        "type": "line",
        "layer": "below",
        "yref": "paper",
        "x0": at,
        "x1": at,
        "y0": 0,
        "y1": 1,
        "line": {"color": GREY, "width": 2, "dash": "dot"},
    }
