"""Who is at the page: signed in by PIN, by an invitation, or by an account elsewhere.

The pages ask for a role so that they show nothing in vain; what counts is the store, which looks
the role up wherever something is written.
"""

from collections.abc import Callable

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.sign_in import SignInError
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor, RoleError
from aqfusion.ui import page
from aqfusion.ui.labels import (
    browser_sessions,
    flash,
    oidc,
    sign_in_cookie,
    sign_in_form,
    store_session,
)
from aqfusion.ui.markup import plain


def require(role: str) -> Actor:
    """The person at the page; whoever is not signed in or may not is asked in, or told so."""
    actor = current()
    if actor is None:
        sign_in_cookie.draw()
        sign_in_form.render_entrance(store_session.store())
        page.end()
        st.stop()
    _who(actor)
    if not actor.may(role):
        whom = "admins" if role == "admin" else f"{role}s and above"
        st.info(
            f"This page is for {whom}. You are signed in as {plain(actor.name)}, {actor.role}. "
            "An admin can change your role.",
            icon=":material/lock:",
        )
        page.end()
        st.stop()
    return actor


def current() -> Actor | None:
    """Who is signed in, as the store knows them now; `None` for a visitor without an account."""
    store = store_session.store()
    try:
        actor = _looked_up(store)
    except (RoleError, SignInError) as error:  # signed out or disabled, or an account of no use
        browser_sessions.forget()
        sign_in_cookie.take_away()
        flash.set_flash(browser_sessions.PLACE, str(error), good=False)
        return None
    except InputError as error:  # a store that does not answer signs nobody out
        store_session.failed(error)
    if actor is not None:
        browser_sessions.remember(actor)
    return actor


def _looked_up(store: LabelStore) -> Actor | None:
    remembered = browser_sessions.signed_in_actor()
    if remembered is not None:
        actor = store.sign_in.again(remembered)
        if actor.sign_in is not None:
            store.sessions.use(actor, store_session.now())
        return actor
    if oidc.has_identity():
        return oidc.actor(store)
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
                "Everywhere",  # beside "Sign out": a longer label covers the title on a phone
                key="account_out_all",
                type="tertiary",
                on_click=_sign_out_everywhere,
                args=(actor,),
                help="Signs you out in every browser in which you signed in with your PIN",
            )


def _sign_out(actor: Actor) -> None:
    if actor.sign_in is not None and not _ended(
        lambda: store_session.reached().sessions.end(actor)
    ):
        return
    browser_sessions.forget()
    sign_in_cookie.take_away()
    oidc.leave()


def _sign_out_everywhere(actor: Actor) -> None:
    if _ended(lambda: store_session.reached().sessions.end_all(actor)):
        browser_sessions.forget()
        sign_in_cookie.take_away()


def _ended(work: Callable[[], object]) -> bool:
    """Whether the sign-in is over in the store; while it is not, the page stays signed in."""

    def done() -> None:
        work()

    return flash.run_with_flash(browser_sessions.PLACE, done)
