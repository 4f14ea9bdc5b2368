"""Landmarks of a site, drawn on its reference photo with the mouse."""

import base64
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from aqfusion.errors import InputError
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import Predictor
from aqfusion.sites.landmark import LONGEST_NAME, Box, Landmark, LandmarkError
from aqfusion.sites.landmark_drawing import draw_landmark
from aqfusion.sites.reference_photo import ReferencePhoto
from aqfusion.sites.site import Site
from aqfusion.ui import photo_input
from aqfusion.ui.chart_style import BLUE, VERMILION
from aqfusion.ui.labels import flash
from aqfusion.ui.sites import landmark_reading, own_sites
from aqfusion.ui.table import Column, Table

_WIDTH, _TALLEST = 560, 440  # pixels; the photo keeps its shape in what room there is
_GRID = 40  # invisible marks: Plotly reports a box selection only where it holds some
_CLEAR = "rgba(0,0,0,0)"  # the page's own colour around the photo
_AXIS = {"visible": False, "fixedrange": True, "constrain": "domain"}


def reference_chart(
    reference: ReferencePhoto, landmarks: Sequence[Landmark], pending: Landmark | None
) -> go.Figure:
    """Draw both patches of each landmark; `pending` is the one that is being drawn."""
    width, height = reference.image.size
    shapes: list[dict[str, Any]] = []
    for landmark in landmarks:
        shapes += [_shape(landmark.box, VERMILION), _shape(landmark.sky, BLUE)]
    if pending is not None:
        shapes += [
            _shape(pending.box, VERMILION, dash="dot"),
            _shape(pending.sky, BLUE, dash="dot"),
        ]
    figure = go.Figure(
        layout={
            "height": min(round(_WIDTH * height / width), _TALLEST),
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "paper_bgcolor": _CLEAR,
            "plot_bgcolor": _CLEAR,
            "annotations": [_name_of(landmark) for landmark in landmarks],
            "dragmode": "select",
            "selectdirection": "d",  # else a flat box counts as the whole height
            "showlegend": False,
            "shapes": shapes,
            "images": [
                {
                    "source": "data:image/jpeg;base64,"
                    + base64.b64encode(reference.jpeg).decode("ascii"),
                    **{"xref": "x", "yref": "y", "x": 0, "y": 0, "sizex": 1, "sizey": 1},
                    **{"sizing": "stretch", "layer": "below"},
                }
            ],
            "xaxis": {"range": [0, 1], **_AXIS},
            "yaxis": {"range": [1, 0], "scaleanchor": "x", "scaleratio": height / width, **_AXIS},
        }
    )
    marks = [number / _GRID for number in range(_GRID + 1)]
    figure.add_trace(
        go.Scatter(
            mode="markers",
            x=[x for x in marks for _ in marks],
            y=marks * len(marks),
            marker={"opacity": 0, "size": 1},
            hoverinfo="skip",
        )
    )
    return figure


def drawn_box(selection: Any) -> Box | None:
    """The box that was drawn last, cut to the photo; `None` where none was, or too small a one.

    >>> drawn_box({"box": [{"x": [0.3, 0.1], "y": [-0.1, 0.5]}]})
    Box(left=0.1, top=0.0, right=0.3, bottom=0.5)
    >>> drawn_box({"box": []}), drawn_box(None), drawn_box({"box": [{"x": [1, 1], "y": [0, 1]}]})
    (None, None, None)
    """
    boxes = selection.get("box") if hasattr(selection, "get") else None
    if not boxes:
        return None
    try:
        x, y = (sorted(min(max(float(v), 0.0), 1.0) for v in boxes[-1][axis]) for axis in "xy")
        return Box(round(x[0], 4), round(y[0], 4), round(x[-1], 4), round(y[-1], 4))
    except (ValueError, TypeError, KeyError, IndexError):
        return None  # InputError is a ValueError


def _shape(box: Box, colour: str, dash: str = "solid") -> dict[str, Any]:
    return {
        **{"type": "rect", "x0": box.left, "x1": box.right, "y0": box.top, "y1": box.bottom},
        "line": {"color": colour, "width": 2, "dash": dash},
    }


def _name_of(landmark: Landmark) -> dict[str, Any]:
    """The name below the box; text from outside, in which Plotly would read tags."""
    return {
        "text": escape(landmark.name),
        **{"x": (landmark.box.left + landmark.box.right) / 2, "y": landmark.box.bottom},
        **{"showarrow": False, "yanchor": "top", "bgcolor": "rgba(0,0,0,.55)"},
        "font": {"color": "white", "size": 13},
    }


PLACE = "mysite_landmarks"
_SIDES = ("left", "top", "right", "bottom")
_CHART, _NAME, _DISTANCE = "mysite_reference_chart", "mysite_landmark_name", "mysite_landmark_km"
_CHOSEN = "mysite_landmark_chosen"
_WHY = (
    "For a camera that always has the same view. Mark something **dark and far away**, such as a "
    "tower, a forest or a ridge, with open sky above it: the more haze there is in between, the "
    "paler it looks. What that means for the AQI here is learned from the days that have both a "
    "photo and an AQI."
)


def render_landmark(model: Predictor, own: own_sites.OwnSites) -> None:
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
    flash.render_flash(PLACE)
    if own.site.reference is not None and own.site.landmarks:
        landmark_reading.render_landmark_reading(model, own)


def drawn_on(site: Site, box: Box, name: str, distance_km: float | None) -> tuple[Site, str]:
    """The site with a landmark that was drawn on its reference photo, and a message about it."""
    if site.reference is None:
        raise LandmarkError("this place has no reference photo; add one before its landmarks")
    grey = site.reference.image.convert("RGB")
    photo = Photo(grey, site.reference.digest, grey.size)
    drawn = draw_landmark(site, photo, box, " ".join(name.split()) or None, None, distance_km)
    contrast = math.exp(-drawn.contrast.extinction)
    message = (
        f"{drawn.landmark.name} is marked, with a contrast of {contrast:.0%} to the sky on this "
        "photo. It is measured in every photo that you add from now on"
    )
    return replace(drawn.site, reference=site.reference), message


def _take_reference(own: own_sites.OwnSites) -> None:
    st.file_uploader(
        "Reference photo: the usual view of the camera on a clear day (at most 25 MB; a small "
        "grey copy is stored with the place)",
        key="mysite_reference",
        max_upload_size=photo_input.LARGEST_UPLOAD_MB,
        on_change=_reference_brought,
        args=(own,),
    )
    if photo_input.current() is not None:
        st.button(
            "Use the photo from the Predict page",
            key="mysite_reference_same",
            on_click=_reference_same,
            args=(own,),
        )


def _reference_brought(own: own_sites.OwnSites) -> None:
    file = st.session_state.get("mysite_reference")
    if file is not None:
        _keep_reference(own, lambda: Photo.decode(file.getvalue(), file.name))


def _reference_same(own: own_sites.OwnSites) -> None:
    photo = photo_input.current()
    if photo is not None:
        _keep_reference(own, lambda: photo)


def _keep_reference(own: own_sites.OwnSites, find: Callable[[], Photo]) -> None:
    def work() -> str:
        own_sites.change(own.key, replace(own.site, reference=ReferencePhoto.from_photo(find())))
        return "The reference photo is set: now mark the first landmark"

    flash.run_with_flash(PLACE, work, refused="The reference photo was not set: ")


def _draw(own: own_sites.OwnSites, reference: ReferencePhoto) -> None:
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
    st.caption(
        "Draw a box with the mouse, or enter its four sides. Blue marks the sky that the "
        "landmark is compared with."
    )


def _drawn() -> None:
    """Put the sides of the box that was drawn into the fields."""
    event = st.session_state.get(_CHART)
    box = None if event is None else drawn_box(event.get("selection"))
    if box is not None:
        for side in _SIDES:
            st.session_state[_field(side)] = round(100 * getattr(box, side), 1)


def _fields(own: own_sites.OwnSites) -> None:
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
        "Distance in km (if known)",
        0.05,
        300.0,
        None,
        step=0.5,
        key=_DISTANCE,
        help="With the distance, the visual range is estimated too.",
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


def _add(own: own_sites.OwnSites) -> None:
    state = st.session_state

    def work() -> str:
        sides = _sides()
        if sides is None:
            raise LandmarkError("the box is not complete: draw it or enter its four sides")
        name = str(state.get(_NAME) or "")
        site, message = drawn_on(own.site, sides, name, state.get(_DISTANCE))
        own_sites.change(own.key, site)
        for key in (_DISTANCE, *map(_field, _SIDES)):
            state[key] = None
        state[_NAME] = ""
        return message

    flash.run_with_flash(PLACE, work)


def _listed(own: own_sites.OwnSites) -> None:
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
        columns = (Column("Landmark"), Column("Distance in km", ".1f"), Column("Days measured"))
        st.html(Table(columns, rows).html("The landmarks of this place"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if landmarks:
            chosen = st.selectbox(
                "Landmark to remove",
                [landmark.name for landmark in landmarks],
                key=f"{_CHOSEN}_{len(landmarks)}",
                width=280,
            )
            st.button(
                "Remove",
                key="mysite_landmark_remove",
                icon=":material/delete:",
                on_click=_remove,
                args=(own, chosen),
            )
        st.button(
            "Replace the reference photo",
            key="mysite_reference_away",
            type="tertiary",
            on_click=_another,
            args=(own,),
            help="The landmarks of the old photo are removed too.",
        )


def _remove(own: own_sites.OwnSites, name: str) -> None:
    def work() -> str:
        kept = tuple(landmark for landmark in own.site.landmarks if landmark.name != name)
        own_sites.change(own.key, replace(own.site, landmarks=kept))
        return f"{name} was removed"

    flash.run_with_flash(PLACE, work)


def _another(own: own_sites.OwnSites) -> None:
    def work() -> str:
        own_sites.change(own.key, replace(own.site, landmarks=(), reference=None))
        return "Replace the reference photo"

    flash.run_with_flash(PLACE, work)


def _field(side: str) -> str:
    return f"mysite_box_{side}"
