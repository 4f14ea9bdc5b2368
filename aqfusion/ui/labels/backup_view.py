"""The store as one file to take away."""

from pathlib import Path

import streamlit as st

from aqfusion.labels.actor import Actor
from aqfusion.labels.backup import Backup, backup
from aqfusion.ui.labels import opened, ready_file, told
from aqfusion.ui.labels.ready_file import ReadyFile

PLACE, READY = "admin_backup", "admin_backup_ready"


def show(actor: Actor) -> None:
    """Draw the way to a backup, and say how one comes back."""
    st.subheader("Backup", anchor=False)
    st.markdown(
        "One file with all accounts, items, events and photos, checked after it is written. "
        "It holds the hashes of PINs: keep it where nobody else reads."
    )
    told.show(PLACE)
    ready = ready_file.kept(READY)
    buttons, report = st.container(horizontal=True), st.container()
    if buttons.button("Prepare a backup", key="admin_backup", icon=":material/archive:"):
        ready_file.discard(READY)
        with report:
            ready = _prepared(actor)
    if ready is not None:
        with buttons:
            name = f"aqfusion-labels-{opened.now():%Y-%m-%d}.zip"
            ready_file.offer(READY, actor, ready, name)
    st.caption(
        "A backup comes back only into an empty store, and this one has accounts: point "
        "AQFUSION_LABELS at a new database, start the server, and open this page. Its first card "
        "takes the file, with the code from the terminal."
    )


def _prepared(actor: Actor) -> ReadyFile | None:
    """Write a backup with its progress shown; an error is shown."""
    bar, ready = st.progress(0.0, "Writing ..."), ReadyFile("backup.zip", "admin")

    def on_photo(done: int, total: int) -> None:
        if done * 100 // total > (done - 1) * 100 // total:  # a hundred messages, not one per photo
            bar.progress(done / total, f"Photo {done:,} of {total:,}")

    def work(path: Path) -> Backup:
        return backup(opened.store(), actor, path, opened.now(), on_photo)

    try:
        held = ready_file.prepared(READY, PLACE, ready, work)
    finally:
        bar.empty()
    if held is None:
        return None
    _report(held)
    return ready


def _report(held: Backup) -> None:
    items, events = held.rows["items"], held.rows["label_events"]
    text = f"Items: {items:,}. Events: {events:,}. Photos: {held.photos:,}."
    if held.missing:
        st.warning(f"{text} Photos missing: {len(held.missing):,}.", icon=":material/warning:")
    else:
        st.success(text, icon=":material/check_circle:")
