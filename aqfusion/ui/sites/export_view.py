"""Export an own site as a file, save it in the account, or remove it."""

import re

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.sites.site_file import site_bytes
from aqfusion.ui.labels import flash
from aqfusion.ui.markup import show_error
from aqfusion.ui.sites import own_sites, site_choice

PLACE = "mysite_away"


def render_export(own: own_sites.OwnSites) -> None:
    """Draw the buttons."""
    kept = (
        "This place is stored in your account."
        if own.is_kept
        else "This place is stored for this visit only: it is lost when you close the page."
    )
    reference = ", and the small grey reference photo" if own.site.reference else ""
    st.markdown(
        f"{kept} The file contains the days and the features that the model extracted from their "
        f"photos{reference}. The photos themselves are not stored anywhere."
    )
    with st.container(horizontal=True):
        _download(own)
        if not own.is_kept and own_sites.has_account():
            st.button("Save in my account", key="mysite_keep", on_click=_keep, args=(own,))
        with st.popover("Remove this place", icon=":material/delete:"):
            st.markdown("Its days are removed too.")
            st.button("Remove", key="mysite_gone", on_click=_remove, args=(own,))
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
        show_error(error)
        return
    st.download_button(
        "Export as a file",
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
        return "The place is saved in your account"

    flash.run_with_flash(PLACE, work)


def _remove(own: own_sites.OwnSites) -> None:
    def work() -> str:
        own_sites.remove(own.key)
        site_choice.take(site_choice.ELSEWHERE)
        return f"{own.site.name} was removed"

    flash.run_with_flash(site_choice.PLACE, work)
