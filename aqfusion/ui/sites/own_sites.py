"""The visitor's own sites: those of this session, and with an account those of the label store.

The store, whose libraries take a second to load, is opened only for somebody who has signed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.sites.site import Day, Site, SiteError
from aqfusion.text_validation import plain_integer

MOST_SITES, MOST_DAYS = 5, 200  # of a session, which the server keeps in memory
# Of a site in a prediction: its time grows with their number cubed.
MOST_ASKED = 300
_SITES = "site_mine"
_SESSION, _ACCOUNT = "session:", "account:"


@dataclass(frozen=True)
class OwnSites:
    """A site under its key."""

    key: str
    site: Site

    @property
    def with_recent_days(self) -> Site:
        """The site with its last days, as many as a page can predict from at every change."""
        days = self.site.days
        return self.site if len(days) <= MOST_ASKED else replace(self.site, days=days[-MOST_ASKED:])

    @property
    def is_kept(self) -> bool:
        """Whether it outlives the session."""
        return self.key.startswith(_ACCOUNT)


def names() -> dict[str, str]:
    """The names of all own sites by key: the account's, then the session's."""
    session = {f"{_SESSION}{name}": name for name in _session_sites()}
    if not has_account():
        return session
    from aqfusion.ui.sites import account_sites

    return {f"{_ACCOUNT}{number}": name for number, name in account_sites.names().items()} | session


def get(key: str) -> OwnSites | None:
    """One of the own sites; `None` for an unknown key."""
    if key.startswith(_SESSION):
        site = _session_sites().get(key.removeprefix(_SESSION))
        return None if site is None else OwnSites(key, site)
    if not (key.startswith(_ACCOUNT) and has_account()):
        return None
    from aqfusion.ui.sites import account_sites

    site = account_sites.get(_number(key))
    return None if site is None else OwnSites(key, site)


def create(site: Site) -> str:
    """Keep a new site, in the account if there is one, and return its key."""
    if has_account():
        from aqfusion.ui.sites import account_sites

        return f"{_ACCOUNT}{account_sites.create(site)}"
    session_sites = _session_sites()
    if len(session_sites) >= MOST_SITES:
        raise SiteError(f"one visit can have at most {MOST_SITES} places; remove one first")
    if any(_same_name(name, site.name) for name in session_sites):
        raise SiteError(f"name must be new among your places, got {site.name!r}")
    _put(site)
    return f"{_SESSION}{site.name}"


def add_days(key: str, days: Sequence[Day]) -> None:
    """Add days, all or none; the same photo or the same time again takes the place of the old."""
    if key.startswith(_ACCOUNT):
        from aqfusion.ui.sites import account_sites

        account_sites.add_days(_number(key), days)
        return
    site = _site(key)
    for day in days:
        site = site.with_day(day)
    _put(site)


def remove_day(key: str, day: Day) -> None:
    """Take a day out."""
    if key.startswith(_ACCOUNT):
        from aqfusion.ui.sites import account_sites

        account_sites.remove_day(_number(key), day)
        return
    site = _site(key)
    _put(
        replace(
            site,
            days=tuple(
                kept_day for kept_day in site.days if kept_day is not day and kept_day != day
            ),
        )
    )


def change(key: str, head: Site) -> None:
    """Take over all of `head` but its name and its days."""
    if key.startswith(_ACCOUNT):
        from aqfusion.ui.sites import account_sites

        account_sites.change(_number(key), head)
        return
    site = _site(key)
    _put(replace(head, name=site.name, days=site.days))


def remove(key: str) -> None:
    """Let a site go."""
    if key.startswith(_ACCOUNT):
        from aqfusion.ui.sites import account_sites

        account_sites.remove(_number(key))
        return
    left = {**_session_sites()}
    left.pop(key.removeprefix(_SESSION), None)
    st.session_state[_SITES] = left


def keep_in_account(key: str) -> str:
    """Move a site of the session into the account and return its new key."""
    site = _site(key)
    made = create(site)
    remove(key)
    return made


def has_account() -> bool:
    """Whether somebody has signed in who may keep sites in the store."""
    actor = st.session_state.get("account_actor")  # as aqfusion.ui.labels.browser_sessions keeps it
    return actor is not None and actor.may("annotator")


def _session_sites() -> dict[str, Site]:
    kept: dict[str, Site] = st.session_state.get(_SITES, {})
    return kept


def _put(site: Site) -> None:
    if len(site.days) > MOST_DAYS:
        raise SiteError(
            f"a place of a session must have at most {MOST_DAYS} days, got {len(site.days)}"
        )
    st.session_state[_SITES] = {**_session_sites(), site.name: site}


def _site(key: str) -> Site:
    own = get(key)
    if own is None:
        raise SiteError("this place no longer exists; choose another one")
    return own.site


def _number(key: str) -> int:
    number = plain_integer(key.removeprefix(_ACCOUNT))
    if number is None:
        raise InputError("this place is not one of yours; choose one of your places")
    return number


def _same_name(first: str, second: str) -> bool:
    return " ".join(first.split()).casefold() == " ".join(second.split()).casefold()
