"""The form for a new account: a name, and a PIN of one's own."""

from collections.abc import Callable

import streamlit as st


def form(submit: str, on_click: Callable[[], None], *, ask_code: bool = False) -> None:
    """Draw the form; `on_click` reads it with `given`."""
    with st.form("account_new", border=False):
        if ask_code:
            st.text_input("Code from the terminal", key="account_code", max_chars=64)
        st.text_input("Your name, as others will see it", key="account_new_name", max_chars=60)
        st.text_input(
            "A PIN of your own, 4 characters or more",
            type="password",
            key="account_new_pin",
            max_chars=64,
        )
        st.form_submit_button(submit, on_click=on_click, type="primary")


def name_and_pin() -> tuple[str, str]:
    """Name and PIN, for the callback; the PIN does not stay in the session."""
    state = st.session_state
    name, pin = state.get("account_new_name", ""), state.get("account_new_pin", "")
    state["account_new_pin"] = ""
    return name, pin
