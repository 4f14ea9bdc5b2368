"""One histogram: of late, and in training."""

import plotly.graph_objects as go

from aqfusion.drift.report import Histogram
from aqfusion.ui.figure_style import BLUE, GREY, blank
from aqfusion.ui.table import Column, Table

_HEIGHT = 340  # pixels


def drift_chart(histogram: Histogram, ranges: list[str]) -> go.Figure:
    """Draw the share of each range downwards, of late beside training."""
    figure = blank(
        _HEIGHT,
        barmode="group",
        bargap=0.25,
        margin={"l": 4, "r": 18, "t": 8, "b": 4},
        xaxis={"tickformat": ".0%", "rangemode": "tozero"},
        yaxis={"autorange": "reversed", "showgrid": False, "type": "category"},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": -0.14, "yanchor": "top"},
    )
    first = _first(histogram)
    for name, counts, colour in (
        ("of late", histogram.recent, BLUE),
        ("in training", histogram.trained, GREY),
    ):
        total = sum(counts) or 1
        figure.add_trace(
            go.Bar(
                orientation="h",
                name=name,
                y=ranges[first:],
                x=[count / total for count in counts[first:]],
                marker={"color": colour},
                hovertemplate=f"%{{y}}: %{{x:.0%}} {name}<extra></extra>",
            )
        )
    return figure


def drift_table(histogram: Histogram, ranges: list[str]) -> Table:
    """The counts that are drawn, and those of the days before."""
    columns = (
        Column("range"),
        Column("of late"),
        Column("days before"),
        Column("in training", ".1f"),
    )
    counts = (histogram.recent, histogram.before, histogram.trained)
    return Table(columns, tuple(zip(ranges, *counts, strict=True))[_first(histogram) :])


def _first(histogram: Histogram) -> int:
    """The first bin is of what is missing, which a distance never is."""
    return 0 if histogram.present is not None else 1
