"""Header and footer of every page; what lasts is kept out of the garbage collector's way.

To collect all garbage with the libraries of this app in memory holds the whole process for a
quarter of a second. What a library made when it was imported never becomes garbage, so it need not
be scanned.
"""

import gc
import sys
from threading import Lock

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.model.predictor import Predictor
from aqfusion.settings import ASSETS
from aqfusion.ui import cached_models, inputs, navigation
from aqfusion.ui.labels import browser_sessions
from aqfusion.ui.markup import show_error
from aqfusion.ui.navigation import end

__all__ = ["begin", "end", "model", "shorten"]

_lock = Lock()
_lasting = (0, 0)  # modules, models


def shorten() -> None:
    """Take what has been imported or loaded since the last time out of the collector's way."""
    global _lasting
    with _lock:
        lasting = len(sys.modules), cached_models.loaded_count()
        if lasting == _lasting:
            return
        _lasting = lasting
    gc.collect()  # what is garbage now would stay for good
    gc.freeze()


def begin(title: str, intro: str, layout: str = "") -> None:
    """Set up the page; it must work with and without `app.py` having run before.

    `layout` is the key of an element before all others, by which the style knows the page: one that
    came later would move the title.
    """
    navigation.ensure()
    browser_sessions.begin_run()
    shorten()
    st.set_page_config(
        page_title=f"{title} - AQFusion", page_icon=ASSETS / "favicon.png", layout="wide"
    )
    inputs.keep()
    if layout:
        st.container(key=layout).html("<i></i>")
    st.title(title, anchor=False)
    with st.container(key="page_intro"):
        st.markdown(intro)


def model() -> Predictor:
    """The model that serves; one that cannot be used ends the page with a sentence."""
    try:
        return cached_models.predictor()
    except InputError as error:
        show_error(error, "The model cannot be used: ")
        end()
        st.stop()
