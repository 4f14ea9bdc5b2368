"""The card in front of the labelling pages: a name and its PIN, an invitation, or a provider."""

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.store import LabelStore
from aqfusion.ui.labels import elsewhere, first_admin, new_account, opened, session_actor, told


def show(store: LabelStore) -> None:
    """Draw the way in that fits: the invitation of the address, the first account, or a PIN."""
    try:
        names, unclaimed = store.sign_in.names(), store.sign_in.is_unclaimed()
    except InputError as error:
        opened.failed(error)
    invite = st.query_params.get("invite")
    with st.container(border=True, width=460, key="account_card"):
        told.show(session_actor.PLACE)
        if invite:
            _join(invite)
        elif unclaimed:
            first_admin.show()
        elif names or not elsewhere.providers():
            _by_pin(names)
        elsewhere.draw_buttons()


def _by_pin(names: tuple[str, ...]) -> None:
    st.subheader("Sign in", anchor=False)
    with st.form("account_form", border=False):
        st.selectbox("Your name", names, index=None, key="account_name", placeholder="Choose")
        st.text_input("Your PIN", type="password", key="account_pin", max_chars=64)
        st.form_submit_button("Sign in", on_click=_check, type="primary")
    st.caption("No account? Ask whoever runs this server for an invitation.")


def _check() -> None:
    state = st.session_state
    name, pin = state.get("account_name") or "", state.get("account_pin", "")
    session_actor.enter(lambda: opened.reached().sign_in.by_pin(name, pin, opened.now()))
    state["account_pin"] = ""


def _join(invite: str) -> None:
    st.subheader("You are invited", anchor=False)

    def join() -> None:
        name, pin = new_account.name_and_pin()
        if session_actor.enter(
            lambda: opened.reached().sign_in.by_invite(invite, name, pin, opened.now())
        ):
            _decline()

    new_account.form("Join", join)
    st.button("I have an account", key="account_known", type="tertiary", on_click=_decline)


def _decline() -> None:
    st.query_params.pop("invite", None)
