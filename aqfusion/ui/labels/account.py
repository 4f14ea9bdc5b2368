"""Who is at the page: signed in by PIN, by an invitation, or by an account elsewhere.

The pages ask for a role so that they show nothing in vain; what counts is the store, which looks
the role up wherever something is written.
"""

import logging
import secrets
from collections.abc import Callable

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.actor import Actor
from aqfusion.labels.store import LabelStore
from aqfusion.ui import page
from aqfusion.ui.labels import opened
from aqfusion.ui.plain import plain

_ACTOR = "account_actor"
_ROLE_OF_STRANGERS = "visitor"  # of those who come by an account elsewhere; an admin raises it
_log = logging.getLogger(__name__)


def require(role: str) -> Actor:
    """The person at the page; whoever is not signed in or may not is asked in, or told so."""
    actor = current()
    if actor is None:
        _sign_in(opened.store())
        page.end()
        st.stop()
    _who(actor)
    if not actor.may(role):
        st.info(
            f"This page is for {role}s and above; you are signed in as {plain(actor.name)}, "
            f"{actor.role}. An admin can change that.",
            icon=":material/lock:",
        )
        page.end()
        st.stop()
    return actor


def current() -> Actor | None:
    """Who is signed in, as the store knows them now; `None` for a visitor without an account."""
    known: Actor | None = st.session_state.get(_ACTOR) or _from_elsewhere()
    if known is None:
        return None
    try:
        st.session_state[_ACTOR] = opened.store().sign_in.again(known)
    except InputError:  # locked out meanwhile
        _sign_out()
        return None
    actor: Actor = st.session_state[_ACTOR]
    return actor


def _from_elsewhere() -> Actor | None:
    """An account of OpenID Connect, where the secrets name a provider."""
    if not _has_provider() or not st.user.is_logged_in:
        return None
    told = st.user.to_dict()
    name = str(told.get("name") or told.get("email") or "Somebody")
    try:
        return opened.store().sign_in.by_oidc(
            str(told.get("iss", "")), str(told["sub"]), name, _ROLE_OF_STRANGERS, opened.now()
        )
    except (InputError, KeyError) as error:
        st.error(f"This account cannot be used: {plain(str(error))}", icon=":material/error:")
        return None


def _has_provider() -> bool:
    return "auth" in st.secrets if st.secrets.load_if_toml_exists() else False


def _who(actor: Actor) -> None:
    with st.container(horizontal=True, horizontal_alignment="right", key="account"):
        st.markdown(f":material/account_circle: {plain(actor.name)}, {actor.role}")
        st.button("Sign out", key="account_out", type="tertiary", on_click=_sign_out)


def _sign_out() -> None:
    st.session_state.pop(_ACTOR, None)
    if _has_provider() and st.user.is_logged_in:
        st.logout()


def _sign_in(store: LabelStore) -> None:
    names = store.sign_in.names()
    invite = st.query_params.get("invite")
    problem = st.session_state.pop("account_problem", None)
    if problem:
        st.error(plain(problem), icon=":material/error:")
    with st.container(border=True, width=460, key="account_card"):
        if invite:
            _join(invite)
        elif names:
            _by_pin(names)
        elif not _has_provider():
            _first_admin()
        if _has_provider():
            st.button(
                "Sign in with your organisation",
                key="account_oidc",
                icon=":material/login:",
                on_click=st.login,
            )


def _by_pin(names: tuple[str, ...]) -> None:
    st.subheader("Sign in", anchor=False)

    def check() -> None:
        state = st.session_state
        name, pin = state["account_name"], state["account_pin"]
        _enter(lambda: opened.store().sign_in.by_pin(name or "", pin, opened.now()))

    with st.form("account_form", border=False):
        st.selectbox("Your name", names, index=None, key="account_name", placeholder="Choose")
        st.text_input("Your PIN", type="password", key="account_pin", max_chars=64)
        st.form_submit_button("Sign in", on_click=check, type="primary")
    st.caption("No account? Ask whoever runs this server for an invitation.")


def _join(invite: str) -> None:
    st.subheader("You are invited", anchor=False)

    def join() -> None:
        state = st.session_state
        name, pin = state["account_new_name"], state["account_new_pin"]
        if _enter(lambda: opened.store().sign_in.by_invite(invite, name, pin, opened.now())):
            st.query_params.pop("invite", None)

    _new_account("Join", join)


def _first_admin() -> None:
    st.subheader("The first account", anchor=False)
    st.markdown(
        "Nobody has an account yet. Whoever started this server makes the first one, the admin's; "
        "the code that proves it stands in the terminal."
    )
    code = _code()

    def make() -> None:
        state = st.session_state
        if not secrets.compare_digest(state["account_code"].strip().encode(), code.encode()):
            state["account_problem"] = "Code must be the one in the terminal, got another."
            return
        name, pin = state["account_new_name"], state["account_new_pin"]
        _enter(lambda: opened.store().accounts.first_admin(name, pin, opened.now()))

    _new_account("Make the account", make, ask_code=True)


def _new_account(submit: str, on_click: Callable[[], None], *, ask_code: bool = False) -> None:
    with st.form("account_new", border=False):
        if ask_code:
            st.text_input("Code from the terminal", key="account_code", max_chars=64)
        st.text_input("Your name, as others will see it", key="account_new_name", max_chars=60)
        st.text_input("A PIN of your own", type="password", key="account_new_pin", max_chars=64)
        st.form_submit_button(submit, on_click=on_click, type="primary")


@st.cache_resource(show_spinner=False)
def _code() -> str:
    """A secret of this server's run, told in its log only."""
    code = secrets.token_hex(4)
    _log.warning("The label store has no account yet. Code for the first one: %s", code)
    return code


def _enter(way: Callable[[], Actor]) -> bool:
    """Sign in by `way`; what it refuses is told."""
    try:
        st.session_state[_ACTOR] = way()
    except InputError as error:
        st.session_state["account_problem"] = str(error)
        return False
    return True
