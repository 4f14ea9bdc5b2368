"""Six readings: switch, slider, number and unit each; examples, and the link to share them.

All are off until somebody moves one, switches it on, takes an example or comes from a station.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import get_script_run_ctx

from aqfusion.air.pollutants import POLLUTANTS, convert, pollutant, pretty_unit
from aqfusion.air.readings import UNITS, UNSTATED, Reading, ReadingError, link, reading_of
from aqfusion.ui.markup import show_error

CITY_DAY = "City day"
PRESETS = {
    CITY_DAY: Reading(pm25=48, pm10=95, o3=40, co=0.9, so2=9, no2=32),
    "Clean morning": Reading(pm25=8, pm10=18, o3=55, co=0.3, so2=4, no2=10),
    "Winter smog": Reading(pm25=260, pm10=380, o3=20, co=2.4, so2=18, no2=85),
    "Dust": Reading(pm25=90, pm10=520, o3=60, co=0.6, so2=8, no2=20),
    "Only PM2.5": Reading(pm25=75),
}


MASS, VOLUME = "µg/m³, mg/m³", "ppb, ppm"
# How far a slider reaches in canonical units. The number field goes up to the pollutant's limit,
# and stretches the slider with it.
_REACH = {"pm25": 500.0, "pm10": 600.0, "o3": 400.0, "co": 50.0, "so2": 800.0, "no2": 400.0}


def prepare() -> None:
    """Give every widget that has none its first value; called before any of them is drawn.

    Each key for itself: a run that the next one interrupted leaves some behind without others.
    """
    state = st.session_state
    state.setdefault("sensor_units", MASS)
    state.setdefault("sensor_filled", {name: _typical(name) for name in POLLUTANTS})
    for name in POLLUTANTS:
        value = _value(name)
        state.setdefault(f"sensor_{name}_on", False)
        state.setdefault(f"sensor_{name}_value", value)
        state.setdefault(f"sensor_{name}_number", value)


def reset() -> None:
    """Go back to the first units, with all readings off."""
    st.session_state["sensor_units"] = MASS
    fill(Reading())


def example(name: str) -> None:
    """Take the example readings of that name."""
    fill(PRESETS[name])
    st.session_state["sensor_example"] = name


def fill(reading: Reading, *, own: bool = False, units_stated: bool = True) -> None:
    """Put a reading into the widgets; a missing one is switched off.

    `own` readings come from the visitor, like those that they set themselves. Without
    `units_stated` the units are unknown until the numbers are changed.
    """
    st.session_state["sensor_example"] = None
    st.session_state["sensor_unstated"] = {
        name: getattr(reading, name) for name in reading.present if not units_stated
    }
    filled: dict[str, float] = {}
    for name in POLLUTANTS:
        value = getattr(reading, name)
        on = st.session_state[f"sensor_{name}_on"] = value is not None
        if not on:
            value = _typical(name)
        if not (on and own):
            filled[name] = value
        _put(name, convert(name, value, pollutant(name).unit, _unit(name)))
    st.session_state["sensor_filled"] = filled


def current_value(name: str) -> float:
    """The value of a row, switched on or off, in the canonical unit."""
    return convert(name, _value(name), _unit(name), pollutant(name).unit)


def reach(name: str) -> float:
    """The current end of a pollutant's slider, in the canonical unit."""
    return max(_REACH[name], _rounded_up(current_value(name)))


def choose(redrawn: Sequence[str] = ()) -> None:
    """Draw the six rows.

    What is moved runs its row and the fragments of the keys `redrawn`, without any the whole page,
    which also ends a run of the page that still goes on.
    """
    st.segmented_control(
        "Units of the gases",
        [MASS, VOLUME],
        required=True,
        key="sensor_units",
        on_change=_units_changed,
        label_visibility="collapsed",
    )
    for name in POLLUTANTS:
        draw = st.fragment(key=_fragment(name))(_row) if redrawn else _row
        draw(name, redrawn)


def current() -> Reading:
    """The readings switched on, in canonical units, whether the rows are drawn or not."""
    values = {
        name: _value(name)
        for name in POLLUTANTS
        if st.session_state.get(f"sensor_{name}_on", False)
    }
    return Reading.from_values(values, {name: _unit(name) for name in values})


def own_reading() -> Reading:
    """The visitor's own readings, set or loaded: without those of an example."""
    reading, filled = current(), st.session_state.get("sensor_filled", {})
    return reading.masked(set(reading.present) - set(_same(reading, filled)))


def unstated() -> tuple[str, ...]:
    """The readings switched on whose unit is not stated."""
    return _same(current(), st.session_state.get("sensor_unstated", {}))


def _same(reading: Reading, put: Mapping[str, float]) -> tuple[str, ...]:
    """The readings that are as they were put there, though units came and went and rounded them."""
    return tuple(
        name
        for name in reading.present
        if math.isclose(getattr(reading, name), put.get(name, -1.0), rel_tol=1e-3)
    )


def origin() -> str:
    """The source of the readings in a sentence."""
    example_name = st.session_state.get("sensor_example")
    if not current().present:
        return "All readings are off. Move a slider, or switch on the readings that you measured."
    if unstated():
        return (
            "These readings come from a station that states no units. The model can use them, "
            "the official formulas cannot."
        )
    if example_name and not own_reading().present:
        return f'Example readings, typical for "{example_name}"; they were not measured.'
    return "Readings that are switched on count as measured."


def _fragment(name: str) -> str:
    return f"reading_{name}"


def _row(name: str, redrawn: Sequence[str]) -> None:
    entry, unit = pollutant(name), _unit(name)
    value = _value(name)
    step = 0.1 if unit in ("mg/m3", "ppm") else 1.0
    limit = convert(name, entry.limit, entry.unit, unit)
    reach = _rounded_up(convert(name, _REACH[name], entry.unit, unit))
    with st.container(horizontal=True, wrap=False, key=f"row_{name}", gap="small"):
        st.toggle(
            f"{entry.pretty_label}  \n:small[{pretty_unit(unit)}]",
            key=f"sensor_{name}_on",
            on_change=_redraw,
            args=(name, redrawn),
            width=112,
            help=f"{entry.description} Switch it on if you measured it.",
        )
        st.slider(
            f"{entry.label} in {pretty_unit(unit)}",
            0.0,
            reach if value <= reach else min(limit, _rounded_up(value)),
            step=step,
            format="%.10g",
            key=f"sensor_{name}_value",
            on_change=_copy,
            args=(name, "value", "number", redrawn),
            label_visibility="collapsed",
        )
        st.number_input(
            f"{entry.label} in {pretty_unit(unit)}, as a number",
            0.0,
            limit,
            step=step,
            format="%.10g",
            key=f"sensor_{name}_number",
            on_change=_copy,
            args=(name, "number", "value", redrawn),
            label_visibility="collapsed",
            width=120,
        )


def _copy(name: str, source: str, target: str, redrawn: Sequence[str]) -> None:
    """Let the slider follow the number and the other way round; what is moved is on."""
    moved = st.session_state.get(f"sensor_{name}_{source}")
    if moved is not None:
        st.session_state[f"sensor_{name}_{target}"] = moved
        st.session_state[f"sensor_{name}_on"] = True
    _redraw(name, redrawn)


def _redraw(name: str, redrawn: Sequence[str]) -> None:
    """Let what depends on a reading run instead of its row alone; for a callback."""
    context = get_script_run_ctx()
    if not redrawn or context is None or not context.fragment_ids_this_run:
        return  # all of the page runs anyway
    # A page that was interrupted while it was drawn first may lack some of them.
    with suppress(StreamlitAPIException):
        st.rerun([_fragment(name), *redrawn])
    st.rerun()


def _put(name: str, value: float) -> None:
    st.session_state[f"sensor_{name}_value"] = value
    st.session_state[f"sensor_{name}_number"] = value


def _value(name: str) -> float:
    """The value of slider or number, in the current unit; at first a typical value.

    A callback runs before the page has prepared anything.
    """
    for part in ("value", "number"):
        number: float | None = st.session_state.get(f"sensor_{name}_{part}")
        if number is not None:
            return number
    return convert(name, _typical(name), pollutant(name).unit, _unit(name))


def _typical(name: str) -> float:
    """The first value of a slider, in the canonical unit."""
    return float(getattr(PRESETS[CITY_DAY], name))


def _unit(name: str, system: str | None = None) -> str:
    """The displayed unit of a pollutant: particles have no volume fraction."""
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


def restore() -> None:
    """Put the readings that the address names into the widgets, once for each such address.

    What the visitor moves afterwards stays. Called after `sensor_input.prepare`.
    """
    query = {name: st.query_params[name] for name in POLLUTANTS if name in st.query_params}
    try:
        reading = reading_of(query)
    except ReadingError as error:
        show_error(
            error, "The readings in the link are ignored: ", ":material/link_off:", "warning"
        )
        return
    if reading is not None and st.session_state.get("reading_link") != query:
        st.session_state["reading_link"] = query
        units_stated = st.query_params.get(UNITS) != UNSTATED
        fill(reading, own=True, units_stated=units_stated)


def render_reading_link(reading: Reading, unstated: Sequence[str] = ()) -> None:
    """Draw the link to this page with these readings, of which some may have no stated unit."""
    address = link(st.context.url or "", reading, units_stated=not unstated)
    st.code(address, language=None, wrap_lines=True)
    st.caption("Opens this page with these readings; the photo is not part of it.")
