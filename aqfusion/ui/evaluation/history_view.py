"""The error at a place by the number of its known days: chart, tables, sentences."""

from collections.abc import Mapping, Sequence
from math import log2
from typing import Any

import plotly.graph_objects as go

from aqfusion.metric_values import Estimate
from aqfusion.metrics import (
    HISTORY_KINDS,
    NOTHING,
    HistoryBaseline,
    HistoryFigures,
    baseline_steps,
    joined,
    steps,
    unknown_place,
)
from aqfusion.ui.chart_style import BLUE, GREEN, GREY, PINK, VERMILION, blank
from aqfusion.ui.evaluation import text
from aqfusion.ui.table import Cell, Column, Table, number

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
        xaxis={**ticks, "title": {"text": "known days of the place"}},
        yaxis={"range": [0, 1.05 * highest], "title": {"text": "session RMSE in AQI points"}},
        legend_y=-0.22,
    )
    for position, (kind, line) in enumerate(lines.items()):
        beside = (position - (len(lines) - 1) / 2) * _BESIDE
        figure.add_trace(_line(kind, text.HISTORY_KINDS[kind], line, beside, _intervals(line)))
    for name, line in simple.items():
        figure.add_trace(_line(name, text.HISTORY_BASELINES[name], line, 0))
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


_ON_TARGET = (0.87, 0.93)
_PLACE_MEAN = ("place_mean", None)  # of all days in other folds
_QUALITY = (
    Column("RMSE", ".1f"),
    Column("accuracy", ".0%"),
    Column("90 % interval coverage", ".0%"),
    Column("interval width", ".0f"),
)


def step_table(history: Sequence[HistoryFigures]) -> Table:
    """Every figure of every kind of input and number of known days."""
    columns = (
        Column("sees"),
        Column("known days"),
        Column("session RMSE", ".1f"),
        Column("without these days", ".1f"),
        Column("these days alone", ".1f"),
        *_QUALITY,
        Column("draws of days"),
        Column("places"),
    )
    rows = (
        (
            text.HISTORY_KINDS[kind],
            days,
            figures.session_rmse,
            None if kind == NOTHING else figures.network,
            figures.site,
            *_quality(figures),
            figures.draws,
            figures.places,
        )
        for kind in HISTORY_KINDS
        for days, figures in steps(history, kind).items()
    )
    return Table(columns, tuple(rows))


def rival_table(history: Sequence[HistoryFigures], baselines: Sequence[HistoryBaseline]) -> Table:
    """Session RMSE of our model and of simpler methods, a column per number of known days."""
    lines: list[tuple[str, Mapping[int, Estimate]]] = [
        (
            f"Ours: {text.in_line(text.HISTORY_KINDS[kind])}",
            {days: figures.session_rmse for days, figures in steps(history, kind).items()},
        )
        for kind in HISTORY_KINDS
    ]
    lines += [
        (title, baseline_steps(baselines, name)) for name, title in text.HISTORY_BASELINES.items()
    ]
    days = sorted({step for _, line in lines for step in line})
    columns = (Column("method"), *(Column(_days(step), ".1f") for step in days))
    rows = ((title, *(line.get(step) for step in days)) for title, line in lines)
    return Table(columns, tuple(rows))


def known_place_table(
    history: Sequence[HistoryFigures], baselines: Sequence[HistoryBaseline]
) -> Table:
    """With and without the place's days of other folds: ours by kind of input, then the others."""
    columns = (
        Column("method"),
        Column("without its days", ".1f"),
        Column("its days alone", ".1f"),
        Column("with its days", ".1f"),
        *_QUALITY,
    )
    own = {figures.kind: figures for figures in history if figures.days is None}
    rows: list[tuple[Cell, ...]] = [
        (
            f"Ours: {text.in_line(text.HISTORY_KINDS[kind])}",
            *(
                (None, figures.session_rmse, None)
                if kind == NOTHING
                else (figures.network, figures.site, figures.session_rmse)
            ),
            *_quality(figures),
        )
        for kind in HISTORY_KINDS
        if (figures := own.get(kind))
    ]
    baseline_errors = {
        baseline.method: baseline.session_rmse for baseline in baselines if baseline.days is None
    }
    for title, names in text.KNOWN_PLACE_BASELINES.items():
        errors = [baseline_errors.get(name) if name else None for name in names]
        if any(errors):
            rows.append((title, *errors, None, None, None, None))
    return Table(columns, tuple(rows))


def chart_sentences(
    history: Sequence[HistoryFigures], baselines: Sequence[HistoryBaseline]
) -> list[str]:
    """The chart in sentences: photo only, photo and readings, and over which sites."""
    fused = steps(history, "fused")
    sentences = [unknown_place(history, baselines)]
    if fused:
        errors = joined([f"{figures.session_rmse.value:.0f}" for figures in fused.values()])
        sentences.append(
            f"With photo and readings the error is {errors} with {_known_days(fused)}."
        )
    kept = steps(history, "image_only") or fused
    if len({figures.places for figures in kept.values()}) > 1:
        places = joined([str(figures.places) for figures in kept.values()])
        sentences.append(
            "All places are weighted equally, but a place is only included while it has other "
            f"days to be tested on. With {_known_days(kept)} these are {places} places, so the "
            "steps are not exactly comparable."
        )
    return [sentence for sentence in sentences if sentence]


def interval_sentence(history: Sequence[HistoryFigures]) -> str:
    """A sentence on how many rows have the right coverage, and on the worst row."""
    low, high = _ON_TARGET
    right = sum(low <= round(figures.coverage, 2) <= high for figures in history)
    worst = max(history, key=lambda figures: abs(figures.coverage - 0.9))
    where = text.in_line(text.HISTORY_KINDS[worst.kind])
    if worst.days is not None:
        where += f", {_days(worst.days)}"
    return (
        f"The 90 % interval contains the measured AQI of 87 to 93 % of the photos, as it should, "
        f"in {right} of these {len(history)} cases; the largest deviation is {where}: "
        f"{number(worst.coverage, '.0%')}."
    )


def known_place_sentence(
    history: Sequence[HistoryFigures], baselines: Sequence[HistoryBaseline]
) -> str:
    """A sentence on the gain by the site's days over a photo, and on their mean alone."""
    photo, days = (
        next((figures for figures in history if (figures.kind, figures.days) == (kind, None)), None)
        for kind in ("image_only", NOTHING)
    )
    means = (
        baseline.session_rmse
        for baseline in baselines
        if (baseline.method, baseline.days) == _PLACE_MEAN
    )
    mean = next(means, None)
    if photo is None:
        return ""
    sentence = (
        f"The error from a photo alone is {photo.network:.1f} AQI points; with the days of the "
        f"place it is {photo.session_rmse.value:.1f}"
    )
    if days is not None:
        sentence += f", and from the days without the photo {days.session_rmse.value:.1f}"
    if mean is None:
        return f"{sentence}."
    return f"{sentence}. The mean AQI of those days has an error of {mean.value:.1f}."


def _quality(figures: HistoryFigures) -> tuple[float, float, float, float]:
    return figures.rmse, figures.accuracy, figures.coverage, figures.width


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def _known_days(figures_by_days: Mapping[int, HistoryFigures]) -> str:
    return f"{joined(list(map(str, figures_by_days)))} known days"
