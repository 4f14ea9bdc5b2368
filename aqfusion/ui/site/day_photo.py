"""The photo of a day: one that is brought, or the one on the Predict page."""

from dataclasses import dataclass, replace
from datetime import datetime

import streamlit as st

from aqfusion.model.predict import Predictor
from aqfusion.photo import Photo
from aqfusion.sites.extinction import extinctions
from aqfusion.sites.site import DayPhoto, Site
from aqfusion.ui import models, photo_input
from aqfusion.ui.site.taken import taken_at

_SHOWN = 3  # sentences on landmarks that were not measured
_UPLOAD, _SAME = "mysite_photo", "mysite_photo_same"


@dataclass(frozen=True)
class Brought:
    """The stored features of a photo, a sentence where some are missing, and its capture time."""

    photo: DayPhoto | None = None
    problem: str | None = None
    taken_at: datetime | None = None


def choose() -> None:
    """Draw the choice; inside a form."""
    st.file_uploader(
        "Photo of that day, if there is one (at most 25 MB; only what the model sees is kept)",
        key=_UPLOAD,
    )
    if photo_input.current() is not None:
        st.checkbox("Take the photo that is on the Predict page", key=_SAME)


def chosen(model: Predictor, site: Site) -> Brought:
    """The features of the chosen photo; a file that is no photo raises `PhotoError`."""
    file = st.session_state.get(_UPLOAD)
    if file is not None:
        return analyse(model, site, Photo.decode(file.getvalue(), file.name))
    photo = photo_input.current() if st.session_state.get(_SAME) else None
    return Brought() if photo is None else analyse(model, site, photo)


def analyse(model: Predictor, site: Site, photo: Photo) -> Brought:
    """The features of a photo of a site; a photo that the screening refuses has none."""
    embedding = models.embedding(model, photo)
    time = taken_at(photo, site)
    if embedding.problem is not None:
        return Brought(None, f"its photo is left out: {embedding.problem}", time)
    measured = extinctions(site, photo)
    kept = replace(model.day_photo(photo, embedding), extinction=measured.values)
    refusals = "; ".join(measured.refusals[:_SHOWN])
    return Brought(kept, f"at its landmarks: {refusals}" if refusals else None, time)
