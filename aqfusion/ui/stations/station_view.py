"""The chosen station: measurements, prediction, history."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.stations.measurements import StationMeasurement, age_in_words
from aqfusion.ui import gallery, inputs, page, photo_input, reading_input, result_view
from aqfusion.ui.chart_style import GREY, TEXT, VERMILION, blank, category_bands, png_button
from aqfusion.ui.stations import map_values
from aqfusion.ui.stations.map_values import Estimates, estimate_of, judge, standard_of, when

AQI = "AQI"
_DAY_MS = 86_400_000
_TICKS = [
    {"dtickrange": [None, _DAY_MS - 1], "value": "%H:%M\n%-d %b %Y"},
    {"dtickrange": [_DAY_MS, None], "value": "%-d %b\n%Y"},
]


def history_chart(
    measurements: Sequence[StationMeasurement],
    quantity: str,
    view: str,
    estimates: Estimates,
    at: datetime,
) -> go.Figure:
    """Draw `AQI` or a pollutant of one station, oldest first; a line marks the time `at`.

    Times are on the station's own clock.
    """
    is_index = quantity == AQI
    points = [
        (measurement, value)
        for measurement in measurements
        if (value := _value(measurement, quantity, view))
    ]
    guesses = [
        (measurement, estimate)
        for measurement in measurements
        if is_index and (estimate := estimate_of(measurement, estimates))
    ]
    highest = [value for _, (value, _) in points] + [estimate.high for _, estimate in guesses]
    bands = category_bands(standard_of(view)) if is_index else []
    figure = blank(
        300,
        xaxis={"type": "date", "nticks": 4, "tickangle": 0, "tickformatstops": _TICKS},
        yaxis={"range": [0, 1.08 * max([1.0, *highest])], "title": {"text": _title(quantity)}},
        shapes=[*bands, _line(_on_clock(at, measurements))],
        showlegend=bool(guesses),
        legend={"orientation": "h", "x": 0, "y": -0.26, "yanchor": "top"},
    )
    figure.add_trace(
        go.Scatter(
            name="measured",
            mode="lines+markers",
            x=[measurement.time.replace(tzinfo=None) for measurement, _ in points],
            y=[value for _, (value, _) in points],
            line={"color": GREY, "width": 1},
            marker={
                "size": 11,
                "color": [colour for _, (_, colour) in points],
                "line": {"width": 1, "color": TEXT},
            },
            text=[when(measurement.time) for measurement, _ in points],
            hovertemplate="%{y:.4g}<br>%{text}<extra>measured</extra>",
        )
    )
    if guesses:
        figure.add_trace(
            go.Scatter(
                name="model, 90 % interval",
                mode="markers",
                x=[measurement.time.replace(tzinfo=None) for measurement, _ in guesses],
                y=[estimate.value for _, estimate in guesses],
                error_y={
                    "type": "data",
                    "array": [estimate.high - estimate.value for _, estimate in guesses],
                    "arrayminus": [estimate.value - estimate.low for _, estimate in guesses],
                    "thickness": 1,
                    "width": 3,
                },
                marker={"size": 8, "symbol": "diamond", "color": VERMILION},
                text=[f"{estimate.low:.0f} to {estimate.high:.0f}" for _, estimate in guesses],
                hovertemplate="%{y:.0f} (%{text})<extra>model</extra>",
            )
        )
    return figure


def _value(measurement: StationMeasurement, quantity: str, view: str) -> tuple[float, str] | None:
    """The height of a point and its colour."""
    if quantity != AQI:
        value = getattr(measurement.reading, quantity)
        return None if value is None else (value, GREY)
    summary = judge(measurement, view)
    return (
        None
        if summary.aqi is None or summary.category is None
        else (summary.aqi, summary.category.colour)
    )


def _title(quantity: str) -> str:
    if quantity == AQI:
        return AQI
    entry = pollutant(quantity)
    return f"{entry.label}, {entry.unit.replace('ug', 'µg').replace('m3', 'm³')}"


def _on_clock(at: datetime, measurements: Sequence[StationMeasurement]) -> datetime:
    """The time on the clock of the station: Plotly has no zones."""
    return at.astimezone(measurements[-1].time.tzinfo).replace(tzinfo=None)


def _line(at: datetime) -> dict[str, Any]:
    return {
        "type": "line",
        "layer": "below",
        "yref": "paper",
        "x0": at,
        "x1": at,
        "y0": 0,
        "y1": 1,
        "line": {"color": GREY, "width": 2, "dash": "dot"},
    }


_SEEN = (
    "The photo is from this session, and the shipped model was trained on it, so the prediction "
    "below is not an independent test. The leak-safe prediction is independent."
)


def give(measurement: StationMeasurement) -> None:
    """Put the readings into the sliders, with the session's photo where there is one, or none."""
    reading_input.fill(measurement.reading, units_stated=measurement.station.units_stated)
    sample = gallery.session_sample(measurement.station.id, measurement.time)
    photo_input.choose_sample(sample) if sample else photo_input.choose_none()


def render_chosen(
    measurement: StationMeasurement, view: str, estimates: Estimates, at: datetime
) -> None:
    """Draw the card of what was measured, and the way on to a prediction."""
    st.html(_card(measurement, view, estimates, at))
    if not measurement.reading.present:
        st.caption(
            "The station states only an AQI and no readings, so there is nothing to copy into "
            "the sliders."
        )
        return
    is_set = reading_input.current() == measurement.reading
    if is_set:
        _predicted(measurement)
    label = "Continue with these readings" if is_set else "Predict with these readings"
    if st.button(label, key="stations_predict", icon=":material/tune:", type="primary"):
        if not is_set:
            give(measurement)
        st.switch_page("pages/predict.py")


def history(
    measurements: Sequence[StationMeasurement], view: str, estimates: Estimates, at: datetime
) -> None:
    """Draw all that one station measured."""
    measured = [
        n
        for n in POLLUTANTS
        if any(n in measurement.reading.present for measurement in measurements)
    ]
    quantity = st.selectbox(
        "What the chart shows",
        [AQI, *measured],
        format_func=lambda name: AQI if name == AQI else pollutant(name).label,
        key="stations_choice_quantity",
        label_visibility="collapsed",
        width=160,
    )
    name = measurements[0].station.name
    st.plotly_chart(
        history_chart(measurements, quantity, view, estimates, at),
        width="stretch",
        key="chart_history",
        config=png_button("aqfusion-station"),
        alt=f"{quantity} over time, {len(measurements)} measurements, at {name}",
    )
    if estimates and quantity == AQI:
        st.caption(map_values.SAYS)


def _predicted(measurement: StationMeasurement) -> None:
    """The prediction from the sliders, which hold this measurement."""
    user_inputs = inputs.current(page.model())
    result = user_inputs.result()
    if result is None:
        return
    sample = gallery.session_sample(measurement.station.id, measurement.time)
    is_own_photo = sample is not None and photo_input.is_sample(sample)
    basis = "these readings"
    if user_inputs.usable:
        basis += " and the session's photo" if is_own_photo else " and the photo chosen earlier"
    with st.container(key="stations_result"):
        st.html(f'<div class="aq aq-title">The model now, from {basis}</div>')
        st.html(result_view.brief(result))
    if is_own_photo:
        st.caption(_SEEN)


def _card(measurement: StationMeasurement, view: str, estimates: Estimates, at: datetime) -> str:
    summary, station = judge(measurement, view), measurement.station
    estimate = estimate_of(measurement, estimates)
    if summary.category is None:
        head = f"<p>{escape(summary.why)}</p>"
    else:
        beyond = ", beyond the scale" if summary.beyond else ""
        worst = (
            f"dominant pollutant: {pollutant(summary.dominant).pretty_label}"
            if summary.dominant
            else ""
        )
        head = (
            f'<div class="aq-brief"><div class="aq-number">{summary.aqi}</div>'
            f"<div>{result_view.pill(summary.category)}{beyond}<p class='aq-muted aq-small'>"
            f"{escape(summary.why)}{'; ' if worst else ''}{worst}</p></div></div>"
        )
    fair = (
        "<p>Prediction by a model that had not seen that day: "
        f"<strong>{estimate.value:.0f}</strong> ({estimate.low:.0f} to "
        f"{estimate.high:.0f}){_off(measurement, estimate.value)}.</p>"
        if estimate
        else ""
    )
    about = " Its position is approximate." if station.approximate else ""
    return (
        f'<div class="aq aq-station"><div class="aq-title">{escape(station.name)}</div>{head}'
        f"{_readings(measurement)}{fair}"
        f'<p class="aq-muted aq-small">{escape(when(measurement.time))}, '
        f"{age_in_words(measurement.time, at)} at the time shown. "
        f"Source: {escape(station.source)}.{about}</p>"
        "</div>"
    )


def _off(measurement: StationMeasurement, predicted_aqi: float) -> str:
    if measurement.aqi is None:
        return ""
    off = round(predicted_aqi - measurement.aqi)
    return f", {abs(off)} too {'high' if off > 0 else 'low'}" if off else ", exactly right"


def _readings(measurement: StationMeasurement) -> str:
    cells = "".join(
        f"<div><dt>{pollutant(name).pretty_label}</dt>"
        f"<dd>{getattr(measurement.reading, name):.4g}</dd></div>"
        for name in measurement.reading.present
    )
    return f'<dl class="aq-readings aq-small">{cells}</dl>' if cells else ""
