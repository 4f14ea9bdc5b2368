"""Charts of an explanation: ablation, two readings, one reading, waterfall."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from aqfusion.air.aqi import standard
from aqfusion.air.pollutants import pollutant
from aqfusion.air.readings import Reading
from aqfusion.explain.attribution import LANDMARKS, PHOTO, SITE, AblatedPrediction, Attribution
from aqfusion.explain.explanation_text import moved
from aqfusion.model.prediction import Floats, PredictionBatch
from aqfusion.ui.chart_style import BLUE, GREY, TEXT, VERMILION, blank, category_bands
from aqfusion.ui.explain import text
from aqfusion.ui.explain.text import title

_BAR_HEIGHT = 420  # pixels, as the waterfall beside it
_ALONE = {(PHOTO,): "Photo only", (SITE,): "This place only"}
_WITHOUT = {
    PHOTO: "Without the photo",
    SITE: "Without this place's history",
    LANDMARKS: "Without the landmarks",
}


def ablation_chart(ablations: Sequence[AblatedPrediction]) -> go.Figure:
    """Draw the rows downwards as they come, each in the colour of its category."""
    figure = blank(
        _BAR_HEIGHT,
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


def name_of(row: AblatedPrediction) -> str:
    """The inputs of a row, in words."""
    if row.left in _ALONE:
        return _ALONE[row.left]
    if not row.without:
        return "All inputs"
    lacking = row.lacking
    if PHOTO in lacking and SITE not in row.left:
        return "Readings only"
    if len(lacking) > 1:
        return "Without the readings"
    return _WITHOUT.get(lacking[0]) or f"Without {title(lacking[0])}"


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
        {"title": {"text": f"{title(name)} in {pollutant(name).pretty_unit}"}, "showgrid": False}
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


def sweep_chart(
    name: str, values: Floats, prediction_batch: PredictionBatch, now: tuple[float, float] | None
) -> go.Figure:
    """Draw predictions (V rows) over the values (V,); `now` is today's value and its AQI."""
    unit = pollutant(name).pretty_unit
    figure = blank(
        _HEIGHT,
        showlegend=False,
        hovermode="x",
        xaxis={"range": [0, float(values[-1])], "title": {"text": f"{title(name)} in {unit}"}},
        yaxis={"range": [0, 500], "dtick": 100, "title": {"text": "AQI"}},
        shapes=[*category_bands(), *([] if now is None else [_line(now[0])])],
    )
    edge = {"mode": "lines", "x": values, "line": {"width": 0}, "hoverinfo": "skip"}
    figure.add_trace(go.Scatter(y=prediction_batch.low, **edge))
    figure.add_trace(
        go.Scatter(
            y=prediction_batch.high, fill="tonexty", fillcolor="rgba(128,138,146,.32)", **edge
        )
    )
    figure.add_trace(
        go.Scatter(
            mode="lines",
            x=values,
            y=prediction_batch.aqi,
            line={"color": TEXT, "width": 2.5},
            customdata=list(zip(prediction_batch.low, prediction_batch.high, strict=True)),
            hovertemplate=f"%{{x:.4g}} {unit}: AQI %{{y:.0f}} "
            "(%{customdata[0]:.0f} to %{customdata[1]:.0f})<extra></extra>",
        )
    )
    if now is not None:
        figure.add_trace(
            go.Scatter(
                mode="markers",
                x=[now[0]],
                y=[now[1]],
                marker={"size": 13, "color": VERMILION, "line": {"width": 2, "color": "white"}},
                hovertemplate="now: %{x:.4g}, AQI %{y:.0f}<extra></extra>",
            )
        )
    return figure


def _line(value: float) -> dict[str, Any]:
    """Upright, at today's value."""
    line = {"color": GREY, "dash": "dot"}
    return {"type": "line", "x0": value, "x1": value, "y0": 0, "y1": 500, "line": line}


def waterfall_chart(
    attribution: Attribution, input_names: tuple[str, ...], reading: Reading
) -> go.Figure:
    """Draw the steps downwards in the order of the inputs, which never changes."""
    ends = ("No input", "All together")
    names = [text.with_amount(name, reading) for name in input_names]
    points = [attribution.points[name] for name in input_names]
    figure = blank(
        _BAR_HEIGHT,
        showlegend=False,
        xaxis={"range": _reach(attribution, points), "title": {"text": "AQI"}},
        yaxis={"autorange": "reversed", "showgrid": False},
    )
    figure.add_trace(
        go.Waterfall(
            orientation="h",
            measure=["absolute", *("relative" for _ in input_names), "total"],
            y=[ends[0], *names, ends[1]],
            x=[attribution.base, *points, attribution.aqi],
            text=[
                f"{attribution.base:.0f}",
                *(f"{round(p):+d}" for p in points),
                f"{attribution.aqi:.0f}",
            ],
            textposition="outside",
            textfont={"color": TEXT},
            cliponaxis=False,
            increasing={"marker": {"color": VERMILION}},
            decreasing={"marker": {"color": BLUE}},
            totals={"marker": {"color": GREY}},
            connector={"line": {"color": GREY, "width": 1}},
            hovertext=[
                "the prediction without any input",
                *(moved(p) for p in points),
                "the prediction",
            ],
            hovertemplate="%{y}: %{hovertext}<extra></extra>",
        )
    )
    return figure


def _reach(attribution: Attribution, points: list[float]) -> list[float]:
    """From 0 to beyond the furthest step, with room for its text."""
    at, furthest = attribution.base, max(attribution.base, attribution.aqi)
    for step in points:
        at += step
        furthest = max(furthest, at)
    return [0, 1.12 * furthest + 10]
