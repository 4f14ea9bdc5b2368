"""Export an own site as a file, save it in the account, or remove it."""

import re

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.sites.site_file import site_bytes
from aqfusion.ui.labels import flash
from aqfusion.ui.markup import plain
from aqfusion.ui.sites import own_sites, site_choice

PLACE = "mysite_away"


def render_export(own: own_sites.OwnSites) -> None:
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
        if not own.is_kept and own_sites.has_account():
            st.button("Keep it in my account", key="mysite_keep", on_click=_keep, args=(own,))
        with st.popover("Remove this place", icon=":material/delete:"):
            st.markdown("Its days go with it.")
            st.button("Remove it", key="mysite_gone", on_click=_remove, args=(own,))
    flash.render_flash(PLACE)


def file_name(name: str) -> str:
    """A name that every system takes.

    >>> file_name("Rooftop, New Delhi / east"), file_name("屋根")
    ('site-rooftop-new-delhi-east.json', 'site.json')
    """
    plain_name = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-")
    return f"site-{plain_name}.json" if plain_name else "site.json"


def _download(own: own_sites.OwnSites) -> None:
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


def _keep(own: own_sites.OwnSites) -> None:
    def work() -> str:
        site_choice.render_open_site(own_sites.keep_in_account(own.key))
        return "It is in your account now"

    flash.run_with_flash(PLACE, work)


def _remove(own: own_sites.OwnSites) -> None:
    def work() -> str:
        own_sites.remove(own.key)
        site_choice.take(site_choice.ELSEWHERE)
        return f"{own.site.name} is gone"

    flash.run_with_flash(site_choice.PLACE, work)
