"""Predictions from parts of the input: a bar each, with its 90 % interval."""

from collections.abc import Sequence

import plotly.graph_objects as go

from aqfusion.explain.ablation import Ablated
from aqfusion.explain.coalitions import LANDMARKS, PHOTO, SITE
from aqfusion.ui.explain.words import title
from aqfusion.ui.figure_style import GREY, TEXT, blank

_HEIGHT = 420  # pixels, as the waterfall beside it
_ALONE = {(PHOTO,): "Photo only", (SITE,): "This place only"}
_WITHOUT = {
    PHOTO: "Without the photo",
    SITE: "Without this place's history",
    LANDMARKS: "Without the landmarks",
}


def ablation_chart(ablations: Sequence[Ablated]) -> go.Figure:
    """Draw the rows downwards as they come, each in the colour of its category."""
    figure = blank(
        _HEIGHT,
        showlegend=False,
        xaxis={"range": [0, 550], "dtick": 100, "title": {"text": "AQI"}},
        yaxis={"autorange": "reversed", "showgrid": False},
    )
    predictions = [row.prediction for row in ablations]
    figure.add_trace(
        go.Bar(
            orientation="h",
            y=[name_of(row) for row in ablations],
            x=[prediction.aqi for prediction in predictions],
            marker={
                "color": [prediction.category.colour for prediction in predictions],
                "line": {"color": GREY, "width": 1},
            },
            error_x={
                "type": "data",
                "array": [prediction.high - prediction.aqi for prediction in predictions],
                "arrayminus": [prediction.aqi - prediction.low for prediction in predictions],
                "color": GREY,
                "thickness": 1.5,
                "width": 4,
            },
            customdata=[(p.low, p.high, p.category.name) for p in predictions],
            hovertemplate="%{y}: %{x} (%{customdata[0]} to %{customdata[1]}), %{customdata[2]}"
            "<extra></extra>",
        )
    )
    # Beside the interval: on the bar it would be crossed out by it.
    figure.add_trace(
        go.Scatter(
            mode="text",
            y=[name_of(row) for row in ablations],
            x=[prediction.high + 6 for prediction in predictions],
            text=[f"<b>{prediction.aqi}</b>" for prediction in predictions],
            textposition="middle right",
            textfont={"color": TEXT},
            hoverinfo="skip",
        )
    )
    return figure


def name_of(row: Ablated) -> str:
    """The inputs of a row, in words."""
    if row.left in _ALONE:
        return _ALONE[row.left]
    if not row.without:
        return "Everything given"
    lacking = row.lacking
    if PHOTO in lacking and SITE not in row.left:
        return "Readings only"
    if len(lacking) > 1:
        return "Without the readings"
    return _WITHOUT.get(lacking[0]) or f"Without {title(lacking[0])}"
