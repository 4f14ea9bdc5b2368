"""The last scheduled backup as an admin sees it, and a warning where it is old or failed."""

from datetime import datetime, timedelta

import streamlit as st

from aqfusion.labels.scheduled_backups import (
    BackupHistory,
    ScheduledBackup,
    backup_folder,
    read_history,
)
from aqfusion.settings import Settings, load_settings
from aqfusion.ui.labels import store_session
from aqfusion.ui.markup import plain


def render_scheduled() -> None:
    """Draw what there is, for an admin: the folder is named."""
    settings, now = load_settings(), store_session.now()
    folder = backup_folder(settings)
    history = read_history(folder)
    st.markdown("**Scheduled backups**")
    if history.failed is not None:
        st.error(
            f"The last try failed {_ago(now, history.failed.time)}: {plain(history.failed.reason)}",
            icon=":material/error:",
        )
    if history.last is not None:
        text = _last(history.last, now)
        if history.is_old(now):
            st.warning(
                f"{text} It is older than two days: see whether the timer or the app still runs.",
                icon=":material/warning:",
            )
        else:
            st.success(text, icon=":material/verified:")
        kept = len(history.made)
        st.caption(f"Folder: {plain(str(folder))}. Good backups kept there: {kept:,}.")
    elif history.failed is None:
        st.info("No scheduled backup has been made yet.", icon=":material/info:")
    st.caption(_how(settings, history))


def _last(last: ScheduledBackup, now: datetime) -> str:
    text = (
        f"Last good backup: {_ago(now, last.time)} ({last.time:%Y-%m-%d %H:%M} UTC), "
        f"{last.size / 1e6:,.1f} MB, verified by a restore. Items: {last.items:,}. "
        f"Events: {last.events:,}. Photos: {last.photos:,}."
    )
    return f"{text} Photos missing: {last.missing_photos:,}." if last.missing_photos else text


def _how(settings: Settings, history: BackupHistory) -> str:
    if settings.backup_daily:
        return f"The app makes one every day and keeps the newest {settings.backup_keep:,}."
    command = "`python -m aqfusion labels backup --keep 7`"
    if history.last is not None:
        return f"They are made by {command}, from a timer or by hand."
    return f"Set AQFUSION_BACKUP_DAILY to `yes`, or let a timer run {command}."


def _ago(now: datetime, time: datetime) -> str:
    """How long ago, in the largest unit that fits.

    >>> _ago(datetime(2026, 1, 3, 9), datetime(2026, 1, 2, 8))
    '25 hours ago'
    """
    passed = max(now - time, timedelta(0))
    if passed >= timedelta(days=2):
        return f"{passed.days:,} days ago"
    hours, minutes = divmod(int(passed.total_seconds()) // 60, 60)
    if hours >= 2:
        return f"{hours:d} hours ago"
    return f"{hours * 60 + minutes:d} minutes ago" if hours or minutes else "just now"
