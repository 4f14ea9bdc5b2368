"""The photo: from the gallery, a file or the camera, or none."""

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from aqfusion.errors import InputError
from aqfusion.fair_queue import BusyError
from aqfusion.images.photo import Photo, PhotoError
from aqfusion.ui import gallery, heavy_work, reading_input
from aqfusion.ui.markup import plain, show_error

SAMPLES, UPLOAD, CAMERA, NONE = "Samples", "Upload", "Camera", "None"
START = "light-haze"
# Of every uploader but that of a backup; beyond, the browser refuses in its words. The server's own
# limit is that of a backup, and it takes no more from a page than its uploaders say.
LARGEST_UPLOAD_MB = 50
_ICONS = {
    SAMPLES: ":material/photo_library:",
    UPLOAD: ":material/upload:",
    CAMERA: ":material/photo_camera:",
    NONE: ":material/block:",
}


def prepare() -> None:
    """Give the widgets their first values; called before any of them is drawn."""
    st.session_state.setdefault("photo_source", SAMPLES)
    st.session_state.setdefault("photo_sample", START)


def reset() -> None:
    """Go back to the first sample."""
    st.session_state["photo_source"] = SAMPLES
    st.session_state["photo_sample"] = START


def choose_sample(sample: str) -> None:
    """Take a sample by its id, as if the visitor had; what they gave themselves stays at hand."""
    st.session_state["photo_source"] = SAMPLES
    st.session_state["photo_sample"] = sample


def choose_none() -> None:
    """Go without a photo; what the visitor gave stays at hand."""
    st.session_state["photo_source"] = NONE


def is_sample(sample: str) -> bool:
    """Whether this sample is the current photo."""
    state = st.session_state
    return state.get("photo_source") == SAMPLES and state.get("photo_sample") == sample


def is_own() -> bool:
    """Whether the current photo is the visitor's own, not a sample."""
    return st.session_state.get("photo_source") in {UPLOAD, CAMERA}


def is_example() -> bool:
    """Whether the current photo is a sample."""
    return bool(st.session_state.get("photo_source", SAMPLES) == SAMPLES)


def choose() -> Photo | None:
    """Draw the choice and the photo; bad input gives a sentence and counts as no photo."""
    source = st.segmented_control(
        "Where the photo comes from",
        list(_ICONS),
        format_func=lambda name: f"{_ICONS[name]} {plain(name)}",
        required=True,
        key="photo_source",
        label_visibility="collapsed",
        width="stretch",
    )
    view = st.container(key="photo_view")
    try:
        if source == SAMPLES:
            return _from_gallery(view)
        return _from_visitor(view, source)
    except (PhotoError, BusyError) as error:
        show_error(error, icon=":material/broken_image:")
        _show(view, None, "")
        return None


def current() -> Photo | None:
    """The photo that was chosen last, without drawing the choice."""
    source = st.session_state.get("photo_source", SAMPLES)
    if source != SAMPLES:
        return _own(source)
    try:
        samples = gallery.samples()
    except InputError:
        samples = gallery.scene_samples()
    sample = samples.get(st.session_state.get("photo_sample", START), samples[START])
    try:
        return gallery.photo_of(sample.path)
    except PhotoError:
        return None  # the error is shown where it is chosen


def is_trusted(photo: Photo) -> bool:
    """Whether the visitor uses a photo despite the screening."""
    return bool(st.session_state.get(_trust_key(photo)))


def trust(photo: Photo, problem: str) -> None:
    """Write why the photo is excluded, and offer to use it all the same."""
    st.warning(
        f"I can't judge this photo: {plain(problem)}. It is left out of the result.",
        icon=":material/visibility_off:",
    )
    st.toggle("Use the photo anyway", key=_trust_key(photo))


def _trust_key(photo: Photo) -> str:
    return f"photo_trust_{photo.digest[:16]}"


def _from_gallery(view: "st.delta_generator.DeltaGenerator") -> Photo:
    try:
        samples = gallery.samples()
    except InputError as error:
        show_error(error, "Real photos are not available: ", ":material/folder_off:", "warning")
        samples = gallery.scene_samples()
    if st.session_state.get("photo_sample") not in samples:
        st.session_state["photo_sample"] = START
    st.html(gallery.thumbnail_css(tuple(sample.path for sample in samples.values())))
    chosen = st.radio(
        "Sample photo",
        list(samples),
        format_func=lambda sample: plain(samples[sample].title),
        key="photo_sample",
        horizontal=True,
        label_visibility="collapsed",
    )
    sample = samples[chosen]
    photo = gallery.photo_of(sample.path)
    _show(view, photo, sample.alt)
    if sample.reading is None:
        st.caption("Rendered by this program, not taken by a camera.")
    else:
        st.button(
            "Use the readings of this session",
            key="photo_readings",
            icon=":material/sensors:",
            on_click=reading_input.fill,
            args=(sample.reading,),
            kwargs={"units_stated": False},  # the data folder has none
        )
    return photo


def _from_visitor(view: "st.delta_generator.DeltaGenerator", source: str | None) -> Photo | None:
    file = None
    if source == UPLOAD:
        file = st.file_uploader(
            "A photo of the sky and the horizon, by day: JPEG, PNG, WebP, HEIC or AVIF, "
            "at most 25 MB",
            # any file: the error for a wrong one is a sentence here, not the widget's tooltip
            type=None,
            max_upload_size=LARGEST_UPLOAD_MB,
            key="photo_upload",
            on_change=_forget,
        )
    elif source == CAMERA:
        file = st.camera_input(
            "Point the camera at the sky above the horizon", key="photo_camera", on_change=_forget
        )
    photo = _decoded(str(source), file)
    for note in photo.notes if photo else ():
        st.warning(plain(note), icon=":material/report:")
    if file is None or source == UPLOAD:  # the camera's widget shows what it took
        _show(view, photo, "The photo you uploaded")
    if photo and file is None:  # after another page the widget is empty again
        st.button("Remove this photo", key="photo_remove", on_click=_forget)
    return photo


def _decoded(source: str, file: UploadedFile | None) -> Photo | None:
    """Decode a photo once, not at every move of a slider; only this session keeps it."""
    kept = st.session_state.get("photo_own")
    if file is not None and (kept is None or kept[:2] != (source, file.file_id)):
        with heavy_work.shown_wait():
            kept = (source, file.file_id, Photo.decode(file.getvalue(), file.name))
        st.session_state["photo_own"] = kept
    return _own(source)


def _own(source: str) -> Photo | None:
    """The photo that the visitor gave by `source`, if that is where the last one came from."""
    kept = st.session_state.get("photo_own")
    photo: Photo | None = kept[2] if kept and kept[0] == source else None
    return photo


def _forget() -> None:
    """The visitor took another photo, or took it away."""
    st.session_state.pop("photo_own", None)


def _show(view: "st.delta_generator.DeltaGenerator", photo: Photo | None, alt: str) -> None:
    if photo is None:
        view.html(
            '<div class="aq aq-nophoto aq-muted">There is no photo: '
            "the prediction is based on the readings alone.</div>"
        )
    else:
        view.image(photo.image, width="stretch", alt=alt)
