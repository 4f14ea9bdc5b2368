"""The label store that the settings name, opened once and shared by all sessions."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import NoReturn

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.store import LabelStore
from aqfusion.server.reach import is_public
from aqfusion.settings import Settings, load_settings
from aqfusion.ui import navigation
from aqfusion.ui.markup import show_error
from aqfusion.ui.process_cache import process_cache

# A PIN of four digits falls to patient guessing by many addresses, which a demo on a laptop need
# not fear.
_PUBLIC_PIN_LENGTH = 8


def store() -> LabelStore:
    """The open store; one that cannot be opened ends the page with a sentence."""
    try:
        return reached()
    except InputError as error:
        failed(error)


def reached() -> LabelStore:
    """The open store, for a callback, which cannot end a page; `InputError` says why not."""
    settings = load_settings()
    if settings.pin_length is None and is_public():
        settings = replace(settings, pin_length=_PUBLIC_PIN_LENGTH)
    return _opened(settings)


def failed(error: InputError) -> NoReturn:
    """End the page, as the store does not answer."""
    show_error(error, "The label store cannot be used: ")
    navigation.end()
    st.stop()


def now() -> datetime:
    """The time at which something is done, in UTC."""
    return datetime.now(UTC)


@process_cache(most=2, release=LabelStore.close)
def _opened(settings: Settings) -> LabelStore:
    return LabelStore.from_settings(settings)
