"""Accounts and invitations, for admins."""

from datetime import datetime, timedelta
from urllib.parse import quote

import streamlit as st

from aqfusion.labels.accounts import User
from aqfusion.labels.passwords import MOST_CHARACTERS
from aqfusion.permissions import GIVEN_ROLES, Actor
from aqfusion.ui.labels import flash, store_session
from aqfusion.ui.markup import plain

ACCOUNTS_FLASH = "admin_people"


def render_people(actor: Actor) -> None:
    """Draw the list, what can be changed of one account, and how others come in."""
    users = store_session.store().accounts.users(actor, store_session.now())
    flash.render_flash(ACCOUNTS_FLASH)
    st.dataframe(
        _table(users), hide_index=True, key="admin_users", alt=f"The {len(users)} accounts"
    )
    left, right = st.columns(2)
    with left.container(border=True, height="stretch", key="card_change"):
        st.subheader("Change an account", anchor=False)
        _change(actor, {user.id: user for user in users})
    with right.container(border=True, height="stretch", key="card_add"):
        st.subheader("Add an account", anchor=False)
        _add(actor)


def _table(users: tuple[User, ...]) -> dict[str, list[object]]:
    return {
        "Name": [user.name for user in users],
        "Role": [user.role for user in users],
        "Sign-in": [_way(user) for user in users],
        "Status": [_state(user, store_session.now()) for user in users],
        "Created": [user.created.date() for user in users],
    }


def _way(user: User) -> str:
    ways = ["PIN"] if user.has_pin else []
    return ", ".join([*ways, user.issuer] if user.issuer else ways)


def _state(user: User, now: datetime) -> str:
    if user.disabled:
        return "disabled"
    if user.guessed_until is not None and user.guessed_until > now:
        return f"enabled; new browsers wait until {user.guessed_until:%H:%M:%S} UTC"
    return "enabled"


def _change(actor: Actor, users: dict[int, User]) -> None:
    chosen = st.selectbox(
        "Account",
        list(users),
        index=None,
        format_func=lambda id: users[id].name if id in users else "deleted account",
        key="admin_user",
        placeholder="Choose an account",
    )
    user = users.get(chosen) if chosen is not None else None
    if user is None:
        st.caption("A change takes effect at the person's next click. Their labels stay.")
        return
    st.session_state[f"admin_role_{user.id}"] = user.role  # as the store has it, if it refused
    with st.container(horizontal=True, vertical_alignment="bottom"):
        # An account may have a role that nobody should have; here it gets another one.
        st.selectbox(
            "Role",
            list(dict.fromkeys((*GIVEN_ROLES, user.role))),
            key=f"admin_role_{user.id}",
            on_change=_set_role,
            args=(actor, user),
            width=180,
        )
        st.button(
            "Enable" if user.disabled else "Disable",
            key=f"admin_disable_{user.id}",
            on_click=_set_disabled,
            args=(actor, user),
        )
        if user.guessed_until is not None:
            st.button(
                "Unlock",
                key=f"admin_unlock_{user.id}",
                on_click=_unlock,
                args=(actor, user),
                help="Forgets the wrong PINs that were given for this name",
            )
    with st.form(f"admin_pin_form_{user.id}", border=False):
        st.text_input(
            "New PIN",
            type="password",
            key=f"admin_pin_{user.id}",
            max_chars=MOST_CHARACTERS,
            width=260,
        )
        st.form_submit_button("Set the PIN", on_click=_reset_pin, args=(actor, user))


def _add(actor: Actor) -> None:
    with st.form("admin_add_form", border=False):
        st.text_input("Name", key="admin_add_name", max_chars=60)
        left, right = st.columns(2)
        left.selectbox("Role", GIVEN_ROLES, index=1, key="admin_add_role")
        right.text_input(
            "First PIN", type="password", key="admin_add_pin", max_chars=MOST_CHARACTERS
        )
        st.form_submit_button("Add", on_click=_add_user, args=(actor,))
    st.caption("With an invitation (below), people choose their name and PIN themselves.")


def _set_role(actor: Actor, user: User) -> None:
    role = st.session_state.get(f"admin_role_{user.id}", user.role)

    def work() -> str:
        store_session.reached().accounts.set_role(actor, user.id, role, store_session.now())
        return f"{user.name} now has the role {role}"

    flash.run_with_flash(ACCOUNTS_FLASH, work)


def _set_disabled(actor: Actor, user: User) -> None:
    def work() -> str:
        store_session.reached().accounts.set_disabled(
            actor, user.id, not user.disabled, store_session.now()
        )
        return f"{user.name} is now {'enabled' if user.disabled else 'disabled'}"

    flash.run_with_flash(ACCOUNTS_FLASH, work)


def _unlock(actor: Actor, user: User) -> None:
    def work() -> str:
        store_session.reached().accounts.unlock(actor, user.name, store_session.now())
        return f"{user.name} need not wait any more"

    flash.run_with_flash(ACCOUNTS_FLASH, work)


def _reset_pin(actor: Actor, user: User) -> None:
    pin = st.session_state.get(f"admin_pin_{user.id}", "")
    st.session_state[f"admin_pin_{user.id}"] = ""

    def work() -> str:
        store_session.reached().accounts.reset_pin(actor, user.id, pin, store_session.now())
        return f"{user.name} now has a new PIN"

    flash.run_with_flash(ACCOUNTS_FLASH, work)


def _add_user(actor: Actor) -> None:
    state = st.session_state
    name, pin = state.get("admin_add_name", ""), state.get("admin_add_pin", "")
    role = state.get("admin_add_role", GIVEN_ROLES[1])
    state["admin_add_pin"] = ""

    def work() -> str:
        added = store_session.reached().accounts.add_user(
            actor, name, pin, role, store_session.now()
        )
        state["admin_add_name"] = ""
        return f"{added.name} now has an account"

    flash.run_with_flash(ACCOUNTS_FLASH, work)


INVITE_FLASH = "admin_invite"
_LINK = "admin_invite_link"
_DAYS = (1, 7, 30)


def render_invite(actor: Actor) -> None:
    """Draw the form, and the link that was made last."""
    st.subheader("Invite", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Role", GIVEN_ROLES, index=1, key="admin_invite_role", width=180)
        st.selectbox(
            "Valid for", _DAYS, index=1, format_func=_days, key="admin_invite_days", width=140
        )
        st.button(
            "Create a link",
            key="admin_invite_make",
            icon=":material/link:",
            on_click=_make,
            args=(actor,),
        )
    flash.render_flash(INVITE_FLASH)
    made = st.session_state.get(_LINK)
    if made is not None:
        link, what = made
        st.code(link, language=None, wrap_lines=True)
        st.caption(f"{plain(what)} It is shown only once: send it to one person.")
    _unused(actor)


def _unused(actor: Actor) -> None:
    """The invitations that somebody may still come by, each with a way to take it back."""
    for invite in store_session.store().invites.unused(actor, store_session.now()):
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
                "Revoke",
                key=f"admin_invite_{invite.id}",
                type="tertiary",
                on_click=_take_back,
                args=(actor, invite.id),
            )


def _take_back(actor: Actor, invite: int) -> None:
    st.session_state.pop(_LINK, None)

    def work() -> str:
        store_session.reached().invites.take_back(actor, invite, store_session.now())
        return "The invitation is revoked"

    flash.run_with_flash(INVITE_FLASH, work)


def _days(days: int) -> str:
    return f"{days} day{'' if days == 1 else 's'}"


def _make(actor: Actor) -> None:
    state = st.session_state
    state.pop(_LINK, None)
    role, days = state.get("admin_invite_role", "annotator"), state.get("admin_invite_days", 7)

    def work() -> None:
        now, lasts = store_session.now(), timedelta(days=days)
        token = store_session.reached().invites.make(actor, role, now, lasts)
        what = (
            f"Valid for one new account with the role {role}, "
            f"until {now + lasts:%d %B %Y, %H:%M} UTC."
        )
        state[_LINK] = (_link(st.context.url or "", token), what)

    flash.run_with_flash(INVITE_FLASH, work)


def _link(here: str, token: str) -> str:
    """The Label page's address beside the page at `here`.

    >>> _link("https://host/base/admin", "a_b-c")
    'https://host/base/label?invite=a_b-c'
    """
    return f"{here.rpartition('/')[0]}/label?invite={quote(token)}"
