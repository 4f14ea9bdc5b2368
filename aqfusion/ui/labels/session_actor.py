"""Whom a browser session belongs to; reloading the page begins another one."""

from collections.abc import Callable

import streamlit as st

from aqfusion.labels.actor import Actor
from aqfusion.ui.labels import told

PLACE = "account"  # where the card for signing in tells what went wrong
_ACTOR = "account_actor"


def known() -> Actor | None:
    """Who has signed in in this session, as they were then."""
    actor: Actor | None = st.session_state.get(_ACTOR)
    return actor


def remember(actor: Actor) -> None:
    """The session is this person's from now on."""
    st.session_state[_ACTOR] = actor


def forget() -> None:
    """The session is nobody's."""
    st.session_state.pop(_ACTOR, None)


def enter(way: Callable[[], Actor]) -> bool:
    """Sign in by `way`; what it refuses is told."""
    return told.attempt(PLACE, lambda: remember(way()))
