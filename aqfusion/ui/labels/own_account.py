"""What people do to their own account: another PIN, and the end of all their sign-ins."""

from collections.abc import Callable

import streamlit as st

from aqfusion.labels.passwords import MOST_CHARACTERS
from aqfusion.permissions import Actor
from aqfusion.ui.labels import browser_sessions, flash, store_session

_OLD, _NEW = "account_own_old", "account_own_new"


def render_own_account(actor: Actor, on_sign_out: Callable[[Actor], None]) -> None:
    """Draw both; `on_sign_out` ends the sign-ins everywhere."""
    sign_in = store_session.store().sign_in
    if sign_in.has_pin(actor):
        with st.form("account_own_form", border=False):
            st.text_input("Present PIN", type="password", key=_OLD, max_chars=MOST_CHARACTERS)
            st.text_input(
                f"New PIN or passphrase ({sign_in.pin_length:d} characters or more)",
                type="password",
                key=_NEW,
                max_chars=MOST_CHARACTERS,
            )
            st.form_submit_button("Change the PIN", on_click=_change, args=(actor,))
    st.button(
        "Sign out everywhere",
        key="account_out_all",
        type="tertiary",
        on_click=on_sign_out,
        args=(actor,),
        help="Signs you out in every browser in which you are signed in",
    )


def _change(actor: Actor) -> None:
    state = st.session_state
    old, new = state.get(_OLD, ""), state.get(_NEW, "")
    state[_OLD] = state[_NEW] = ""

    def work() -> str:
        now = store_session.now()
        changed = store_session.reached().sign_in.change_pin(actor, old, new, now)
        browser_sessions.remember(browser_sessions.begun(changed, "PIN"))
        return "Your PIN is changed. In other browsers you are signed out"

    flash.run_with_flash(browser_sessions.OWN_ACCOUNT, work)
