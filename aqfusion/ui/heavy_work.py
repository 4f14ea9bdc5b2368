"""Heavy work of the server's visitors: whose it is, and what they see while they wait."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from aqfusion.fair_queue import HEAVY, MAPS, BusyError, QueueClient
from aqfusion.images.decoding import hand_memory_back
from aqfusion.model.predictor import share_processors
from aqfusion.server.client_address import client_address
from aqfusion.ui.markup import show_error

_NICENESS = 10  # of 19: a slider's prediction goes first


def install() -> None:
    """Let the server's heavy work take turns by visitor, behind light work."""
    for queue in (HEAVY, MAPS):
        queue.visitor, queue.niceness = visitor, _NICENESS
    share_processors(HEAVY.slots)
    hand_memory_back()


def visitor() -> QueueClient:
    """The visitor whose page this thread runs; of work beside the pages one without a name."""
    context = get_script_run_ctx(suppress_warning=True)
    return QueueClient() if context is None else QueueClient(client_address(), context.session_id)


@contextmanager
def shown_wait() -> Iterator[None]:
    """Say here how many come first, for as long as this run of the page waits for its turn."""
    place = st.empty()

    def show(before: int) -> None:
        others = "1 other is" if before == 1 else f"{before} others are"
        place.info(
            f"Many visitors at once: about {others} before you. Yours begins by itself.",
            icon=":material/hourglass_top:",
        )

    try:
        with HEAVY.watched(show):
            yield
    except BusyError:  # the sentence about it must not stand beside a promise
        place.empty()
        raise
    place.empty()


@contextmanager
def shown_busy(place: str) -> Iterator[None]:
    """Say where the server is too busy for what is drawn here, with a button to try again.

    As a decorator it stands below `st.fragment` and `st.dialog`, which show what is raised within
    them as a traceback; `place` is part of the button's key.
    """
    try:
        yield
    except BusyError as error:
        show_error(error, icon=":material/hourglass_disabled:", kind="warning")
        st.button("Try again", key=f"busy_again_{place}", icon=":material/refresh:")
