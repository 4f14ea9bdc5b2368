"""Reliability diagram: accuracy beside the predicted confidence."""

import plotly.graph_objects as go

from aqfusion.figures import Calibration
from aqfusion.ui.figure_style import BLUE, GREY, blank
from aqfusion.ui.table import Column, Table

_LARGEST = 30  # pixels


def reliability_chart(calibration: Calibration) -> go.Figure:
    """Draw stated confidence against the share that came true; a mark's area is its photos."""
    bins = calibration.reliability
    most = max((calibration_bin.photos for calibration_bin in bins), default=1)
    axis = {"range": [0, 1.03], "tickformat": ".0%", "dtick": 0.2}
    figure = blank(
        400,
        xaxis={**axis, "title": {"text": "what the model says"}},
        yaxis={**axis, "title": {"text": "how often it is right"}},
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
            hovertemplate="says %{x:.0%}, right in %{y:.0%}<br>%{customdata} photos<extra></extra>",
        )
    )
    return figure


def reliability_table(calibration: Calibration) -> Table:
    """The bins, after calibration."""
    columns = (Column("confidence"), Column("accuracy"), Column("photos"))
    return Table(
        columns, tuple((b.confidence, b.accuracy, b.photos) for b in calibration.reliability)
    )


def trust_table(calibration: Calibration) -> Table:
    """ECE and Brier score, before and after."""
    before, after = calibration.before, calibration.after
    return Table(
        (Column("0 is best"), Column("before", ".3f"), Column("after calibration", ".3f")),
        (
            ("Calibration error (ECE)", before.ece, after.ece),
            ("Brier score", before.brier, after.brier),
        ),
    )
