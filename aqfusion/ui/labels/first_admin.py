"""A store without an admin: whoever can read the server's log makes one, or brings a backup back.

The code in the log proves that a person runs the server and did not just find its address.
"""

import logging
import secrets
import tempfile
from pathlib import Path

import streamlit as st

from aqfusion.labels.restore import restore
from aqfusion.ui.labels import new_account, opened, session_actor, told

_log = logging.getLogger(__name__)
_MOST_MEGABYTES = 1000  # an upload is held in memory; larger ones come by the terminal


def show() -> None:
    """Draw both ways to begin."""
    st.subheader("The first account", anchor=False)
    st.markdown(
        "There is no admin yet. Whoever started this server becomes the first one; the code that "
        "proves it stands in the terminal."
    )
    _code()
    new_account.form("Make the account", _make, ask_code=True)
    with st.expander("Bring back a backup instead", key="account_restore"):
        _ask_for_backup()


def _make() -> None:
    name, pin = new_account.name_and_pin()
    if _code_fits("account_code"):
        session_actor.enter(lambda: opened.reached().accounts.first_admin(name, pin, opened.now()))


def _ask_for_backup() -> None:
    st.caption("Only into a store that is empty; its accounts and PINs come back with it.")
    with st.form("account_backup", border=False):
        st.text_input("Code from the terminal", key="account_backup_code", max_chars=64)
        st.file_uploader(
            f"A backup, at most {_MOST_MEGABYTES} MB",
            type=["zip"],
            key="account_backup_file",
            max_upload_size=_MOST_MEGABYTES,
        )
        st.form_submit_button("Bring it back", on_click=_bring_back)


def _bring_back() -> None:
    if not _code_fits("account_backup_code"):
        return
    file = st.session_state.get("account_backup_file")
    if file is None:
        told.tell(session_actor.PLACE, "Backup must be a file, got none", good=False)
        return

    def work() -> str:
        with tempfile.TemporaryDirectory(prefix="aqfusion-") as folder:
            path = Path(folder) / "backup.zip"  # the client's name is part of no path
            path.write_bytes(file.getbuffer())
            held = restore(opened.reached(), path)
        return (
            f"All is back (items: {held.rows['items']:,}, photos: {held.photos:,}); "
            "sign in with the PIN you had"
        )

    with st.spinner("Bringing the backup back ..."):
        told.attempt(session_actor.PLACE, work)


def _code_fits(key: str) -> bool:
    typed_code = st.session_state.get(key, "").strip()
    if secrets.compare_digest(typed_code.encode(), _code().encode()):
        return True
    told.tell(session_actor.PLACE, "Code must be the one in the terminal, got another", good=False)
    return False


@st.cache_resource(show_spinner=False)
def _code() -> str:
    """A secret of this server's run, written to its log only."""
    code = secrets.token_hex(4)
    _log.warning("The label store has no admin yet. Code for the first one: %s", code)
    return code
