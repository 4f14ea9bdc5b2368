"""Coverage of the 90 % interval, and the reliability diagram."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from aqfusion.metric_values import CalibrationMetrics, Interval, PlaceFigures
from aqfusion.ui.chart_style import BAND, BLUE, GREY, blank, marks
from aqfusion.ui.markup import chart_text
from aqfusion.ui.table import Column, Table, number

TARGET, BAND_LOW, BAND_HIGH = 0.90, 0.87, 0.93
_SHARE: dict[str, Any] = {
    "tickformat": ".0%",
    "title": {"text": "interval contains the measured AQI"},
}


def place_coverage_chart(places: Mapping[str, PlaceFigures]) -> go.Figure:
    """Draw a mark per place with its share."""
    figure = blank(
        530,
        xaxis={**_SHARE, "range": _range([place.coverage for place in places.values()])},
        yaxis={"autorange": "reversed"},
        showlegend=False,
        margin={"l": 4, "r": 48, "t": 34, "b": 4},  # the place of "100 %" on a phone
    )
    figure.add_vrect(x0=BAND_LOW, x1=BAND_HIGH, fillcolor=BAND, line_width=0, layer="below")
    figure.add_vline(x=TARGET, line={"color": GREY, "dash": "dash", "width": 1.5})
    colours = marks(places)
    for name, place in places.items():
        figure.add_trace(
            go.Scatter(
                mode="markers+text",
                x=[place.coverage],
                y=[chart_text(name).replace(", ", ",<br>")],
                text=[f" {number(place.coverage, '.0%')}"],
                textposition="middle right",
                cliponaxis=False,
                marker={**colours[name], "size": 11},
                hovertemplate=f"{place.sessions} sessions, {place.photos} photos<extra></extra>",
            )
        )
    return figure


def readings_coverage_chart(intervals: Mapping[int, Interval]) -> go.Figure:
    """Draw the share by number of readings; for the photo alone that is one mark."""
    counts = sorted(intervals)
    figure = blank(
        460,
        xaxis={"range": [-0.5, 6.5], "dtick": 1, "title": {"text": "readings shown"}},
        yaxis={**_SHARE, "range": _range([interval.coverage for interval in intervals.values()])},
        showlegend=False,
    )
    figure.add_hrect(y0=BAND_LOW, y1=BAND_HIGH, fillcolor=BAND, line_width=0, layer="below")
    figure.add_hline(y=TARGET, line={"color": GREY, "dash": "dash", "width": 1.5})
    figure.add_trace(
        go.Scatter(
            mode="lines+markers+text",
            x=counts,
            y=[intervals[count].coverage for count in counts],
            text=[number(intervals[count].coverage, ".0%") for count in counts],
            textposition="top center",
            customdata=[intervals[count].width for count in counts],
            marker={"color": BLUE, "size": 9},
            line={"color": BLUE, "width": 2},
            hovertemplate="%{y:.1%}, %{customdata:.0f} AQI points wide<extra></extra>",
        )
    )
    return figure


def readings_coverage_table(intervals: Mapping[int, Interval]) -> Table:
    """Coverage and width by number of readings."""
    columns = (Column("readings"), Column("coverage"), Column("width in AQI points"))
    rows = ((count, intervals[count].coverage, intervals[count].width) for count in intervals)
    return Table(columns, tuple(rows))


def _range(coverages: list[float]) -> list[float]:
    """From half, or from 0 where something is lower, with room for the figures beyond 100 %."""
    return [0.5 if min(coverages, default=1) >= 0.55 else 0, 1.1]


_LARGEST = 30  # pixels


def reliability_chart(calibration: CalibrationMetrics) -> go.Figure:
    """Draw stated confidence against the share that came true; a mark's area is its photos."""
    bins = calibration.reliability
    most = max((calibration_bin.photos for calibration_bin in bins), default=1)
    axis = {"range": [0, 1.03], "tickformat": ".0%", "dtick": 0.2}
    figure = blank(
        400,
        xaxis={**axis, "title": {"text": "stated probability"}},
        yaxis={**axis, "title": {"text": "share of right predictions"}},
        showlegend=False,
    )
    figure.add_shape(
        type="line", x0=0, y0=0, x1=1, y1=1, line={"color": GREY, "dash": "dash", "width": 1.5}
    )
    figure.add_trace(
        go.Scatter(
            mode="lines+markers",
            x=[calibration_bin.confidence for calibration_bin in bins],
            y=[calibration_bin.accuracy for calibration_bin in bins],
            customdata=[calibration_bin.photos for calibration_bin in bins],
            marker={
                "color": BLUE,
                "opacity": 0.85,
                "size": [
                    max(6, _LARGEST * (calibration_bin.photos / most) ** 0.5)
                    for calibration_bin in bins
                ],
            },
            line={"color": BLUE, "width": 2},
            hovertemplate="stated %{x:.0%}, right in %{y:.0%}<br>%{customdata} photos"
            "<extra></extra>",
        )
    )
    return figure


def reliability_table(calibration: CalibrationMetrics) -> Table:
    """The bins, after calibration."""
    columns = (Column("confidence"), Column("accuracy"), Column("photos"))
    return Table(
        columns, tuple((b.confidence, b.accuracy, b.photos) for b in calibration.reliability)
    )


def trust_table(calibration: CalibrationMetrics) -> Table:
    """ECE and Brier score, before and after."""
    before, after = calibration.before, calibration.after
    return Table(
        (Column("0 is best"), Column("before", ".3f"), Column("after calibration", ".3f")),
        (
            ("Calibration error (ECE)", before.ece, after.ece),
            ("Brier score", before.brier, after.brier),
        ),
    )
