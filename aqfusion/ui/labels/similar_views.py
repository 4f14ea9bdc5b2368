"""Other photos of the same view: looked at first, then covered by the next answer, if wanted."""

import io

import streamlit as st

from aqfusion.air.pollutants import pollutant
from aqfusion.errors import InputError
from aqfusion.images.photo import Photo
from aqfusion.labels.item import Task
from aqfusion.labels.similar_views import Frame
from aqfusion.ui import heavy_work
from aqfusion.ui.labels import annotation_session
from aqfusion.ui.labels.annotation_session import AnnotationSession
from aqfusion.ui.labels.store_session import now, store
from aqfusion.ui.markup import plain, public_text

_OPEN = "label_same_view_open"
_FRAMES = "label_same_view_frames"
_SIDE = 480  # pixels of a thumbnail: large enough to see haze in
_COLUMNS = 3


def button(on: AnnotationSession) -> None:
    """The way to the photos; it is always in its place, and says whether there are any."""
    more = count(on)
    words = f"Same view: {more} more photo{'' if more == 1 else 's'}" if more else "Same view"
    if on.cover:
        words = f"Same view: {len(on.cover)} of {more} selected"
    st.button(
        words,
        key="label_same_view",
        icon=":material/photo_library:",
        disabled=not more,
        help="Look at these photos, and apply one answer to all that stay ticked.",
        on_click=_open,
        args=(on,),
    )


def count(on: AnnotationSession) -> int:
    """How many other photos of the view of the item on the desk are offered."""
    return len(_frames(on))


def look(on: AnnotationSession) -> None:
    """Show the photos over the page where that was asked for."""
    if st.session_state.pop(_OPEN, None) == on.request and on.leased is not None:
        _dialog(on)


@st.dialog("The same view", width="large")
@heavy_work.shown_busy("same_view")
def _dialog(on: AnnotationSession) -> None:
    frames = _frames(on)
    if on.leased is None or not frames:
        st.markdown("There is no other photo of this view.")
        return
    st.markdown(
        "These photos are from one session. Untick every photo in which the air looks different: "
        "it stays in the queue and is answered on its own. Each ticked photo gets your answer; one "
        "Undo removes all of them."
    )
    item = on.leased.task
    ticked: list[int] = []
    for start in range(0, len(frames), _COLUMNS):
        columns = st.columns(_COLUMNS)
        for column, frame in zip(columns, frames[start : start + _COLUMNS], strict=False):
            with column:
                if _photo(item, frame):
                    ticked.append(frame.task.id)
    with st.container(horizontal=True):
        done = st.button(
            f"Apply my answer to {len(ticked)} more",
            key="label_cover",
            type="primary",
            shortcut="a",
            disabled=not ticked,
            on_click=_cover,
            args=(on, on.request, tuple(frame.task.id for frame in frames)),
        )
        only_one = st.button(
            "Only the current item",
            key="label_cover_none",
            on_click=annotation_session.cover_too,
            args=(on, ()),
        )
    if done or only_one:
        st.rerun()  # which closes it


def _cover(on: AnnotationSession, request: str, offered: tuple[int, ...]) -> None:
    """Take what is ticked at this moment; of another item's photos nothing."""
    if on.leased is None or request != on.request:
        return
    item = on.leased.task.id
    ticked = (photo for photo in offered if st.session_state.get(_box(item, photo), False))
    annotation_session.cover_too(on, tuple(ticked))


def _box(item: int, other: int) -> str:
    return f"label_cover_{item}_{other}"


def _open(on: AnnotationSession) -> None:
    st.session_state[_OPEN] = on.request


def _frames(on: AnnotationSession) -> tuple[Frame, ...]:
    """Asked of the store once for each showing."""
    if on.leased is None:
        return ()
    request, frames = st.session_state.get(_FRAMES) or ("", ())
    if request != on.request:
        frames = store().same_view.frames(on.actor, on.leased.task.id, now())
        st.session_state[_FRAMES] = (on.request, frames)
    return tuple(frames)


def _photo(item: Task, frame: Frame) -> bool:
    """Draw one with its box; whether it is ticked."""
    task = frame.task
    try:
        st.image(_thumbnail(task.photo_hash), width="stretch")
    except InputError as error:
        st.caption(plain(f"Item {task.id}: {public_text(error)}"))
        return False
    st.caption(plain(_facts(item, task)))
    return st.checkbox(f"Item {task.id:d}", value=True, key=_box(item.id, task.id))


def _facts(item: Task, task: Task) -> str:
    readings = ", ".join(
        f"{pollutant(name).label} {getattr(task.reading, name):.4g}"
        for name in task.reading.present
    )
    facts = [task.taken_text or "time unknown", readings or "no readings"]
    if task.reading == item.reading:
        facts[1] = "the same readings"
    return "; ".join(facts)


@st.cache_data(max_entries=256, show_spinner=False)
def _thumbnail(photo_hash: str) -> bytes:
    image = Photo.decode(store().photos.get(photo_hash), "photo").image.copy()
    image.thumbnail((_SIDE, _SIDE))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=85)
    return stream.getvalue()
