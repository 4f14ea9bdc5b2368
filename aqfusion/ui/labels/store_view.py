"""The label store for admins: figures, verification, backup, settings."""

from html import escape
from pathlib import Path

import streamlit as st

from aqfusion.labels.accounts import INVITE_LASTS
from aqfusion.labels.backup import Backup, backup
from aqfusion.labels.schema import VERSION
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor
from aqfusion.ui.labels import download, flash, oidc, scheduled_backup_view, store_session
from aqfusion.ui.labels.download import ReadyFile
from aqfusion.ui.markup import plain_list

BACKUP_FLASH, READY = "admin_backup", "admin_backup_ready"


def render_backup(actor: Actor) -> None:
    """Draw the way to a backup, and say how one comes back."""
    st.subheader("Backup", anchor=False)
    st.markdown(
        "One file with all accounts, items, events and photos, checked after it is written. "
        "It holds the hashes of PINs: keep it where nobody else can read it."
    )
    flash.render_flash(BACKUP_FLASH)
    ready = download.kept(READY)
    buttons, report = st.container(horizontal=True), st.container()
    if buttons.button("Prepare a backup", key="admin_backup", icon=":material/archive:"):
        download.discard(READY)
        with report:
            ready = _prepared(actor)
    if ready is not None:
        with buttons:
            name = f"aqfusion-labels-{store_session.now():%Y-%m-%d}.zip"
            download.offer(READY, actor, ready, name)
    st.caption(
        "A backup can be restored only into an empty store, and this store has accounts. Set "
        "AQFUSION_LABELS to a new database, start the server, and open this page. There, upload "
        "the file and enter the code from the terminal."
    )


def _prepared(actor: Actor) -> ReadyFile | None:
    """Write a backup with its progress shown; an error is shown."""
    bar, ready = st.progress(0.0, "Writing ..."), ReadyFile("backup.zip", "admin")

    def on_photo(done: int, total: int) -> None:
        if done * 100 // total > (done - 1) * 100 // total:  # a hundred messages, not one per photo
            bar.progress(done / total, f"Photo {done:,} of {total:,}")

    def work(path: Path) -> Backup:
        return backup(store_session.store(), actor, path, store_session.now(), on_photo)

    try:
        held = download.prepared(READY, BACKUP_FLASH, ready, work)
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


STORE_FLASH = "admin_store"
SAYS = {
    "pending": "contributed by visitors, waiting for an expert",
    "open": "waiting for answers",
    "answered": "answered, and the answers agree",
    "conflict": "answered, and the answers differ",
    "flagged": "an annotator reports a wrong reading or can't tell",
    "settled": "decided by an expert",
    "sent back": "sent back to annotators by an expert",
    "rejected": "rejected by an expert",
}
_MOST_FAULTS = 20


def render_store(actor: Actor) -> None:
    """Draw all of it."""
    left, right = st.columns(2)
    with left.container(border=True, height="stretch", key="card_counts"):
        st.subheader("Items", anchor=False)
        st.html(counts_table(store_session.store().overview.counts()))
    with right.container(border=True, height="stretch", key="card_sound"):
        st.subheader("Integrity", anchor=False)
        _verify()
        _sweep(actor)
    with st.container(border=True, key="card_backup"):
        render_backup(actor)
        scheduled_backup_view.render_scheduled()


def counts_table(counts: dict[str, int]) -> str:
    """The number of items of each status, and what that means, as HTML."""
    rows = "".join(
        f'<tr><th scope="row" class="aq-left">{escape(status)}</th><td>{number:,}</td>'
        f'<td class="aq-left aq-muted">{SAYS[status]}</td></tr>'
        for status, number in counts.items()
    )
    return (
        '<div class="aq aq-scroll" tabindex="0"><table class="aq-table aq-figures">'
        f'<tbody>{rows}<tr><th scope="row" class="aq-left">all</th>'
        f'<td><strong>{sum(counts.values()):,}</strong></td><td class="aq-left"></td></tr>'
        "</tbody></table></div>"
    )


def _verify() -> None:
    st.markdown(
        "Every answer and decision is kept in an append-only event log. The pages show the current "
        "state, which is stored beside the log and must follow from it."
    )
    if not st.button("Check the store", key="admin_verify", icon=":material/rule:"):
        return
    with st.spinner("Replaying the events ..."):
        faults = store_session.store().verify()
    if not faults:
        st.success("The current state follows from the event log.", icon=":material/check_circle:")
        return
    listed = plain_list(faults, _MOST_FAULTS)
    st.error(f"{len(faults)} faults:\n{listed}", icon=":material/error:")


def _sweep(actor: Actor) -> None:
    st.markdown("Contributed photos that an expert rejected stay until you delete them here.")
    st.button(
        "Delete photos that no item uses",
        key="admin_sweep",
        icon=":material/delete_sweep:",
        on_click=_delete_photos,
        args=(actor,),
    )
    flash.render_flash(STORE_FLASH)


def _delete_photos(actor: Actor) -> None:
    def work() -> str:
        gone = store_session.reached().sweep_photos(actor, store_session.now())
        return f"{gone} photo{'' if gone == 1 else 's'} deleted"

    flash.run_with_flash(STORE_FLASH, work)


def render_settings(_actor: Actor) -> None:
    """Draw the table."""
    st.html(settings_table(store_session.store(), oidc.providers()))
    st.caption(
        "AQFUSION_LABELS and AQFUSION_PHOTOS set other places, and `[auth]` in the secrets file "
        "sets a sign-in provider; docs/running.md explains how. Restart the server after a change."
    )


def settings_table(store: LabelStore, providers: tuple[str, ...]) -> str:
    """Places, ways to sign in and limits, as HTML."""
    limits = store.offers.limits
    rows = {
        "Database": store.database.where,
        "Photos": store.photos.where,
        "Version of the store": str(VERSION),
        "Sign-in": "PIN" + "".join(f", OpenID Connect ({name})" for name in providers),
        "Invitations are valid for": f"{INVITE_LASTS.days} days, unless chosen otherwise",
        "Contributions of one visitor": f"{limits.per_session} an hour",
        "Contributions of all visitors": f"{limits.per_hour} an hour",
        "Contributions waiting for review": f"at most {limits.pending:,}",
        "A contributed photo": f"at most {limits.photo_bytes / 1e6:g} MB, without metadata",
    }
    cells = "".join(
        f'<tr><th scope="row" class="aq-left">{escape(name)}</th>'
        f'<td class="aq-left">{escape(value)}</td></tr>'
        for name, value in rows.items()
    )
    return (
        '<div class="aq aq-scroll" tabindex="0"><table class="aq-table aq-figures aq-settings">'
        f"<tbody>{cells}</tbody></table></div>"
    )
