"""The card in front of the labelling pages: sign in, new account, first admin.

The code in the log proves that a person runs the server and did not just find its address.
"""

import logging
import secrets
from collections.abc import Callable

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.io.temporary_files import TemporaryFolder
from aqfusion.labels.backup import restore
from aqfusion.labels.passwords import MOST_CHARACTERS
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor
from aqfusion.server.client_address import client_address
from aqfusion.server.reach import is_at_this_machine, is_public, is_served
from aqfusion.server.token_bucket import TokenBuckets
from aqfusion.settings import load_server_settings
from aqfusion.ui.labels import browser_sessions, flash, oidc, store_session
from aqfusion.ui.process_cache import process_cache


def form(submit: str, on_click: Callable[[], None], *, ask_code: bool = False) -> None:
    """Draw the form; `on_click` reads it with `given`."""
    with st.form("account_new", border=False):
        if ask_code:
            st.text_input("Code from the terminal", key="account_code", max_chars=64)
        st.text_input("Your name, as others will see it", key="account_new_name", max_chars=60)
        least = store_session.store().sign_in.pin_length
        st.text_input(
            f"Choose a PIN or a passphrase ({least:d} characters or more)",
            type="password",
            key="account_new_pin",
            max_chars=MOST_CHARACTERS,
        )
        st.form_submit_button(submit, on_click=on_click, type="primary")


def name_and_pin() -> tuple[str, str]:
    """Name and PIN, for the callback; the PIN does not stay in the session."""
    state = st.session_state
    name, pin = state.get("account_new_name", ""), state.get("account_new_pin", "")
    state["account_new_pin"] = ""
    return name, pin


_log = logging.getLogger(__name__)
_MOST_MEGABYTES = 1000  # of .streamlit/config.toml


def render_first_admin() -> None:
    """Draw both ways to begin."""
    st.subheader("The first account", anchor=False)
    st.markdown(
        "There is no admin yet. The person who started this server makes the first admin account, "
        "with the code that is printed in the terminal."
    )
    _code()
    form("Create the account", _make, ask_code=True)
    with st.expander("Restore a backup instead", key="account_restore"):
        _ask_for_backup()


def _make() -> None:
    name, pin = name_and_pin()
    if _code_fits("account_code"):
        browser_sessions.enter(
            lambda: store_session.reached().accounts.first_admin(name, pin, store_session.now()),
            "first admin",
        )


def most_megabytes() -> int:
    """Megabytes of a backup that the server takes from a browser: it holds an upload in memory.

    Of what it holds at most, one visitor may have half.
    """
    return max(1, min(_MOST_MEGABYTES, load_server_settings().uploads_mb // 2 - 1))


def _ask_for_backup() -> None:
    most = most_megabytes()
    st.caption(
        "A backup can be restored only into an empty store. It restores accounts and PINs too. "
        f"One of more than {most:d} MB comes back in the terminal: "
        "`python -m aqfusion labels restore PATH`."
    )
    with st.form("account_backup", border=False):
        st.text_input("Code from the terminal", key="account_backup_code", max_chars=64)
        st.file_uploader(
            f"Backup file, at most {most:d} MB",
            type=["zip"],
            key="account_backup_file",
            max_upload_size=most,
        )
        st.form_submit_button("Restore the backup", on_click=_bring_back)


def _bring_back() -> None:
    if not _code_fits("account_backup_code"):
        return
    file = st.session_state.get("account_backup_file")
    if file is None:
        flash.set_flash(browser_sessions.PLACE, "No file was chosen. Choose a backup.", good=False)
        return

    def work() -> str:
        with TemporaryFolder() as folder:
            path = folder / "backup.zip"  # the client's name is part of no path
            path.write_bytes(file.getbuffer())
            held = restore(store_session.reached(), path, store_session.now())
        return (
            f"The backup is restored (items: {held.rows['items']:,}, photos: {held.photos:,}). "
            "Sign in with your PIN from that store"
        )

    with st.spinner("Restoring the backup ..."):
        flash.run_with_flash(browser_sessions.PLACE, work)


def _code_fits(key: str) -> bool:
    """Whether the code was typed; a bound for each address keeps nobody else out."""
    typed_code = st.session_state.get(key, "").strip()
    if not _tries().take(client_address()):
        flash.set_flash(
            browser_sessions.PLACE,
            "Too many codes were tried from your network. Wait 30 s and try again.",
            good=False,
        )
        return False
    if secrets.compare_digest(typed_code.encode(), _code().encode()):
        return True
    flash.set_flash(
        browser_sessions.PLACE,
        "This is not the code from the terminal. Check it and try again.",
        good=False,
    )
    return False


@process_cache()
def _tries() -> TokenBuckets:
    """Of the code by an address: ten at once, then one in half a minute."""
    return TokenBuckets(10, 1 / 30)


@process_cache()
def _code() -> str:
    """A secret of this server's run, written to its log only."""
    code = secrets.token_hex(8)
    _log.warning("The label store has no admin yet. Code for the first admin: %s", code)
    return code


def render_entrance(store: LabelStore) -> None:
    """Draw the way in that fits: the invitation of the address, the first account, or a PIN."""
    try:
        names, unclaimed = store.sign_in.names(), store.sign_in.is_unclaimed()
    except InputError as error:
        store_session.failed(error)
    invite = st.query_params.get("invite")
    with st.container(border=True, width=460, key="account_card"):
        flash.render_flash(browser_sessions.PLACE)
        if invite:
            _join(invite)
        elif unclaimed:
            render_first_admin()
        elif names or not oidc.providers():
            _by_pin(names)
        oidc.draw_buttons()


def _by_pin(names: tuple[str, ...]) -> None:
    st.subheader("Sign in", anchor=False)
    with st.form("account_form", border=False):
        if _lists_names():
            st.selectbox("Your name", names, index=None, key="account_name", placeholder="Choose")
        else:
            st.text_input("Your name", key="account_name", max_chars=60)
        st.text_input("Your PIN", type="password", key="account_pin", max_chars=MOST_CHARACTERS)
        st.form_submit_button("Sign in", on_click=_check, type="primary")
    st.caption("No account? Ask an admin for an invitation.")


def _lists_names() -> bool:
    """Whether to show who has an account; a stranger must not learn it."""
    setting = load_server_settings().list_names
    if setting is not None:
        return setting
    return not is_public() and (
        not is_served() or is_at_this_machine(client_address(), st.context.headers.to_dict())
    )


def _check() -> None:
    state = st.session_state
    name, pin = state.get("account_name") or "", state.get("account_pin", "")
    state["account_pin"] = ""

    def way() -> Actor:
        client, now = browser_sessions.client(), store_session.now()
        return store_session.reached().sign_in.by_pin(name, pin, now, client)

    if browser_sessions.enter(way):
        least = store_session.reached().sign_in.pin_length
        if len(pin) < least:
            flash.set_flash(
                browser_sessions.OWN_ACCOUNT,
                f"Your PIN has fewer than {least} characters. Choose a longer one under Account",
            )


def _join(invite: str) -> None:
    st.subheader("You are invited", anchor=False)

    def join() -> None:
        name, pin = name_and_pin()
        if browser_sessions.enter(
            lambda: store_session.reached().sign_in.by_invite(
                invite, name, pin, store_session.now()
            ),
            "invitation",
        ):
            _decline()

    form("Join", join)
    st.button("I already have an account", key="account_known", type="tertiary", on_click=_decline)


def _decline() -> None:
    st.query_params.pop("invite", None)
