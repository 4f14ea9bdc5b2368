"""Predicted against measured AQI, a mark per session on the bands of the categories."""

from collections.abc import Iterable

import plotly.graph_objects as go

from aqfusion.air.aqi import Category, standard
from aqfusion.figures import KINDS, Estimate
from aqfusion.metrics import Session
from aqfusion.ui.figure_style import GREY, blank, marks
from aqfusion.ui.table import Cell, Column, Table

_TOP = 500
_SHORT = {"Unhealthy for Sensitive Groups": "Sensitive groups"}


def session_chart(sessions: Iterable[Session], kind: str) -> go.Figure:
    """Draw the sessions that have a prediction of this kind; places have colour and shape."""
    figure = blank(
        560,
        xaxis={"range": [0, _TOP], "dtick": 100, "title": {"text": "measured AQI"}},
        yaxis={"range": [0, _TOP], "dtick": 100, "title": {"text": "predicted AQI"}},
    )
    for category in standard("us").categories:
        _band(figure, category)
    figure.add_shape(
        type="line", x0=0, y0=0, x1=_TOP, y1=_TOP, line={"color": GREY, "dash": "dash", "width": 1}
    )
    sessions = tuple(sessions)
    for place, mark in marks({session.place for session in sessions}).items():
        met = [(s, p) for s in sessions if s.place == place and (p := s.predicted[kind])]
        figure.add_trace(_place(place, met, mark))
    return figure


def session_table(sessions: Iterable[Session]) -> Table:
    """The same figures, all kinds of input side by side."""
    columns = (Column("place"), Column("photos"), Column("measured AQI"))
    rows: list[tuple[Cell, ...]] = [
        (s.place, s.photos, s.measured, *(s.predicted[kind] for kind in KINDS)) for s in sessions
    ]
    return Table((*columns, *(Column(f"{kind} AQI") for kind in KINDS)), tuple(rows))


def _place(place: str, met: list[tuple[Session, Estimate]], mark: dict[str, str]) -> go.Scatter:
    return go.Scatter(
        name=place,
        mode="markers",
        x=[session.measured for session, _ in met],
        y=[predicted.value for _, predicted in met],
        error_y={
            "type": "data",
            "array": [predicted.high - predicted.value for _, predicted in met],
            "arrayminus": [predicted.value - predicted.low for _, predicted in met],
            "thickness": 1,
            "width": 0,
        },
        marker={**mark, "size": 9, "line": {"width": 1, "color": "rgba(255,255,255,.7)"}},
        customdata=[(predicted.low, predicted.high, session.photos) for session, predicted in met],
        hovertemplate=(
            "measured %{x:.0f}, predicted %{y:.0f} (%{customdata[0]:.0f} to %{customdata[1]:.0f})"
            "<br>%{customdata[2]} photos"
        ),
    )


def _band(figure: go.Figure, category: Category) -> None:
    """Tint where the prediction names this category, and strongly where that is right."""
    low, high = max(0, category.i_low - 1), category.i_high
    for left, right, opacity in ((0, _TOP, 0.09), (low, high, 0.28)):
        figure.add_shape(
            type="rect",
            layer="below",
            x0=left,
            x1=right,
            y0=low,
            y1=high,
            fillcolor=category.colour,
            opacity=opacity,
            line_width=0,
        )
    figure.add_annotation(
        text=_SHORT.get(category.name, category.name),
        x=_TOP,
        y=high,
        xanchor="right",
        yanchor="top",
        showarrow=False,
        font={"size": 10},
        opacity=0.75,
    )
