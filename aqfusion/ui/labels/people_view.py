"""Accounts as an admin sees and changes them."""

from datetime import datetime

import streamlit as st

from aqfusion.labels.accounts import User
from aqfusion.labels.actor import ROLES, Actor
from aqfusion.ui.labels import opened, told

PLACE = "admin_people"
ROLES_TO_GIVE = ROLES[:-1]  # nobody signs in as the operator, who holds the terminal


def show(actor: Actor) -> None:
    """Draw the list, what can be changed of one account, and how others come in."""
    users = opened.store().accounts.users(actor)
    told.show(PLACE)
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
        "Signs in by": [_way(user) for user in users],
        "State": [_state(user, opened.now()) for user in users],
        "Since": [user.created.date() for user in users],
    }


def _way(user: User) -> str:
    ways = ["PIN"] if user.has_pin else []
    return ", ".join([*ways, user.issuer] if user.issuer else ways)


def _state(user: User, now: datetime) -> str:
    if user.disabled:
        return "disabled"
    if user.locked_until is not None and user.locked_until > now:
        return f"waits until {user.locked_until:%H:%M:%S} UTC after wrong PINs"
    return "enabled"


def _change(actor: Actor, users: dict[int, User]) -> None:
    chosen = st.selectbox(
        "Whose",
        list(users),
        index=None,
        format_func=lambda id: users[id].name if id in users else "gone",
        key="admin_user",
        placeholder="Choose an account",
    )
    user = users.get(chosen) if chosen is not None else None
    if user is None:
        st.caption("A change holds from the person's next click on. What they labelled stays.")
        return
    st.session_state[f"admin_role_{user.id}"] = user.role  # as the store has it, if it refused
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Role",
            ROLES_TO_GIVE,
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
    with st.form(f"admin_pin_form_{user.id}", border=False):
        st.text_input(
            "Another PIN", type="password", key=f"admin_pin_{user.id}", max_chars=64, width=260
        )
        st.form_submit_button("Set this PIN", on_click=_reset_pin, args=(actor, user))


def _add(actor: Actor) -> None:
    with st.form("admin_add_form", border=False):
        st.text_input("Name", key="admin_add_name", max_chars=60)
        left, right = st.columns(2)
        left.selectbox("Role", ROLES_TO_GIVE, index=1, key="admin_add_role")
        right.text_input("First PIN", type="password", key="admin_add_pin", max_chars=64)
        st.form_submit_button("Add", on_click=_add_user, args=(actor,))
    st.caption("An invitation, below, lets people choose name and PIN themselves.")


def _set_role(actor: Actor, user: User) -> None:
    role = st.session_state.get(f"admin_role_{user.id}", user.role)

    def work() -> str:
        opened.reached().accounts.set_role(actor, user.id, role)
        return f"{user.name} has the role {role} now"

    told.attempt(PLACE, work)


def _set_disabled(actor: Actor, user: User) -> None:
    def work() -> str:
        opened.reached().accounts.set_disabled(actor, user.id, not user.disabled)
        return f"{user.name} is {'enabled' if user.disabled else 'disabled'} now"

    told.attempt(PLACE, work)


def _reset_pin(actor: Actor, user: User) -> None:
    pin = st.session_state.get(f"admin_pin_{user.id}", "")
    st.session_state[f"admin_pin_{user.id}"] = ""

    def work() -> str:
        opened.reached().accounts.reset_pin(actor, user.id, pin)
        return f"{user.name} has another PIN now"

    told.attempt(PLACE, work)


def _add_user(actor: Actor) -> None:
    state = st.session_state
    name, pin = state.get("admin_add_name", ""), state.get("admin_add_pin", "")
    role = state.get("admin_add_role", ROLES_TO_GIVE[1])
    state["admin_add_pin"] = ""

    def work() -> str:
        added = opened.reached().accounts.add_user(actor, name, pin, role, opened.now())
        state["admin_add_name"] = ""
        return f"{added.name} has an account now"

    told.attempt(PLACE, work)
