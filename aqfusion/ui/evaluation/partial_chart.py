"""The gain by the photo as readings go missing."""

from collections.abc import Sequence

import plotly.graph_objects as go

from aqfusion.figures import MaskedRmse, PartialSensors
from aqfusion.ui.figure_style import BLUE, GREEN, VERMILION, blank
from aqfusion.ui.table import Column, Table, number

_LINES = {
    "sensors_only": ("readings only", GREEN, "dot", "square", "top center"),
    "better_single": ("the better of the two alone", VERMILION, "dash", "diamond", None),
    "fused": ("photo and readings", BLUE, "solid", "circle", "bottom center"),
}


def partial_chart(masked: Sequence[MaskedRmse]) -> go.Figure:
    """Draw session RMSE by number of readings, a line per way to answer."""
    most = max((max(m.sensors_only, m.fused, m.better_single) for m in masked), default=100)
    figure = blank(
        400,
        xaxis={"range": [-0.5, 6.5], "dtick": 1, "title": {"text": "readings shown"}},
        yaxis={"range": [0, 1.15 * most], "title": {"text": "session RMSE in AQI points"}},
        legend_y=-0.24,
    )
    for name, (title, colour, dash, symbol, place) in _LINES.items():
        values = [getattr(row, name) for row in masked]
        figure.add_trace(
            go.Scatter(
                name=title,
                mode="lines+markers+text" if place else "lines+markers",
                x=[row.readings for row in masked],
                y=values,
                text=[f"{value:.0f}" for value in values],
                textposition=place,
                marker={"color": colour, "symbol": symbol, "size": 8},
                line={"color": colour, "dash": dash, "width": 2},
                hovertemplate="%{y:.1f}",
            )
        )
    return figure


def partial_table(masked: Sequence[MaskedRmse]) -> Table:
    """The same figures, and over how many choices each is a mean."""
    columns = (Column("readings"), Column("choices"), *(Column(f"{name} RMSE") for name in _LINES))
    rows = ((m.readings, m.masks, *(getattr(m, name) for name in _LINES)) for m in masked)
    return Table(columns, tuple(rows))


def partial_sentence(partial: PartialSensors) -> str:
    """A sentence on how the three compare over all choices, and how often the photo helps."""
    means = partial.mean_over_masks
    return (
        f"Over all choices that show something: {means['sensors_only']:.1f} from readings only, "
        f"{means['better_single']:.1f} from the better of the two, {means['fused']:.1f} from both; "
        f"both together are at least as good in {number(partial.fused_wins, '.0%')} of the choices."
    )
