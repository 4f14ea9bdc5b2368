"""The store as one file to take away; the file on the server goes when it has been taken."""

from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.actor import Actor
from aqfusion.labels.backup import Backup, BackupError, backup
from aqfusion.ui.labels import opened, told

PLACE = "admin_backup"
MOST_BYTES = 1_000_000_000  # a download is held in memory
_READY = "admin_backup_ready"


class Ready:
    """A backup in a folder of its own, which goes when it is taken or the session ends."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="aqfusion-", ignore_cleanup_errors=True)
        self.path = Path(self._folder.name) / "backup.zip"

    def take(self, actor: Actor) -> bytes:
        """Hand the file over, once, to who is still an admin."""
        if not opened.reached().sign_in.again(actor).may("admin"):
            raise BackupError(f"role must be admin, got another of {actor.name!r}")
        try:
            content = self.path.read_bytes()
        except FileNotFoundError as error:
            raise BackupError("backup must be there to be taken, got one taken before") from error
        self.discard()
        return content

    def discard(self) -> None:
        """Delete it."""
        self._folder.cleanup()


def show(actor: Actor) -> None:
    """Draw the way to a backup, and say how one comes back."""
    st.subheader("Backup", anchor=False)
    st.markdown(
        "One file with all accounts, items, events and photos, checked after it is written. "
        "It holds the hashes of PINs: keep it where nobody else reads."
    )
    told.show(PLACE)
    ready: Ready | None = st.session_state.get(_READY)
    if ready is not None and not ready.path.exists():
        ready = st.session_state.pop(_READY, None) and None
    buttons, report = st.container(horizontal=True), st.container()
    if buttons.button("Prepare a backup", key="admin_backup", icon=":material/archive:"):
        _discard()
        with report:
            ready = _prepared(actor)
    if ready is not None:
        with buttons:
            _offer(actor, ready)
    st.caption(
        "A backup comes back only into an empty store, and this one has accounts: point "
        "AQFUSION_LABELS at a new database, start the server, and open this page. Its first card "
        "takes the file, with the code from the terminal."
    )


def _offer(actor: Actor, ready: Ready) -> None:
    megabytes = ready.path.stat().st_size / 1e6
    st.download_button(
        f"Download, {megabytes:.1f} MB",
        lambda: ready.take(actor),
        f"aqfusion-labels-{opened.now():%Y-%m-%d}.zip",
        "application/zip",
        key="admin_backup_take",
        icon=":material/download:",
        type="primary",
    )
    st.button("Discard", key="admin_backup_discard", type="tertiary", on_click=_discard)


def _discard() -> None:
    ready: Ready | None = st.session_state.pop(_READY, None)
    if ready is not None:
        ready.discard()


def _prepared(actor: Actor) -> Ready | None:
    """Write a backup with its progress shown; what stops it is told."""
    bar, ready = st.progress(0.0, "Writing ..."), Ready()

    def on_photo(done: int, of: int) -> None:
        if done * 100 // of > (done - 1) * 100 // of:  # a hundred messages, not one per photo
            bar.progress(done / of, f"Photo {done:,} of {of:,}")

    try:
        held = backup(opened.store(), actor, ready.path, opened.now(), on_photo)
        if ready.path.stat().st_size > MOST_BYTES:
            raise BackupError(
                f"backup must have at most {MOST_BYTES // 1_000_000} MB to be taken by browser, "
                f"got {ready.path.stat().st_size / 1e6:.0f}; take it in the terminal"
            )
    except InputError as error:
        ready.discard()
        told.tell(PLACE, str(error), good=False)
        told.show(PLACE)
        return None
    finally:
        bar.empty()
    st.session_state[_READY] = ready
    _report(held)
    return ready


def _report(held: Backup) -> None:
    items, events = held.rows["items"], held.rows["label_events"]
    text = f"Items: {items:,}. Events: {events:,}. Photos: {held.photos:,}."
    if held.missing:
        st.warning(f"{text} Photos missing: {len(held.missing):,}.", icon=":material/warning:")
    else:
        st.success(text, icon=":material/check_circle:")
