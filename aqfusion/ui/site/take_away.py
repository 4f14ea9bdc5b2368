"""Export an own site as a file, save it in the account, or remove it."""

import re

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.sites.site_file import site_bytes
from aqfusion.ui.labels import told
from aqfusion.ui.plain import plain
from aqfusion.ui.site import choice, mine, open_site

PLACE = "mysite_away"


def show(own: mine.Own) -> None:
    """Draw the buttons."""
    kept = (
        "It is kept in your account."
        if own.is_kept
        else "It is kept for this visit only: close the page and it is gone."
    )
    reference = ", and the small grey reference photo" if own.site.reference else ""
    st.markdown(
        f"{kept} The file holds its days and what the model saw in their photos{reference}. The "
        "photos of the days are kept nowhere."
    )
    with st.container(horizontal=True):
        _download(own)
        if not own.is_kept and mine.has_account():
            st.button("Keep it in my account", key="mysite_keep", on_click=_keep, args=(own,))
        with st.popover("Remove this place", icon=":material/delete:"):
            st.markdown("Its days go with it.")
            st.button("Remove it", key="mysite_gone", on_click=_remove, args=(own,))
    told.show(PLACE)


def file_name(name: str) -> str:
    """A name that every system takes.

    >>> file_name("Rooftop, New Delhi / east"), file_name("屋根")
    ('site-rooftop-new-delhi-east.json', 'site.json')
    """
    plain_name = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-")
    return f"site-{plain_name}.json" if plain_name else "site.json"


def _download(own: mine.Own) -> None:
    try:
        content = site_bytes(own.site)
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.download_button(
        "Take it away as a file",
        content,
        file_name(own.site.name),
        "application/json",
        key="mysite_download",
        on_click="ignore",
        icon=":material/download:",
    )


def _keep(own: mine.Own) -> None:
    def work() -> str:
        open_site.show(mine.keep_in_account(own.key))
        return "It is in your account now"

    told.attempt(PLACE, work)


def _remove(own: mine.Own) -> None:
    def work() -> str:
        mine.remove(own.key)
        choice.take(choice.ELSEWHERE)
        return f"{own.site.name} is gone"

    told.attempt(open_site.PLACE, work)
