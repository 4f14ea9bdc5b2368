"""Whom a browser session belongs to; the sign-in cookie brings them back after a reload."""

from collections.abc import Callable

import streamlit as st

from aqfusion.labels.actor import Actor
from aqfusion.ui.labels import opened, session_registry, sign_in_cookie, told

PLACE = "account"  # where the card for signing in tells what went wrong
_ACTOR = "account_actor"


def signed_in_actor() -> Actor | None:
    """Who has signed in in this session, as they were then."""
    actor: Actor | None = st.session_state.get(_ACTOR)
    return actor


def remember(actor: Actor) -> None:
    """The session is this person's from now on."""
    st.session_state[_ACTOR] = actor
    session_registry.bind(actor.sign_in)


def forget() -> None:
    """The session is nobody's."""
    st.session_state.pop(_ACTOR, None)
    session_registry.bind(None)


def enter(way: Callable[[], Actor]) -> bool:
    """Sign in by `way`, for this tab and for the next; a refusal is shown."""

    def work() -> None:
        actor, code = opened.reached().sessions.begin(way(), opened.now())
        remember(actor)
        sign_in_cookie.hand_over(code)

    return told.attempt(PLACE, work)
