"""The error at a held-out site, by the number of its known days."""

from collections.abc import Mapping, Sequence
from math import log2
from typing import Any

import plotly.graph_objects as go

from aqfusion.figures import Estimate
from aqfusion.history_figures import (
    HISTORY_KINDS,
    HistoryBaseline,
    HistoryFigures,
    baseline_steps,
    steps,
)
from aqfusion.ui.evaluation import words
from aqfusion.ui.figure_style import BLUE, GREEN, GREY, PINK, VERMILION, blank

_STYLES = {
    "image_only": (VERMILION, "solid", "diamond"),
    "fused": (BLUE, "solid", "circle"),
    "sensors_only": (GREEN, "dash", "square"),
    "nothing": (PINK, "dot", "triangle-up"),
    "constant": (GREY, "dash", "line-ew-open"),
    "place_mean": (GREY, "dot", "x"),
}
_BESIDE = 0.035  # so that the intervals of one step are beside each other


def history_chart(
    history: Sequence[HistoryFigures], baselines: Sequence[HistoryBaseline]
) -> go.Figure:
    """Draw session RMSE by known days, a line per kind of input and two without a model."""
    lines = {
        kind: {days: figures.session_rmse for days, figures in steps(history, kind).items()}
        for kind in HISTORY_KINDS
    }
    simple = {name: baseline_steps(baselines, name) for name in ("constant", "place_mean")}
    all_days = sorted({days for line in (*lines.values(), *simple.values()) for days in line})
    highest = max(
        (estimate.high for line in lines.values() for estimate in line.values()), default=100
    )
    ticks = {"tickvals": [_across(days) for days in all_days], "ticktext": list(map(str, all_days))}
    figure = blank(
        460,
        xaxis={**ticks, "title": {"text": "days of the place that are known"}},
        yaxis={"range": [0, 1.05 * highest], "title": {"text": "session RMSE in AQI points"}},
        legend_y=-0.22,
    )
    for number, (kind, line) in enumerate(lines.items()):
        beside = (number - (len(lines) - 1) / 2) * _BESIDE
        figure.add_trace(_line(kind, words.HISTORY_KINDS[kind], line, beside, _intervals(line)))
    for name, line in simple.items():
        figure.add_trace(_line(name, words.HISTORY_BASELINES[name], line, 0))
    return figure


def _across(days: int) -> float:
    """The position of a number of days: the first ones matter most and get the most room."""
    return log2(1 + days)


def _line(
    name: str,
    title: str,
    line: Mapping[int, Estimate],
    beside: float,
    intervals: dict[str, Any] | None = None,
) -> go.Scatter:
    colour, dash, symbol = _STYLES[name]
    return go.Scatter(
        name=title,
        mode="lines+markers",
        x=[_across(days) + beside for days in line],
        y=[estimate.value for estimate in line.values()],
        error_y=intervals,
        customdata=[(days, estimate.low, estimate.high) for days, estimate in line.items()],
        marker={"color": colour, "symbol": symbol, "size": 9},
        line={"color": colour, "dash": dash, "width": 2},
        hovertemplate=(
            "known days: %{customdata[0]}<br>"
            "%{y:.1f} (%{customdata[1]:.1f} to %{customdata[2]:.1f})"
        ),
    )


def _intervals(line: Mapping[int, Estimate]) -> dict[str, Any]:
    return {
        "type": "data",
        "array": [max(0, estimate.high - estimate.value) for estimate in line.values()],
        "arrayminus": [max(0, estimate.value - estimate.low) for estimate in line.values()],
        "thickness": 1,
        "width": 0,
    }
