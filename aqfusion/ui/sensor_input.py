"""Six readings: each with a switch, a slider, a number and its unit; off is missing, never 0."""

import math

import streamlit as st

from aqfusion.air.pollutants import POLLUTANTS, convert, pollutant
from aqfusion.air.sensors import Reading
from aqfusion.ui.presets import CITY_DAY, PRESETS

MASS, VOLUME = "µg/m³, mg/m³", "ppb, ppm"
_SHOWN = {"ug/m3": "µg/m³", "mg/m3": "mg/m³", "ppb": "ppb", "ppm": "ppm"}
# How far a slider reaches in canonical units. The number field goes up to the pollutant's limit,
# and stretches the slider with it.
_REACH = {"pm25": 500.0, "pm10": 600.0, "o3": 400.0, "co": 50.0, "so2": 800.0, "no2": 400.0}


def prepare() -> None:
    """Give every widget that has none its first value; called before any of them is drawn.

    Each key for itself: a run that the next one interrupted leaves some behind without others.
    """
    state = st.session_state
    state.setdefault("sensor_units", MASS)
    first = {name: getattr(PRESETS[CITY_DAY], name) for name in POLLUTANTS}
    state.setdefault("sensor_filled", {name: v for name, v in first.items() if v is not None})
    for name in POLLUTANTS:
        value = _value(name)
        state.setdefault(f"sensor_{name}_on", first[name] is not None)
        state.setdefault(f"sensor_{name}_value", value)
        state.setdefault(f"sensor_{name}_number", value)


def reset() -> None:
    """Go back to the first readings and units."""
    st.session_state["sensor_units"] = MASS
    fill(PRESETS[CITY_DAY])


def fill(reading: Reading, *, own: bool = False) -> None:
    """Put a reading into the widgets; a missing one is switched off and keeps its value.

    `own` says that the visitor brought it, as they do what they set themselves.
    """
    filled: dict[str, float] = {}
    for name in POLLUTANTS:
        value = getattr(reading, name)
        on = st.session_state[f"sensor_{name}_on"] = value is not None
        if not on:
            value = getattr(PRESETS[CITY_DAY], name)
        if not (on and own):
            filled[name] = value
        _put(name, convert(name, value, pollutant(name).unit, _unit(name)))
    st.session_state["sensor_filled"] = filled


def shown(name: str) -> float:
    """What a row shows, switched on or off, in the canonical unit."""
    return convert(name, _value(name), _unit(name), pollutant(name).unit)


def reach(name: str) -> float:
    """How far a pollutant's slider goes just now, in the canonical unit."""
    return max(_REACH[name], _rounded_up(shown(name)))


def choose() -> None:
    """Draw the six rows."""
    st.segmented_control(
        "Units of the gases",
        [MASS, VOLUME],
        required=True,
        key="sensor_units",
        on_change=_units_changed,
        label_visibility="collapsed",
    )
    for name in POLLUTANTS:
        _row(name)


def current() -> Reading:
    """What is switched on, in canonical units, whether the rows are drawn or not."""
    given = {
        name: _value(name)
        for name in POLLUTANTS
        if st.session_state.get(f"sensor_{name}_on", False)
    }
    return Reading.of(given, {name: _unit(name) for name in given})


def brought() -> Reading:
    """What the visitor set themselves, or came with: nothing that a preset or sample put there."""
    reading, filled = current(), st.session_state.get("sensor_filled", {})
    return reading.masked(
        name
        for name in reading.present
        # units have come and gone, and rounded it
        if not math.isclose(getattr(reading, name), filled.get(name, -1.0), rel_tol=1e-3)
    )


def _row(name: str) -> None:
    entry, unit = pollutant(name), _unit(name)
    on = bool(st.session_state.get(f"sensor_{name}_on", False))
    value = _value(name)
    step = 0.1 if unit in ("mg/m3", "ppm") else 1.0
    limit = convert(name, entry.limit, entry.unit, unit)
    reach = _rounded_up(convert(name, _REACH[name], entry.unit, unit))
    with st.container(horizontal=True, wrap=False, key=f"row_{name}", gap="small"):
        st.toggle(
            f"{entry.pretty_label}  \n:small[{_SHOWN[unit]}]",
            key=f"sensor_{name}_on",
            width=112,
            help=entry.description,
        )
        st.slider(
            f"{entry.label} in {_SHOWN[unit]}",
            0.0,
            reach if value <= reach else min(limit, _rounded_up(value)),
            step=step,
            format="%.10g",
            key=f"sensor_{name}_value",
            on_change=_copy,
            args=(name, "value", "number"),
            disabled=not on,
            label_visibility="collapsed",
        )
        st.number_input(
            f"{entry.label} in {_SHOWN[unit]}, as a number",
            0.0,
            limit,
            step=step,
            format="%.10g",
            key=f"sensor_{name}_number",
            on_change=_copy,
            args=(name, "number", "value"),
            disabled=not on,
            label_visibility="collapsed",
            width=120,
        )


def _copy(name: str, source: str, target: str) -> None:
    """Let the slider follow the number and the other way round."""
    moved = st.session_state.get(f"sensor_{name}_{source}")
    if moved is not None:
        st.session_state[f"sensor_{name}_{target}"] = moved


def _put(name: str, value: float) -> None:
    st.session_state[f"sensor_{name}_value"] = value
    st.session_state[f"sensor_{name}_number"] = value


def _value(name: str) -> float:
    """What slider or number show, in the unit of the moment; at first the preset's value.

    A callback asks before the page has prepared anything.
    """
    for part in ("value", "number"):
        shown: float | None = st.session_state.get(f"sensor_{name}_{part}")
        if shown is not None:
            return shown
    return convert(name, getattr(PRESETS[CITY_DAY], name), pollutant(name).unit, _unit(name))


def _unit(name: str, system: str | None = None) -> str:
    """The unit that a pollutant is shown in: particles have no volume to speak of."""
    canonical = pollutant(name).unit
    if (system or st.session_state.get("sensor_units", MASS)) == MASS or name in ("pm25", "pm10"):
        return canonical
    return "ppm" if name == "co" else "ppb"


def _units_changed() -> None:
    """Convert what the widgets hold, so that the air stays the same."""
    new = st.session_state.get("sensor_units", MASS)
    old = VOLUME if new == MASS else MASS
    for name in POLLUTANTS:
        value = _value(name)
        converted = convert(name, value, _unit(name, old), _unit(name, new))
        _put(name, float(f"{converted:.4g}") if _unit(name, old) != _unit(name, new) else value)


def _rounded_up(value: float) -> float:
    """A round end for a slider: two digits, upwards."""
    if value <= 0:
        return 1.0
    scale = 10 ** (math.floor(math.log10(value)) - 1)
    return float(math.ceil(value / scale) * scale)
