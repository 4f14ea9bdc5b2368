"""The sample photos: rendered scenes, and one real photo per session where a data folder is set."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import streamlit as st
from PIL import Image

from aqfusion.air.readings import Reading
from aqfusion.data.dataset_folder import read_folder
from aqfusion.data.sample_places import sample_places
from aqfusion.data.session_time import session_time
from aqfusion.errors import InputError
from aqfusion.images.photo import Photo, PhotoError
from aqfusion.settings import ASSETS, load_settings
from aqfusion.synthetic_scenes import scenes
from aqfusion.ui.markup import data_url, public_text

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_THUMB = (160, 117)  # pixels


@dataclass(frozen=True)
class Sample:
    """A photo to choose: `id` never has a file name; real ones have a session and a reading."""

    id: str
    title: str
    alt: str
    path: Path
    reading: Reading | None = None
    place: str = ""
    session: str = ""

    @property
    def is_real(self) -> bool:
        """Whether a camera took it."""
        return self.reading is not None


def samples() -> dict[str, Sample]:
    """All samples by id, scenes first; a faulty data folder raises `DataError`."""
    return {**scene_samples(), **_real_samples(load_settings().data)}


def session_sample(station: str, time: datetime) -> str | None:
    """The id of the real photo of a sample station's session, where a data folder has one."""
    try:
        return _by_station(load_settings().data).get((station, time))
    except InputError:
        return None  # the error is shown where photos are chosen


@st.cache_resource(show_spinner=False)
def _by_station(folder: Path | None) -> dict[tuple[str, datetime], str]:
    places = {place.location: place for place in sample_places()}
    sessions = {
        sample.id: (places[sample.place], sample.session)
        for sample in _real_samples(folder).values()
        if sample.place in places
    }
    times = {
        id: (place, session_time(session, place.timezone))
        for id, (place, session) in sessions.items()
    }
    return {(place.id, time): id for id, (place, time) in times.items() if time}


@st.cache_resource(show_spinner=False)
def scene_samples() -> dict[str, Sample]:
    """The rendered scenes, which are always there."""
    folder = ASSETS / "scenes"
    return {
        scene.id: Sample(scene.id, scene.title, f"Rendered scene. {scene.alt}", folder / scene.file)
        for scene in scenes()
    }


@st.cache_resource(show_spinner="Reading the data folder ...")
def _real_samples(folder: Path | None) -> dict[str, Sample]:
    """The middle photo of each session, with the session's readings."""
    if folder is None:
        return {}
    rows = sorted(read_folder(folder), key=lambda row: (row.session, row.photo.name))
    by_session: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        by_session.setdefault(row.session, []).append(index)
    middle = [rows[indices[len(indices) // 2]] for indices in by_session.values()]
    return {
        f"session-{number}": Sample(
            f"session-{number}",
            f"{row.place}, {when(row.session)}",
            f"Photo taken at {row.place}",
            row.photo,
            row.reading,
            row.place,
            row.session,
        )
        for number, row in enumerate(middle)
    }


@st.cache_resource(show_spinner=False, max_entries=4)
def thumbnail_css(paths: tuple[Path, ...]) -> str:
    """Style that shows each photo on its radio button, in this order."""
    rules = [
        f'.st-key-photo_sample [data-testid="stRadioGroup"] > div:nth-child({number}) label::before'
        f"{{background-image:url({thumbnail(path)})}}"
        for number, path in enumerate(paths, start=1)
    ]
    return f"<style>{''.join(rules)}</style>"


@st.cache_resource(show_spinner=False, max_entries=64)
def photo_of(path: Path) -> Photo:
    """A sample's photo, decoded once; no error names the file, whose name may hold the answer."""
    try:
        return Photo.open(path)
    except PhotoError as error:
        raise PhotoError(public_text(error).replace(str(path), "this photo")) from error


def thumbnail(path: Path, size: tuple[int, int] = _THUMB) -> str:
    """A sample in small as a data URL; "" for a damaged one, whose error comes when chosen."""
    try:
        photo = photo_of(path)
    except PhotoError:
        return ""
    image = photo.image.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)
    return data_url(image)


def when(session: str) -> str:
    """The time in a session's key `place|year|month|day|hour`, as people write it.

    A manifest may name sessions in its own way; such a name is shown as it is.
    """
    parts = session.rsplit("|", 4)
    if len(parts) != 5:
        return session
    _, year, month, day, hour = parts
    month_name = _MONTHS[int(month) - 1] if month.isdecimal() and 1 <= int(month) <= 12 else month
    return f"{day} {month_name} {year}, {hour}"
