"""Confusion matrix of measured and predicted categories: a heat map, Good first."""

from itertools import product

import plotly.graph_objects as go

from aqfusion.air.aqi import standard
from aqfusion.ui.figure_style import TEXT, blank
from aqfusion.ui.table import Column, Table

Counts = tuple[tuple[int, ...], ...]
_SHORT = (
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
        for category, short in zip(standard("us").categories, _SHORT, strict=True)
    ]
    ticks = {"tickmode": "array", "tickvals": list(range(6)), "showgrid": False, "ticks": ""}
    figure = blank(
        560,
        xaxis={**ticks, "ticktext": _SHORT, "title": {"text": columns}},
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
