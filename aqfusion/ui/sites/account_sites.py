"""The sites of whoever has signed in, in the label store."""

import uuid
from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.sites import SiteEntry, SiteStoreError, StoredSite
from aqfusion.permissions import Actor
from aqfusion.sites.site import Day, Site
from aqfusion.ui.labels import browser_sessions, store_session

_READ = "site_read"  # the site that was read last: no move of a slider reads it again


def names() -> dict[int, str]:
    """The names of the account's sites by number; none where the store does not answer."""
    return {number: entry.name for number, entry in _entries().items()}


def get(number: int) -> Site | None:
    """A site of the account; `None` where there is none, or the store does not answer."""
    entry = _entries().get(number)
    if entry is None:
        return None
    try:
        return _read(number, entry.changed).site
    except InputError:
        return None


def create(site: Site) -> int:
    """Keep a new site and return its number."""
    return store_session.reached().sites.create(_actor(), site, _request(), store_session.now())


def add_days(number: int, days: Sequence[Day]) -> None:
    """Add days, all or none."""
    store_session.reached().sites.add_days(_actor(), number, days, _request(), store_session.now())


def remove_day(number: int, day: Day) -> None:
    """Take a day out."""
    kept = store_session.reached().sites.get(_actor(), number)
    ids = [
        id for id, stored_day in zip(kept.day_ids, kept.site.days, strict=True) if stored_day == day
    ]
    if not ids:
        raise SiteStoreError("this day was removed in another window; reload the page")
    store_session.reached().sites.remove_day(
        _actor(), number, ids[0], _request(), store_session.now()
    )


def change(number: int, head: Site) -> None:
    """Take over all of `head` but its days."""
    store_session.reached().sites.change(_actor(), number, head, _request(), store_session.now())


def remove(number: int) -> None:
    """Let a site go."""
    store_session.reached().sites.delete(_actor(), number, _request(), store_session.now())


def _entries() -> dict[int, SiteEntry]:
    try:
        actor = _actor()
        entries = store_session.reached().sites.entries(actor)
    except (InputError, OSError):
        return {}
    return {entry.id: entry for entry in entries if entry.owner == actor.id}


def _read(number: int, changed: datetime) -> StoredSite:
    kept = st.session_state.get(_READ)
    if kept is None or kept[:2] != (number, changed):
        kept = (number, changed, store_session.reached().sites.get(_actor(), number))
        st.session_state[_READ] = kept
    site: StoredSite = kept[2]
    return site


def _actor() -> Actor:
    actor = browser_sessions.signed_in_actor()
    if actor is None:
        raise InputError("you are not signed in; sign in first")
    return actor


def _request() -> str:
    return uuid.uuid4().hex
