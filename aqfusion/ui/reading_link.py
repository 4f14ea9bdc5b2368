"""The link that opens a page with the same readings: read from the address, and shown to copy."""

from collections.abc import Sequence

import streamlit as st

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.air.reading_link import UNITS, UNSTATED, link, reading_of
from aqfusion.air.sensors import Reading, ReadingError
from aqfusion.ui import sensor_input


def restore() -> None:
    """Put the readings that the address names into the widgets, once for each such address.

    What the visitor moves afterwards stays. Called after `sensor_input.prepare`.
    """
    query = {name: st.query_params[name] for name in POLLUTANTS if name in st.query_params}
    try:
        reading = reading_of(query)
    except ReadingError as error:
        st.warning(f"The link's readings are left out: {error}", icon=":material/link_off:")
        return
    if reading is not None and st.session_state.get("reading_link") != query:
        st.session_state["reading_link"] = query
        units_stated = st.query_params.get(UNITS) != UNSTATED
        sensor_input.fill(reading, own=True, units_stated=units_stated)


def show(reading: Reading, unstated: Sequence[str] = ()) -> None:
    """Draw the link to this page with these readings, of which some may have no stated unit."""
    address = link(st.context.url or "", reading, units_stated=not unstated)
    st.code(address, language=None, wrap_lines=True)
    st.caption("Opens this page with these readings; the photo is not part of it.")
