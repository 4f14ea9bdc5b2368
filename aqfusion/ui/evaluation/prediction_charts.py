"""Predicted against measured AQI, missing readings, and the confusion matrix."""

from collections.abc import Iterable, Sequence
from itertools import product

import plotly.graph_objects as go

from aqfusion.air.aqi import Category, standard
from aqfusion.metric_values import KINDS, Estimate, MaskedRmse, MissingReadingsMetrics
from aqfusion.metrics import SessionMetrics
from aqfusion.ui.chart_style import BLUE, GREEN, GREY, TEXT, VERMILION, blank, marks
from aqfusion.ui.markup import chart_text
from aqfusion.ui.table import Cell, Column, Table, number

_TOP = 500
_SHORT_IN_LEGEND = {"Unhealthy for Sensitive Groups": "Sensitive groups"}


def session_chart(sessions: Iterable[SessionMetrics], kind: str) -> go.Figure:
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


def session_table(sessions: Iterable[SessionMetrics]) -> Table:
    """The same figures, all kinds of input side by side."""
    columns = (Column("place"), Column("photos"), Column("measured AQI"))
    rows: list[tuple[Cell, ...]] = [
        (s.place, s.photos, s.measured, *(s.predicted[kind] for kind in KINDS)) for s in sessions
    ]
    return Table((*columns, *(Column(f"{kind} AQI") for kind in KINDS)), tuple(rows))


def _place(
    place: str, met: list[tuple[SessionMetrics, Estimate]], mark: dict[str, str]
) -> go.Scatter:
    return go.Scatter(
        name=chart_text(place),
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
        text=_SHORT_IN_LEGEND.get(category.name, category.name),
        x=_TOP,
        y=high,
        xanchor="right",
        yanchor="top",
        showarrow=False,
        font={"size": 10},
        opacity=0.75,
    )


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


def partial_sentence(partial: MissingReadingsMetrics) -> str:
    """A sentence on how the three compare over all choices, and how often the photo helps."""
    means = partial.mean_over_masks
    return (
        f"Over all choices that show something: {means['sensors_only']:.1f} from readings only, "
        f"{means['better_single']:.1f} from the better of the two, {means['fused']:.1f} from both; "
        f"both together are at least as good in {number(partial.fused_wins, '.0%')} of the choices."
    )


Counts = tuple[tuple[int, ...], ...]
_SHORT_CATEGORIES = (
    "Good",
    "Moderate",
    "Sensitive<br>groups",
    "Unhealthy",
    "Very un-<br>healthy",
    "Hazardous",
)
# Clear to strong: text in the theme's own colour can be read on all of it, light and dark.
_SHADES = ((0, "rgba(24,134,180,0)"), (1, "rgba(24,134,180,.72)"))


def confusion_chart(
    counts: Counts, rows: str = "measured", columns: str = "predicted"
) -> go.Figure:
    """Draw counts, coloured by the share in the row; the axes name rows and columns."""
    share = shares(counts)
    names = [
        f'<span style="color:{category.colour}">■</span> {short}'
        for category, short in zip(standard("us").categories, _SHORT_CATEGORIES, strict=True)
    ]
    ticks = {"tickmode": "array", "tickvals": list(range(6)), "showgrid": False, "ticks": ""}
    figure = blank(
        560,
        xaxis={**ticks, "ticktext": _SHORT_CATEGORIES, "title": {"text": columns}},
        yaxis={
            **ticks,
            "ticktext": names,
            "title": {"text": rows},
            "range": [5.5, -0.5],
        },
        showlegend=False,
    )
    figure.add_trace(
        go.Heatmap(
            z=share,
            zmin=0,
            zmax=1,
            colorscale=_SHADES,
            showscale=False,
            xgap=2,
            ygap=2,
            hoverinfo="skip",
        )
    )
    cells = list(product(range(6), range(6)))
    figure.add_trace(
        go.Scatter(
            mode="text",
            x=[column for _, column in cells],
            y=[row for row, _ in cells],
            text=[_text(share[row][column], counts[row][column]) for row, column in cells],
            textfont={"color": TEXT},
            hoverinfo="skip",
        )
    )
    return figure


def confusion_table(counts: Counts, rows: str = "measured", columns: str = "predicted") -> Table:
    """The counts, with a line per row's category."""
    names = [category.name for category in standard("us").categories]
    titles = (Column(rows), *(Column(f"{columns} {name}") for name in names))
    return Table(titles, tuple((name, *row) for name, row in zip(names, counts, strict=True)))


def shares(counts: Counts) -> list[list[float | None]]:
    """Share of each row's photos; `None` in a row without any.

    >>> shares(((3, 1), (0, 0)))
    [[0.75, 0.25], [None, None]]
    """
    return [[count / sum(row) if sum(row) else None for count in row] for row in counts]


def _text(share: float | None, count: int) -> str:
    return f"{100 * share:.0f} %<br>{count}" if share is not None and count else ""
