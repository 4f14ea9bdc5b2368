"""Who is at the page: signed in by PIN, by an invitation, or by an account elsewhere.

The pages ask for a role so that they show nothing in vain; what counts is the store, which looks
the role up wherever something is written.
"""

from collections.abc import Callable

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.actor import Actor, RoleError
from aqfusion.labels.sign_in import SignInError
from aqfusion.labels.store import LabelStore
from aqfusion.ui import page
from aqfusion.ui.labels import elsewhere, entrance, opened, session_actor, sign_in_cookie, told
from aqfusion.ui.plain import plain


def require(role: str) -> Actor:
    """The person at the page; whoever is not signed in or may not is asked in, or told so."""
    actor = current()
    if actor is None:
        sign_in_cookie.draw()
        entrance.show(opened.store())
        page.end()
        st.stop()
    _who(actor)
    if not actor.may(role):
        whom = "admins" if role == "admin" else f"{role}s and above"
        st.info(
            f"This page is for {whom}; you are signed in as {plain(actor.name)}, {actor.role}. "
            "An admin can change that.",
            icon=":material/lock:",
        )
        page.end()
        st.stop()
    return actor


def current() -> Actor | None:
    """Who is signed in, as the store knows them now; `None` for a visitor without an account."""
    store = opened.store()
    try:
        actor = _looked_up(store)
    except (RoleError, SignInError) as error:  # signed out or disabled, or an account of no use
        session_actor.forget()
        sign_in_cookie.take_away()
        told.tell(session_actor.PLACE, str(error), good=False)
        return None
    except InputError as error:  # a store that does not answer signs nobody out
        opened.failed(error)
    if actor is not None:
        session_actor.remember(actor)
    return actor


def _looked_up(store: LabelStore) -> Actor | None:
    remembered = session_actor.signed_in_actor()
    if remembered is not None:
        actor = store.sign_in.again(remembered)
        if actor.sign_in is not None:
            store.sessions.use(actor, opened.now())
        return actor
    if elsewhere.has_identity():
        return elsewhere.actor(store)
    return sign_in_cookie.holder(store)


def _who(actor: Actor) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="right", vertical_alignment="center", key="account"
    ):
        sign_in_cookie.draw()
        st.markdown(f":material/account_circle: {plain(actor.name)}, {actor.role}")
        st.button("Sign out", key="account_out", type="tertiary", on_click=_sign_out, args=(actor,))
        if actor.sign_in is not None:
            st.button(
                "Everywhere",
                key="account_out_all",
                type="tertiary",
                on_click=_sign_out_everywhere,
                args=(actor,),
                help="Sign out in every browser in which you have signed in by PIN",
            )


def _sign_out(actor: Actor) -> None:
    if actor.sign_in is not None and not _ended(lambda: opened.reached().sessions.end(actor)):
        return
    session_actor.forget()
    sign_in_cookie.take_away()
    elsewhere.leave()


def _sign_out_everywhere(actor: Actor) -> None:
    if _ended(lambda: opened.reached().sessions.end_all(actor)):
        session_actor.forget()
        sign_in_cookie.take_away()


def _ended(work: Callable[[], object]) -> bool:
    """Whether the sign-in is over in the store; while it is not, the page stays signed in."""

    def done() -> None:
        work()

    return told.attempt(session_actor.PLACE, done)
