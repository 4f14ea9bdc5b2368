"""The chosen station: what it measured, what the model makes of that, and its history."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

import streamlit as st

from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.stations.station import Measurement
from aqfusion.stations.summary import age_in_words
from aqfusion.ui import gallery, inputs, page, photo_input, result_view, sensor_input
from aqfusion.ui.figure_style import png_button
from aqfusion.ui.stations import predictions
from aqfusion.ui.stations.history_chart import AQI, history_chart
from aqfusion.ui.stations.views import Estimates, estimate_of, judge, when

_SEEN = (
    "The photo is of this very session, and the shipped model has learned from it: "
    "what it says of it now is no test. The fair prediction is the leak-safe one."
)


def give(measurement: Measurement) -> None:
    """Put the readings into the sliders, with the session's photo where there is one, or none."""
    sensor_input.fill(measurement.reading, units_stated=measurement.station.units_stated)
    sample = gallery.session_sample(measurement.station.id, measurement.time)
    photo_input.choose_sample(sample) if sample else photo_input.choose_none()


def show(measurement: Measurement, view: str, estimates: Estimates, at: datetime) -> None:
    """Draw the card of what was measured, and the way on to a prediction."""
    st.html(_card(measurement, view, estimates, at))
    if not measurement.reading.present:
        st.caption("Only the AQI was told, no reading: there is nothing to put into the sliders.")
        return
    is_set = sensor_input.current() == measurement.reading
    if is_set:
        _predicted(measurement)
    label = "Go on with these readings" if is_set else "Predict with these readings"
    if st.button(label, key="stations_predict", icon=":material/tune:", type="primary"):
        if not is_set:
            give(measurement)
        st.switch_page("pages/predict.py")


def history(
    measurements: Sequence[Measurement], view: str, estimates: Estimates, at: datetime
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
        st.caption(predictions.SAYS)


def _predicted(measurement: Measurement) -> None:
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


def _card(measurement: Measurement, view: str, estimates: Estimates, at: datetime) -> str:
    summary, station = judge(measurement, view), measurement.station
    estimate = estimate_of(measurement, estimates)
    if summary.category is None:
        head = f"<p>{escape(summary.why)}</p>"
    else:
        beyond = ", beyond the scale" if summary.beyond else ""
        worst = f"worst: {pollutant(summary.dominant).pretty_label}" if summary.dominant else ""
        head = (
            f'<div class="aq-brief"><div class="aq-number">{summary.aqi}</div>'
            f"<div>{result_view.pill(summary.category)}{beyond}<p class='aq-muted aq-small'>"
            f"{escape(summary.why)}{'; ' if worst else ''}{worst}</p></div></div>"
        )
    fair = (
        f"<p>The model, without having seen that day: <strong>{estimate.value:.0f}</strong> "
        f"({estimate.low:.0f} to {estimate.high:.0f}){_off(measurement, estimate.value)}.</p>"
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


def _off(measurement: Measurement, predicted_aqi: float) -> str:
    if measurement.aqi is None:
        return ""
    off = round(predicted_aqi - measurement.aqi)
    return f", {abs(off)} too {'high' if off > 0 else 'low'}" if off else ", exactly right"


def _readings(measurement: Measurement) -> str:
    cells = "".join(
        f"<div><dt>{pollutant(name).pretty_label}</dt>"
        f"<dd>{getattr(measurement.reading, name):.4g}</dd></div>"
        for name in measurement.reading.present
    )
    return f'<dl class="aq-readings aq-small">{cells}</dl>' if cells else ""
