"""Invitations: a link that lets one person make an account, once."""

from datetime import timedelta
from urllib.parse import quote

import streamlit as st

from aqfusion.labels.actor import Actor
from aqfusion.ui.labels import opened, told
from aqfusion.ui.labels.people_view import ROLES_TO_GIVE
from aqfusion.ui.plain import plain

PLACE = "admin_invite"
_LINK = "admin_invite_link"
_DAYS = (1, 7, 30)


def show(actor: Actor) -> None:
    """Draw the form, and the link that was made last."""
    st.subheader("Invite", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Role", ROLES_TO_GIVE, index=1, key="admin_invite_role", width=180)
        st.selectbox(
            "Good for", _DAYS, index=1, format_func=_days, key="admin_invite_days", width=140
        )
        st.button(
            "Make a link",
            key="admin_invite_make",
            icon=":material/link:",
            on_click=_make,
            args=(actor,),
        )
    told.show(PLACE)
    made = st.session_state.get(_LINK)
    if made is not None:
        link, what = made
        st.code(link, language=None, wrap_lines=True)
        st.caption(f"{what} It is shown only here and now: send it to one person.")
    _unused(actor)


def _unused(actor: Actor) -> None:
    """The invitations that somebody may still come by, each with a way to take it back."""
    for invite in opened.store().invites.unused(actor, opened.now()):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                plain(
                    f"{invite.role.capitalize()}, by {invite.made_by}, "
                    f"until {invite.expires:%d %B, %H:%M}"
                )
                + " UTC",
                width="content",
            )
            st.button(
                "Take back",
                key=f"admin_invite_{invite.id}",
                type="tertiary",
                on_click=_take_back,
                args=(actor, invite.id),
            )


def _take_back(actor: Actor, invite: int) -> None:
    st.session_state.pop(_LINK, None)

    def work() -> str:
        opened.reached().invites.take_back(actor, invite)
        return "That link is worthless now"

    told.attempt(PLACE, work)


def _days(days: int) -> str:
    return f"{days} day{'' if days == 1 else 's'}"


def _make(actor: Actor) -> None:
    state = st.session_state
    state.pop(_LINK, None)
    role, days = state.get("admin_invite_role", "annotator"), state.get("admin_invite_days", 7)

    def work() -> None:
        now, lasts = opened.now(), timedelta(days=days)
        token = opened.reached().invites.make(actor, role, now, lasts)
        what = f"Good for one new account, role {role}, until {now + lasts:%d %B %Y, %H:%M} UTC."
        state[_LINK] = (_link(st.context.url or "", token), what)

    told.attempt(PLACE, work)


def _link(here: str, token: str) -> str:
    """The Label page's address beside the page at `here`.

    >>> _link("https://host/base/admin", "a_b-c")
    'https://host/base/label?invite=a_b-c'
    """
    return f"{here.rpartition('/')[0]}/label?invite={quote(token)}"
