"""The audit log for admins: by person and kind, page by page, and as CSV."""

from collections.abc import Iterable
from itertools import islice

import streamlit as st

from aqfusion.io.spreadsheet_csv import CsvCell, csv_text
from aqfusion.labels.audit_log import KINDS, AccountEvent
from aqfusion.permissions import Actor
from aqfusion.ui.labels import store_session

_ON_A_PAGE = 50
_MOST_EXPORTED = 200_000  # a download is held in memory: some 20 MB
_TITLES = ("Time (UTC)", "Event", "Account", "By", "Detail", "Times")


def render_audit_log(actor: Actor) -> None:
    """Draw the choice, the events of it, the newest first, and the download of all of them."""
    store = store_session.store()
    names = {user.id: user.name for user in store.accounts.users(actor, store_session.now())}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        user = st.selectbox(
            "Account",
            list(names),
            index=None,
            format_func=lambda id: names.get(id, "deleted account"),
            key="admin_log_user",
            placeholder="All",
            width=260,
        )
        kind = st.selectbox(
            "Event", list(KINDS), index=None, key="admin_log_kind", placeholder="All", width=260
        )
    count = store.audit_log.count(actor, store_session.now(), user, kind)
    if not count:
        st.info("No such event has been recorded.")
        return
    pages = -(-count // _ON_A_PAGE)
    number = 1
    if pages > 1:
        number = st.number_input(f"Page, of {pages:,}", 1, pages, key="admin_log_page", width=180)
    skip = (int(number) - 1) * _ON_A_PAGE
    events = [*store.audit_log.events(actor, user, kind, skip, _ON_A_PAGE)]
    columns = zip(*map(_cells, events), strict=True)
    table = {title: list(cells) for title, cells in zip(_TITLES, columns, strict=True)}
    st.dataframe(
        table, hide_index=True, key="admin_log", alt=f"{len(events)} of {count:,} account events"
    )
    st.download_button(
        "Download as CSV",
        lambda: _csv(store_session.reached().audit_log.events(actor, user, kind)),
        f"aqfusion-audit-log-{store_session.now():%Y-%m-%d}.csv",
        "text/csv",
        key="admin_log_csv",
        icon=":material/download:",
        on_click="ignore",
    )
    st.caption(
        "The log only grows, and a backup has it too. It holds no PIN and no address. What happens "
        "often within an hour, such as wrong PINs, is one row with its number of times."
    )


def _cells(event: AccountEvent) -> tuple[CsvCell, ...]:
    at = f"{event.at:%Y-%m-%d %H:%M:%S}"
    return at, event.kind, event.user or "", event.by or "", event.detail, event.times


def _csv(events: Iterable[AccountEvent]) -> str:
    return csv_text([_TITLES, *map(_cells, islice(events, _MOST_EXPORTED))])
