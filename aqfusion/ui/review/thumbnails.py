"""Small pictures of the store's photos for the list: made once, a few hundred kept."""

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.store import LabelStore
from aqfusion.photo import Photo
from aqfusion.ui.inline_picture import data_url

_SIZE = (192, 128)  # pixels: twice as fine as it is shown


def thumbnail(store: LabelStore, photo_hash: str) -> str | None:
    """A photo of the store as a data URL of a few kB; `None` where it is lost or damaged."""
    return _made(store, store.photos.where, photo_hash)


@st.cache_data(ttl=3600, max_entries=600, show_spinner=False)
def _made(_store: LabelStore, where: str, photo_hash: str) -> str | None:
    try:
        image = Photo.decode(_store.photos.get(photo_hash)).image.copy()
    except InputError:  # the item itself tells what is wrong with it
        return None
    image.thumbnail(_SIZE)
    return data_url(image)
