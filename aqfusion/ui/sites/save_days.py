"""A day's photo and its capture time, and the saving of days."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import streamlit as st

from aqfusion.images.photo import Photo
from aqfusion.model.predictor import Predictor
from aqfusion.sites.extinction import extinctions
from aqfusion.sites.site import MODEL_STANDARD, Day, DayPhoto, Site
from aqfusion.ui import browser_time_zone, cached_models, photo_input
from aqfusion.ui.labels import flash
from aqfusion.ui.sites import own_sites


def taken_at(photo: Photo | None, site: Site | None) -> datetime | None:
    """The time of the camera's clock, read in the zone of the site or else the reader's.

    A time in the future comes from a clock that was set wrong, and gives `None`.
    """
    if photo is None or photo.taken_at is None:
        return None
    clock = (None if site is None else site.zone) or browser_time_zone.here()
    time = photo.taken_at if photo.taken_at.tzinfo else photo.taken_at.replace(tzinfo=clock)
    return time if time <= datetime.now(UTC) else None


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
        "Photo of that day, if there is one (at most 25 MB; only the features that the model "
        "extracts are stored)",
        key=_UPLOAD,
        max_upload_size=photo_input.LARGEST_UPLOAD_MB,
    )
    if photo_input.current() is not None:
        st.checkbox("Use the photo from the Predict page", key=_SAME)


def chosen(model: Predictor, site: Site) -> Brought:
    """The features of the chosen photo; a file that is no photo raises `PhotoError`."""
    file = st.session_state.get(_UPLOAD)
    if file is not None:
        return analyse(model, site, Photo.decode(file.getvalue(), file.name))
    photo = photo_input.current() if st.session_state.get(_SAME) else None
    return Brought() if photo is None else analyse(model, site, photo)


def analyse(model: Predictor, site: Site, photo: Photo) -> Brought:
    """The features of a photo of a site; a photo that the screening refuses has none."""
    embedding = cached_models.embedding(model, photo)
    time = taken_at(photo, site)
    if embedding.problem is not None:
        return Brought(None, f"its photo is left out: {embedding.problem}", time)
    measured = extinctions(site, photo)
    kept = replace(model.day_photo(photo, embedding), extinction=measured.values)
    refusals = "; ".join(measured.refusals[:_SHOWN])
    return Brought(kept, f"at its landmarks: {refusals}" if refusals else None, time)


PLACE = "mysite_add"
_ACTED = "mysite_acted"


@dataclass(frozen=True)
class SavedDays:
    """Days to save, and a sentence on excluded ones."""

    days: tuple[Day, ...]
    note: str | None = None


def add(own: own_sites.OwnSites, find: Callable[[], SavedDays]) -> None:
    """Add what `find` gives; for a callback."""

    def work() -> str:
        saved_days = find()
        if not saved_days.days:
            return f"No day was added{_and(saved_days.note)}"
        before = len(own.site.days)
        own_sites.add_days(own.key, saved_days.days)
        after = own_sites.get(own.key)
        new = 0 if after is None else len(after.site.days) - before
        sentence = _count_sentence(len(saved_days.days), new)
        return f"{sentence}{_other(saved_days.days)}{_and(saved_days.note)}"

    acted(PLACE)
    flash.run_with_flash(PLACE, work, refused="No day was added: ")


def acted(place: str) -> None:
    """Remember where days were changed last; for a callback."""
    st.session_state[_ACTED] = place


def render_adding(place: str, moved: str | None) -> None:
    """Show the result and, if it was here, the effect of the last change of days."""
    flash.render_flash(place)
    if moved is not None and st.session_state.get(_ACTED) == place:
        st.info(moved, icon=":material/trending_flat:")


def _count_sentence(count: int, new: int) -> str:
    """The number of added and replaced days in a sentence.

    >>> _count_sentence(1, 1), _count_sentence(3, 2), _count_sentence(1, 0)
    ('1 day added', '3 days added; 1 of them replaced an earlier day', '1 day replaced')
    """
    days = f"{count} day{'' if count == 1 else 's'}"
    if new == count:
        return f"{days} added"
    if new <= 0:
        return f"{days} replaced"
    return f"{days} added; {count - new} of them replaced an earlier day"


def _other(days: tuple[Day, ...]) -> str:
    if all(day.standard == MODEL_STANDARD for day in days):
        return ""
    return "; days without a US AQI are kept but do not count"


def _and(note: str | None) -> str:
    return "" if note is None else f"; {note}"
