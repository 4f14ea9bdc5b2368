"""The link that opens a page with the same readings: taken from the address, and shown to copy."""

import streamlit as st

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.air.reading_link import link, reading_of
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
        sensor_input.fill(reading, own=True)


def show(reading: Reading) -> None:
    """Draw the link to this page with these readings."""
    st.code(link(st.context.url or "", reading), language=None, wrap_lines=True)
    st.caption("Opens this page with these readings; the photo is not part of it.")
