"""The label store that the settings name, opened once and shared by all sessions."""

from datetime import UTC, datetime

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.store import LabelStore
from aqfusion.settings import Settings, load_settings
from aqfusion.ui import page
from aqfusion.ui.plain import plain


def store() -> LabelStore:
    """The open store; one that cannot be opened ends the page with a sentence."""
    try:
        return _opened(load_settings())
    except InputError as error:
        st.error(f"The label store cannot be used: {plain(str(error))}", icon=":material/error:")
        page.end()
        st.stop()


def now() -> datetime:
    """The time at which something is done, in UTC."""
    return datetime.now(UTC)


@st.cache_resource(max_entries=2, show_spinner="Opening the label store ...")
def _opened(settings: Settings) -> LabelStore:
    return LabelStore.of(settings)
