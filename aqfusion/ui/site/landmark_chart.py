"""The reference photo with its landmarks, on which a box can be drawn with the mouse."""

import base64
from collections.abc import Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go

from aqfusion.sites.landmark import Box, Landmark
from aqfusion.sites.reference import Reference
from aqfusion.ui.figure_style import BLUE, VERMILION

_WIDTH, _TALLEST = 560, 440  # pixels; the photo keeps its shape in what room there is
_GRID = 40  # invisible marks: Plotly reports a box selection only where it holds some
_CLEAR = "rgba(0,0,0,0)"  # the page's own colour around the photo
_AXIS = {"visible": False, "fixedrange": True, "constrain": "domain"}


def reference_chart(
    reference: Reference, landmarks: Sequence[Landmark], pending: Landmark | None
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
