"""The common style of all charts: size, margins, colours for colour-blind readers too.

Backgrounds and text colours are left to Streamlit's theme, which follows light and dark; so a
saved PNG has the background that its text was made for.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import plotly.graph_objects as go
from streamlit.elements.lib.streamlit_plotly_theme import GRAY_90

from aqfusion.air.aqi import standard
from aqfusion.ui import pandas_import

pandas_import.install()  # before any chart is drawn

# Okabe and Ito, https://jfly.uni-koeln.de/color/, without black and yellow, which vanish on dark
# and on light; marks differ in shape as well.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#8470C4", "#8A9299")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star", "hexagon", "cross")
BLUE, VERMILION, GREEN, PINK = _COLOURS[:4]
GREY = "rgba(128,138,146,.9)"
TEXT = GRAY_90  # for which Streamlit puts the strongest text colour of the visitor's theme
GRID = "rgba(128,138,146,.25)"
BAND = "rgba(0,158,115,.16)"


def blank(height: int, **layout: Any) -> go.Figure:
    """An empty figure of that height in pixels that neither zooms nor catches a finger's swipe."""
    # All in one layout: each later change of a figure costs Plotly ten milliseconds.
    return go.Figure(
        layout={
            "height": height,
            "margin": {"l": 4, "r": 18, "t": 34, "b": 4},
            "dragmode": False,
            "hovermode": "closest",
            "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": -0.16, "yanchor": "top"},
            **layout,
            "xaxis": _axis(layout.get("xaxis", {})),
            "yaxis": _axis(layout.get("yaxis", {})),
        }
    )


def _axis(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "fixedrange": True,
        "automargin": True,
        "zeroline": False,
        "gridcolor": GRID,
        "tickfont": {"color": TEXT},
        **settings,
        "title": {"font": {"color": TEXT}, **settings.get("title", {})},
    }


def category_bands(standard_name: str = "us") -> list[dict[str, Any]]:
    """Shapes that tint the heights of a figure whose vertical axis is the AQI of a standard."""
    return [
        {
            "type": "rect",
            "layer": "below",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": max(0, category.i_low - 1),
            "y1": category.i_high,
            "fillcolor": category.colour,
            "opacity": 0.22,
            "line": {"width": 0},
        }
        for category in standard(standard_name).categories
    ]


def marks(places: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Colour and shape of each place, the same in every chart for the same places."""
    return {
        place: {"color": _COLOURS[i % len(_COLOURS)], "symbol": _SYMBOLS[i % len(_SYMBOLS)]}
        for i, place in enumerate(sorted(places))
    }


def png_button(name: str) -> dict[str, Any]:
    """Plotly's configuration: the camera that saves `name`.png, and nothing that needs a mouse."""
    return {
        "displayModeBar": True,
        "displaylogo": False,
        "modeBarButtonsToRemove": [
            *("zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "resetScale2d"),
            *("select2d", "lasso2d"),
        ],
        "toImageButtonOptions": {"format": "png", "filename": name, "scale": 2},
    }
