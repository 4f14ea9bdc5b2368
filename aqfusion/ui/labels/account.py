"""Who is at the page: signed in by PIN, by an invitation, or by an account elsewhere.

The pages ask for a role so that they show nothing in vain; what counts is the store, which looks
the role up wherever something is written.
"""

from collections.abc import Callable

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.authorization import SignedOutError
from aqfusion.labels.sign_in import SignInError
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor, RoleError
from aqfusion.server.reach import is_served
from aqfusion.ui import page
from aqfusion.ui.labels import (
    browser_sessions,
    flash,
    oidc,
    own_account,
    sign_in_cookie,
    sign_in_form,
    store_session,
)
from aqfusion.ui.markup import plain, public_text


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
            f"This page is for {whom}. You are signed in as {plain(actor.name)}, "
            f"{plain(actor.role)}. An admin can change your role.",
            icon=":material/lock:",
        )
        page.end()
        st.stop()
    return actor


def has_cookie() -> bool:
    """Whether the browser sent a sign-in, which may be over."""
    return sign_in_cookie.is_sent(st.context.cookies)


def current() -> Actor | None:
    """Who is signed in, as the store knows them now; `None` for a visitor without an account."""
    store = store_session.store()
    try:
        actor = _looked_up(store)
    except (RoleError, SignInError) as error:  # signed out or disabled, or an account of no use
        browser_sessions.forget()
        sign_in_cookie.take_away()
        flash.set_flash(browser_sessions.PLACE, public_text(error), good=False)
        return None
    except InputError as error:  # a store that does not answer signs nobody out
        store_session.failed(error)
    if actor is not None:
        browser_sessions.remember(actor)
    return actor


def _looked_up(store: LabelStore) -> Actor | None:
    remembered = browser_sessions.signed_in_actor()
    if remembered is not None:
        try:
            return _still(store, remembered)
        except SignedOutError:
            if not oidc.has_identity():
                raise
            browser_sessions.forget()  # a provider's word may be newer than what ended
    holder = sign_in_cookie.holder(store)
    if holder is None and oidc.has_identity():
        return browser_sessions.begun(oidc.actor(store), "OpenID Connect")
    return holder


def _still(store: LabelStore, remembered: Actor) -> Actor:
    """The actor as they are now; `SignedOutError` once that is over, or where it is another's."""
    of_cookie = sign_in_cookie.sign_in(store)
    is_kept = remembered.sign_in is not None or not is_served()
    if not is_kept or of_cookie not in (None, remembered.sign_in):
        raise SignedOutError("In this browser somebody else is signed in. Sign in again.")
    actor = store.sign_in.again(remembered)
    if actor.sign_in is not None:
        store.sessions.use(actor, store_session.now())
    return actor


def _who(actor: Actor) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="right", vertical_alignment="center", key="account"
    ):
        sign_in_cookie.draw()
        st.markdown(f":material/account_circle: {plain(actor.name)}, {plain(actor.role)}")
        st.button("Sign out", key="account_out", type="tertiary", on_click=_sign_out, args=(actor,))
        if actor.sign_in is not None:
            with st.popover("Account", key="account_own", type="tertiary"):
                own_account.render_own_account(actor, _sign_out_everywhere)
    flash.render_flash(browser_sessions.OWN_ACCOUNT)


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
        oidc.leave()


def _ended(work: Callable[[], object]) -> bool:
    """Whether the sign-in is over in the store; while it is not, the page stays signed in."""

    def done() -> None:
        work()

    return flash.run_with_flash(browser_sessions.PLACE, done)
