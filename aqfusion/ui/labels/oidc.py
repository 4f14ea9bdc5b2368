"""Accounts of another place, by OpenID Connect: a provider that the secrets file names."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

import streamlit as st

from aqfusion.labels.sign_in import SignInError
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor
from aqfusion.ui.labels import store_session
from aqfusion.ui.markup import plain

_FIRST_ROLE = "visitor"  # of those who come for the first time; an admin raises it
_UNNAMED = "default"  # as Streamlit calls a provider in [auth] itself
_LEFT = "account_oidc_left"


def providers() -> tuple[str, ...]:
    """The names of the providers in the secrets file, [auth] itself being "default"."""
    if not st.secrets.load_if_toml_exists():
        return ()
    auth = st.secrets.get("auth", {})
    if not isinstance(auth, Mapping):
        return ()
    own = (_UNNAMED,) if "client_id" in auth else ()
    named = (
        name
        for name, section in auth.items()
        if isinstance(section, Mapping) and "client_id" in section and name != _UNNAMED
    )
    return (*own, *named)


def has_identity() -> bool:
    """Whether the browser holds a provider's word on who is at the page."""
    has_left = st.session_state.get(_LEFT, False)
    return not has_left and bool(providers()) and bool(st.user.get("is_logged_in"))


def actor(store: LabelStore) -> Actor:
    """The account of who is at the page, made at the first time; `SignInError` says why not.

    The provider's word lies in the browser for weeks. It opens a sign-in of our own, which ends as
    others do, and only as long as that would go on without use.
    """
    claims = st.user.to_dict()
    if not claims.get("sub"):
        raise SignInError("account must have an identity (sub), got none")
    issued, now = _issued(claims.get("iat")), store_session.now()
    if now - issued > store.sessions.limits.idle:
        raise SignInError("You signed in too long ago. Sign in again.")
    name = str(claims.get("name") or claims.get("email") or "Somebody")
    issuer = str(claims.get("iss") or "unknown")
    return store.sign_in.by_oidc(issuer, str(claims["sub"]), name, _FIRST_ROLE, now, issued)


def _issued(seconds: object) -> datetime:
    """When the provider gave its word, which OpenID Connect obliges it to say."""
    try:
        return datetime.fromtimestamp(float(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError):
        raise SignInError("account must have a time of issue (iat), got none") from None


def draw_buttons() -> None:
    """Draw a way to each provider."""
    for provider in providers():
        where = "your organisation" if provider == _UNNAMED else provider
        st.button(
            f"Sign in with {plain(where)}",
            key=f"account_oidc_{provider}",
            icon=":material/login:",
            on_click=partial(st.login, None if provider == _UNNAMED else provider),
        )


def leave() -> None:
    """Let the browser forget the provider's word."""
    if has_identity():
        st.session_state[_LEFT] = True  # this run still has it
        st.logout()
