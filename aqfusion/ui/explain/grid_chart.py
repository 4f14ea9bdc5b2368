"""The AQI as two readings change: a heat map in the colours of the categories."""

import plotly.graph_objects as go

from aqfusion.air.aqi import standard
from aqfusion.air.pollutants import pollutant
from aqfusion.model.prediction import Floats
from aqfusion.ui.explain.words import UNITS, title
from aqfusion.ui.figure_style import TEXT, blank

_HEIGHT = 400
_TOP = 500


def grid_chart(
    across: tuple[str, Floats],
    up: tuple[str, Floats],
    aqi: Floats,
    now: tuple[float, float] | None,
) -> go.Figure:
    """Draw the AQI (U, A) over two readings' values; `now` is where they are today."""
    axes = [
        {"title": {"text": f"{title(name)} in {UNITS[pollutant(name).unit]}"}, "showgrid": False}
        for name, _ in (across, up)
    ]
    figure = blank(_HEIGHT, showlegend=False, xaxis=axes[0], yaxis=axes[1])
    figure.add_trace(
        go.Heatmap(
            x=across[1],
            y=up[1],
            z=aqi,
            zmin=0,
            zmax=_TOP,
            colorscale=_category_colours(),
            colorbar={
                "title": {"text": "AQI", "font": {"color": TEXT}},
                "tickfont": {"color": TEXT},
                "thickness": 14,
                "outlinewidth": 0,
                "dtick": 100,
            },
            hovertemplate=f"{title(across[0])} %{{x:.4g}}, {title(up[0])} %{{y:.4g}}: "
            "AQI %{z:.0f}<extra></extra>",
        )
    )
    if now is not None:
        figure.add_trace(
            go.Scatter(
                mode="markers",
                x=[now[0]],
                y=[now[1]],
                marker={
                    "size": 13,
                    "color": "white",
                    "line": {"width": 3, "color": "black"},
                },
                hovertemplate="now: %{x:.4g}, %{y:.4g}<extra></extra>",
            )
        )
    return figure


def _category_colours() -> list[tuple[float, str]]:
    """Steps at the ends of the categories, as Plotly wants them."""
    steps: list[tuple[float, str]] = []
    for category in standard("us").categories:
        low, high = max(0.0, category.i_low - 0.5), min(float(_TOP), category.i_high + 0.5)
        steps += [(low / _TOP, category.colour), (high / _TOP, category.colour)]
    return steps
