"""The card "Similar photos": what was measured where the air looked alike to the model."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import streamlit as st

from aqfusion.air.aqi import round_half_up, standard
from aqfusion.data.dataset_folder import read_folder
from aqfusion.data.photo_files import find_home
from aqfusion.errors import InputError
from aqfusion.explain.similar_photos import EmbeddingIndex, Neighbour, SimilarPhotos
from aqfusion.images.photo import Photo, PhotoError
from aqfusion.model.prediction import Prediction
from aqfusion.model.predictor import Embedding, Predictor
from aqfusion.settings import load_settings
from aqfusion.ui import heavy_work
from aqfusion.ui.gallery import when
from aqfusion.ui.markup import data_url, show_error
from aqfusion.ui.result_view import pill

COUNT = 6
_PICTURE = (240, 240)  # pixels at most
# Of the public set's frames, half have another session's frame at 0.95 or nearer, one in twenty
# none at 0.85; any two of different sessions are at 0.33. Below 0.7, measured AQIs drift apart.
_WORDS = (
    (0.97, "Almost the same"),
    (0.85, "Very similar"),
    (0.7, "Similar"),
    (0.5, "A little similar"),
    (0.0, "Hardly similar"),
)


@st.fragment
@heavy_work.shown_busy("similar_photos")
def render_similar_photos(
    model: Predictor, photo: Photo, embedding: Embedding, prediction: Prediction | None
) -> None:
    """Draw the card; `prediction` is the one from the photo alone, if there is one."""
    with st.container(border=True, height="stretch", key="exhibit_similar"):
        st.subheader("Similar photos", anchor=False)
        try:
            similar = _similar_photos(model)
        except InputError as error:
            show_error(
                error, "Similar photos cannot be shown: ", ":material/folder_off:", "warning"
            )
            return
        if similar is None:
            st.markdown(
                "Your photo can be compared with real photos if the environment variable "
                "`AQFUSION_DATA` names a data folder, for example the public one that `make "
                "data` downloads. It is not set here."
            )
            return
        index = similar.cached() or _built(similar)
        if index is not None:
            tiles, neighbours = _nearest(index.key, photo.digest, index, embedding)
            st.html(
                _sentence_html(neighbours, prediction) + tiles + _notes(model, index, neighbours)
            )


def _similar_photos(model: Predictor) -> SimilarPhotos | None:
    settings = load_settings()
    if settings.data is None:
        return None
    home = find_home(settings.data)
    tables = [] if home is None else [home.table, *([home.manifest] if home.manifest else [])]
    changed = tuple(path.stat().st_mtime_ns for path in tables)
    place = settings.home / "similar"
    return _shared(model.checkpoint.sha256, settings.data, changed, place, model)


@st.cache_resource(show_spinner="Reading the data folder ...", max_entries=4)
def _shared(
    weights: str, data: Path, changed: tuple[int, ...], place: Path, _model: Predictor
) -> SimilarPhotos:
    """One for all visitors, so that only one of them has to wait for the building."""
    return SimilarPhotos(_model, read_folder(data), place)


def _built(similar: SimilarPhotos) -> EmbeddingIndex | None:
    """Build once the visitor asks; it goes on where a moved slider cut it off."""
    slot = st.empty()
    with slot.container():
        st.markdown(
            "The most similar photos in the data folder, with the AQI that was measured there. "
            "The model has to process the folder once, which takes up to a minute."
        )
        # A button forgets its click at the next run, and this must outlive a cut.
        st.button(
            "Find similar photos",
            key="similar_find",
            icon=":material/image_search:",
            on_click=st.session_state.__setitem__,
            args=("similar_wanted", True),
        )
        if not st.session_state.get("similar_wanted"):
            return None
        bar = st.progress(0.0, "Processing the photos ...")
    index = similar.build(
        lambda done, of: bar.progress(done / of, f"Processed {done:d} of {of:d} photos ...")
    )
    st.session_state.pop("similar_wanted", None)
    slot.empty()
    return index


@st.cache_resource(show_spinner=False, max_entries=64)
def _nearest(
    index: str, digest: str, _index: EmbeddingIndex, _embedding: Embedding
) -> tuple[str, tuple[Neighbour, ...]]:
    neighbours = _index.nearest(_embedding, COUNT, digest)
    return grid(neighbours), neighbours


def grid(neighbours: Sequence[Neighbour]) -> str:
    """Tiles as HTML: photo, measured AQI, likeness in words, place and time."""
    return f'<div class="aq aq-similar" role="list">{"".join(map(_tile, neighbours))}</div>'


def _tile(neighbour: Neighbour) -> str:
    row, aqi = neighbour.row, round_half_up(neighbour.row.aqi)
    place = escape(row.place)
    picture = _picture(row.photo)
    image = f'<img src="{picture}" alt="Photo taken at {place}">' if picture else "<span></span>"
    return (
        f'<figure role="listitem">{image}<figcaption>'
        f'<div class="aq-measured"><strong aria-label="AQI {aqi}">{aqi}</strong> '
        f"<span>{in_words(neighbour)}</span></div>"
        f'<div class="aq-category">{pill(standard("us").category_of(aqi))}</div>'
        f'<div class="aq-where aq-muted">{place}<br>{escape(when(row.session))}</div>'
        "</figcaption></figure>"
    )


def _picture(path: Path) -> str:
    try:
        image = Photo.open(path).image
    except PhotoError:
        return ""  # gone since the index was made: its place stays grey
    image.thumbnail(_PICTURE)
    return data_url(image)


def in_words(neighbour: Neighbour) -> str:
    """The similarity of two photos in words."""
    if neighbour.is_query:
        return "This photo itself"
    return next(words for least, words in _WORDS if neighbour.similarity >= least)


def _sentence_html(neighbours: Sequence[Neighbour], prediction: Prediction | None) -> str:
    return f'<p class="aq">{escape(sentence(neighbours, prediction))}</p>'


def sentence(neighbours: Sequence[Neighbour], prediction: Prediction | None) -> str:
    """The AQI measured there beside the prediction; the photo itself is named separately."""
    own = _span([n for n in neighbours if n.is_query])
    others = _span([n for n in neighbours if not n.is_query])
    text = f"The AQI measured for this photo itself is {own}. " if own else ""
    if not others:
        return text or "None of the photos in the folder can be read."
    text += f"The most similar {'other ' if own else ''}photos had a measured AQI of {others}"
    if prediction is None:
        return f"{text}; the model cannot judge this photo, so the similarity may mean little."
    return f"{text}; the model predicts {prediction.aqi} from the photo alone."


def _span(neighbours: Sequence[Neighbour]) -> str:
    """From the lowest to the highest measured AQI; empty where there is none."""
    measured = sorted({round_half_up(neighbour.row.aqi) for neighbour in neighbours})
    return " to ".join(str(aqi) for aqi in dict.fromkeys([*measured[:1], *measured[-1:]]))


def _notes(model: Predictor, index: EmbeddingIndex, neighbours: Sequence[Neighbour]) -> str:
    learned = {neighbour.row.session for neighbour in neighbours}
    seen = len(learned & set(model.checkpoint.config.sessions))
    notes = [
        "One photo per session is shown. Similar means similar to the model, in air and light "
        "rather than in the view."
    ]
    if seen and seen == len(learned):
        notes.append("The model was trained on these sessions, so it has seen their AQI.")
    elif seen:
        notes.append(f"The model was trained on {seen} of these {len(learned)} sessions.")
    elif learned:
        notes.append("The model was not trained on these sessions.")
    if index.unreadable:
        many = index.unreadable != 1
        notes.append(
            f"{index.unreadable} photo{'s' * many} in the folder could not be read and "
            f"{'are' if many else 'is'} left out."
        )
    return f'<p class="aq aq-note aq-small aq-muted">{escape(" ".join(notes))}</p>'
