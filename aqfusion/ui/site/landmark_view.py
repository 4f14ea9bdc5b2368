"""Landmarks of a place: dark things far away, drawn on its reference photo."""

import math
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.model.predict import Predictor
from aqfusion.photo import Photo
from aqfusion.sites.drawing import draw_landmark
from aqfusion.sites.landmark import LONGEST_NAME, Box, Landmark, LandmarkError
from aqfusion.sites.reference import Reference
from aqfusion.sites.site import Site
from aqfusion.ui import photo_input
from aqfusion.ui.labels import told
from aqfusion.ui.site import landmark_today, mine
from aqfusion.ui.site.landmark_chart import drawn_box, reference_chart
from aqfusion.ui.table import Column, Table

PLACE = "mysite_landmarks"
_SIDES = ("left", "top", "right", "bottom")
_CHART, _NAME, _DISTANCE = "mysite_reference_chart", "mysite_landmark_name", "mysite_landmark_km"
_CHOSEN = "mysite_landmark_chosen"
_WHY = (
    "For a camera that always sees the same view. Mark something **dark and far away**, such as a "
    "tower, a wood or a ridge, with open sky above it: the more haze lies between, the paler it "
    "gets. From the days that have both a photo and an AQI it is learned what that means here."
)


def show(model: Predictor, own: mine.Own) -> None:
    """Draw the reference photo, the tool to mark landmarks, and today's extinction."""
    st.markdown(_WHY)
    if own.site.reference is None:
        _take_reference(own)
    else:
        picture, fields = st.columns([7, 6], gap="medium")
        with fields:
            _fields(own)
        with picture:
            _draw(own, own.site.reference)
        _listed(own)
    told.show(PLACE)
    if own.site.reference is not None and own.site.landmarks:
        landmark_today.show(model, own)


def drawn_on(site: Site, box: Box, name: str, distance_km: float | None) -> tuple[Site, str]:
    """The site with a landmark that was drawn on its reference photo, and a message about it."""
    if site.reference is None:
        raise LandmarkError("a place must have a reference photo for its landmarks, got none")
    grey = site.reference.image.convert("RGB")
    photo = Photo(grey, site.reference.digest, grey.size)
    drawn = draw_landmark(site, photo, box, " ".join(name.split()) or None, None, distance_km)
    contrast = math.exp(-drawn.contrast.extinction)
    message = (
        f"{drawn.landmark.name} is marked, with a contrast of {contrast:.0%} to the sky on this "
        "photo. Photos that you add from now on are measured at it"
    )
    return replace(drawn.site, reference=site.reference), message


def _take_reference(own: mine.Own) -> None:
    st.file_uploader(
        "Reference photo: a clear day, as the camera always sees it (at most 25 MB; a small grey "
        "copy is kept with the place)",
        key="mysite_reference",
        on_change=_reference_brought,
        args=(own,),
    )
    if photo_input.current() is not None:
        st.button(
            "Take the photo that is on the Predict page",
            key="mysite_reference_same",
            on_click=_reference_same,
            args=(own,),
        )


def _reference_brought(own: mine.Own) -> None:
    file = st.session_state.get("mysite_reference")
    if file is not None:
        _keep_reference(own, lambda: Photo.decode(file.getvalue(), file.name))


def _reference_same(own: mine.Own) -> None:
    photo = photo_input.current()
    if photo is not None:
        _keep_reference(own, lambda: photo)


def _keep_reference(own: mine.Own, find: Callable[[], Photo]) -> None:
    def work() -> str:
        mine.change(own.key, replace(own.site, reference=Reference.from_photo(find())))
        return "This is the reference photo now: mark its first landmark"

    told.attempt(PLACE, work, refused="No reference photo: ")


def _draw(own: mine.Own, reference: Reference) -> None:
    st.plotly_chart(
        reference_chart(reference, own.site.landmarks, _pending()),
        width="stretch",
        theme=None,
        key=_CHART,
        on_select=_drawn,
        selection_mode="box",
        config={"displayModeBar": False, "scrollZoom": False},
        alt="The reference photo; landmarks: "
        + (", ".join(landmark.name for landmark in own.site.landmarks) or "none yet"),
    )
    st.caption("Draw a box with the mouse, or type its four sides. Blue is the sky it is held to.")


def _drawn() -> None:
    """Put the sides of the box that was drawn into the fields."""
    event = st.session_state.get(_CHART)
    box = None if event is None else drawn_box(event.get("selection"))
    if box is not None:
        for side in _SIDES:
            st.session_state[_field(side)] = round(100 * getattr(box, side), 1)


def _fields(own: mine.Own) -> None:
    st.text_input("Name", max_chars=LONGEST_NAME, key=_NAME, placeholder="Water tower")
    with st.container(horizontal=True):
        for side in _SIDES:
            st.number_input(
                f"{side.capitalize()} in %",
                0.0,
                100.0,
                None,
                step=0.5,
                format="%.1f",
                key=_field(side),
                width=115,  # narrower than with buttons beside it
            )
    st.number_input(
        "Distance in km, if known",
        0.05,
        300.0,
        None,
        step=0.5,
        key=_DISTANCE,
        help="With it the visual range is told, too.",
    )
    st.button(
        "Add this landmark",
        key="mysite_landmark_add",
        type="primary",
        icon=":material/add:",
        on_click=_add,
        args=(own,),
    )


def _sides() -> Box | None:
    """The box in the fields; `None` while a side is missing."""
    typed = (st.session_state.get(_field(side)) for side in _SIDES)
    sides = [float(side) / 100 for side in typed if side is not None]
    return Box(*sides) if len(sides) == len(_SIDES) else None


def _pending() -> Landmark | None:
    try:
        box = _sides()
        return None if box is None else Landmark.from_boxes("new", box)
    except InputError:
        return None


def _add(own: mine.Own) -> None:
    state = st.session_state

    def work() -> str:
        sides = _sides()
        if sides is None:
            raise LandmarkError("a box must have four sides: draw it, or type them")
        name = str(state.get(_NAME) or "")
        site, message = drawn_on(own.site, sides, name, state.get(_DISTANCE))
        mine.change(own.key, site)
        for key in (_DISTANCE, *map(_field, _SIDES)):
            state[key] = None
        state[_NAME] = ""
        return message

    told.attempt(PLACE, work)


def _listed(own: mine.Own) -> None:
    landmarks = own.site.landmarks
    if landmarks:
        photos = [day.photo for day in own.site.days if day.photo is not None]
        rows = tuple(
            (
                landmark.name,
                landmark.distance_km,
                sum(landmark.name in photo.extinction for photo in photos),
            )
            for landmark in landmarks
        )
        columns = (Column("Landmark"), Column("Distance in km", ".1f"), Column("Days with it"))
        st.html(Table(columns, rows).html("The landmarks of this place"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if landmarks:
            chosen = st.selectbox(
                "A landmark to remove",
                [landmark.name for landmark in landmarks],
                key=f"{_CHOSEN}_{len(landmarks)}",
                width=280,
            )
            st.button(
                "Remove it",
                key="mysite_landmark_remove",
                icon=":material/delete:",
                on_click=_remove,
                args=(own, chosen),
            )
        st.button(
            "Another reference photo",
            key="mysite_reference_away",
            type="tertiary",
            on_click=_another,
            args=(own,),
            help="The landmarks go with the old one.",
        )


def _remove(own: mine.Own, name: str) -> None:
    def work() -> str:
        kept = tuple(landmark for landmark in own.site.landmarks if landmark.name != name)
        mine.change(own.key, replace(own.site, landmarks=kept))
        return f"{name} was removed"

    told.attempt(PLACE, work)


def _another(own: mine.Own) -> None:
    def work() -> str:
        mine.change(own.key, replace(own.site, landmarks=(), reference=None))
        return "Take another reference photo"

    told.attempt(PLACE, work)


def _field(side: str) -> str:
    return f"mysite_box_{side}"
