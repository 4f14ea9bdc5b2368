"""What every page begins and ends with."""

import streamlit as st

from aqfusion.settings import ASSETS
from aqfusion.ui import inputs, navigation

DISCLAIMER = (
    "AQFusion is a research demonstration. Its numbers are estimates: not an official index, "
    "and not medical advice. For decisions about your health, follow your local authority."
)


def begin(title: str, intro: str) -> None:
    """Set up the page; it must work with and without `app.py` having run before."""
    navigation.ensure()
    st.set_page_config(
        page_title=f"{title} - AQFusion", page_icon=ASSETS / "favicon.png", layout="wide"
    )
    st.html(ASSETS / "style.css")
    inputs.keep()
    st.title(title, anchor=False)
    st.markdown(intro)


def end() -> None:
    """Close the page with what must be said on each."""
    st.caption(DISCLAIMER)
