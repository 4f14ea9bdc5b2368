"""The prediction at a site, after each of its days, and the effect of the last change."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from aqfusion.model.prediction import Prediction
from aqfusion.model.predictor import Predictor
from aqfusion.sites.site import Site
from aqfusion.ui.chart_style import TEXT, VERMILION, blank, category_bands, png_button
from aqfusion.ui.inputs import PredictionInputs, at_place
from aqfusion.ui.result_view import pill
from aqfusion.ui.sites.save_days import taken_at

_HEIGHT = 260


def steps_chart(steps: Sequence[Prediction], measured: Sequence[float]) -> go.Figure:
    """Draw one step more than there are days: the first is from before them."""
    x = list(range(len(steps)))
    figure = blank(
        _HEIGHT,
        xaxis={
            "dtick": max(1, len(steps) // 10),
            "title": {"text": "days, in the order in which they were added"},
        },
        yaxis={"range": [0, 500], "dtick": 100, "title": {"text": "AQI"}},
        shapes=category_bands(),
        showlegend=False,
    )
    edge = {"mode": "lines", "x": x, "line": {"width": 0}, "hoverinfo": "skip"}
    figure.add_trace(go.Scatter(y=[prediction.low for prediction in steps], **edge))
    figure.add_trace(
        go.Scatter(
            y=[prediction.high for prediction in steps],
            fill="tonexty",
            fillcolor="rgba(128,138,146,.32)",
            **edge,
        )
    )
    figure.add_trace(
        go.Scatter(
            mode="lines+markers",
            x=x,
            y=[prediction.aqi for prediction in steps],
            line={"color": TEXT, "width": 2.5},
            customdata=[(prediction.low, prediction.high) for prediction in steps],
            hovertemplate="after %{x}: AQI %{y} (%{customdata[0]} to %{customdata[1]})"
            "<extra></extra>",
        )
    )
    figure.add_trace(
        go.Scatter(
            mode="markers",
            x=x[1:],
            y=list(measured),
            marker={
                "size": 10,
                "color": VERMILION,
                "symbol": "diamond",
                "line": {"width": 1.5, "color": "white"},
            },
            hovertemplate="measured: AQI %{y:.0f}<extra></extra>",
        )
    )
    return figure


MOST_STEPS = 30  # of the chart: the last days
_LAST, _STEPS = "mysite_last_said", "mysite_steps"


@dataclass(frozen=True)
class Row:
    """One prediction of several, and the name of its inputs."""

    name: str
    prediction: Prediction | None


@dataclass(frozen=True)
class SitePrediction:
    """A prediction from one input (`about`) at a site, and the one before its days changed."""

    about: tuple[object, ...]
    site: Site
    now: Prediction | None
    before: Prediction | None = None


def render_says(inputs: PredictionInputs, site: Site) -> str | None:
    """Draw the prediction from the inputs of the Predict page, and those from the days alone.

    Returns the effect of the last change of the days, to be shown where it was made.
    """
    here, *others = _answers(inputs, site)
    site_prediction = _remembered(inputs, site, here.prediction)
    if here.prediction is None:
        st.info(
            "There is no input yet: add a day of this place, or choose a photo or readings on "
            "the Predict page."
        )
    else:
        st.html(_headline(here.prediction))
        st.html(_lines(here, *others))
    steps = _steps(inputs.model, site)
    if len(steps) > 1:
        st.markdown(
            "**Prediction from the measured days alone, before the first day and after each day**"
        )
        st.plotly_chart(
            steps_chart(steps, [day.aqi for day in site.history[-(len(steps) - 1) :]]),
            width="stretch",
            key="chart_steps",
            config=png_button("aqfusion-days"),
            alt="Prediction from the measured days of this place alone, after each day: "
            + ", ".join(str(prediction.aqi) for prediction in steps),
        )
        st.caption("Diamonds are measured values; the grey band contains nine cases out of ten.")
    if site_prediction.before is None or here.prediction is None:
        return None
    return moved(site_prediction.before, here.prediction)


def moved(before: Prediction, now: Prediction) -> str:
    """The effect of a change of the days in a sentence."""
    if (before.aqi, before.low, before.high) == (now.aqi, now.low, now.high):
        return f"The prediction stays at {now.aqi} ({now.low} to {now.high})."
    return (
        f"This changed the prediction from {before.aqi} ({before.low} to {before.high}) to "
        f"{now.aqi} ({now.low} to {now.high})."
    )


def _answers(inputs: PredictionInputs, site: Site) -> tuple[Row, ...]:
    """Predictions from the current photo and readings at the site, and elsewhere.

    A row has `None` without any usable input.
    """
    photo = inputs.photo if inputs.usable else None
    there = at_place(inputs.model, site, photo, taken_at(inputs.photo, site))
    image_present = np.full(3, inputs.usable is not None)
    readings = np.array([inputs.reading.values] * 3)  # (3, 6)
    sites, landmarks = np.array([True, True, False]), np.array([True, False, False])
    prediction_batch = there.ask(inputs.usable, image_present, readings, sites, landmarks)
    anything = inputs.usable is not None or bool(inputs.reading.present)
    rows = [Row(_basis(inputs), prediction_batch[0] if anything or there.knows_site else None)]
    if there.landmarks is not None:
        rows.append(Row("This place without the landmarks", prediction_batch[1]))
    return (*rows, Row("An unknown place", prediction_batch[2] if anything else None))


def _remembered(inputs: PredictionInputs, site: Site, now: Prediction | None) -> SitePrediction:
    """Keep the prediction; another photo, reading, model or site begins anew."""
    photo = inputs.photo.digest if inputs.usable is not None and inputs.photo else None
    about = (inputs.model.checkpoint.sha256, photo, inputs.reading.values, site.name)
    last: SitePrediction | None = st.session_state.get(_LAST)
    # Compared as text: readings that are missing are NaN, which equals nothing.
    if last is None or repr(last.about) != repr(about):
        site_prediction = SitePrediction(about, site, now)
    elif last.site.days != site.days:
        site_prediction = SitePrediction(about, site, now, last.now)
    else:
        site_prediction = last
    st.session_state[_LAST] = site_prediction
    return site_prediction


def _steps(model: Predictor, site: Site) -> tuple[Prediction, ...]:
    """Predictions from the days alone: before any, after the first of those drawn, and so on."""
    kept = st.session_state.get(_STEPS)
    key = (model.checkpoint.sha256, site)
    if kept is None or kept[0] != key:
        kept = (key, _predict_steps(model, site))
        st.session_state[_STEPS] = kept
    steps: tuple[Prediction, ...] = kept[1]
    return steps


def _predict_steps(model: Predictor, site: Site) -> tuple[Prediction, ...]:
    history = site.history
    predictions = []
    for count in range(max(0, len(history) - MOST_STEPS), len(history) + 1):
        site_so_far = Site(
            site.name, timezone=site.timezone, days=history[:count], learned_as=site.learned_as
        )
        nothing = np.full((1, 6), np.nan)
        predictions.append(model.at(site_so_far).ask(None, np.array([False]), nothing)[0])
    return tuple(predictions)


def _basis(inputs: PredictionInputs) -> str:
    parts = ["the photo"] * (inputs.usable is not None)
    parts += ["the readings"] * bool(inputs.reading.present)
    return (
        f"This place, with {' and '.join(parts)} from the Predict page" if parts else "This place"
    )


def _headline(here: Prediction) -> str:
    return (
        '<div class="aq aq-brief" role="status"><div class="aq-number" '
        f'aria-label="AQI {here.aqi}">{here.aqi}</div>'
        f"<div>{pill(here.category)} in nine cases out of ten between "
        f"<strong>{here.low} to {here.high}</strong></div></div>"
    )


def _lines(*rows: Row) -> str:
    cells = "".join(
        f"<tr><th scope='row'>{row.name}</th><td><strong>{row.prediction.aqi}</strong></td>"
        f"<td>{row.prediction.low}&nbsp;to&nbsp;{row.prediction.high}</td></tr>"
        for row in rows
        if row.prediction is not None
    )
    return f'<div class="aq aq-small"><table class="aq-table">{cells}</table></div>'
