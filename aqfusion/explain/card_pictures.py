"""The card's photo, and beside it the heat map or what each input says on its own."""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from aqfusion.explain.overlay import covered, overlay
from aqfusion.explain.paper import (
    INK,
    INNER,
    LINE,
    MARGIN,
    MUTED,
    SHADE,
    Paper,
    fitted_size,
    text_width,
)
from aqfusion.explain.report import Report
from aqfusion.explain.words import target_words
from aqfusion.model.predict import Result
from aqfusion.model.prediction import Prediction

if TYPE_CHECKING:
    from aqfusion.explain.heat_map import HeatMap

_GAP = 40
_CELL = (INNER - _GAP) / 2
_TALLEST, _LOWEST = 390, 250
_RIGHT = MARGIN + _CELL + _GAP


def draw_pictures(
    paper: Paper, y: float, report: Report, heat: "HeatMap | None", target: str
) -> float:
    """Draw the photo, if there is one, and return where the next thing stands."""
    photo, result = report.inputs.photo, report.result
    if photo is None:
        return y
    height = fitted_size(photo.image.size, (_CELL, _TALLEST))[1]
    bottom = y + max(_LOWEST, height)
    _framed(paper, photo.image, (MARGIN, y, MARGIN + _CELL, bottom))
    said = _weight(result)
    paper.text((MARGIN, bottom + 16), "The photo", 24, INK)
    end = paper.lines((MARGIN, bottom + 48), said, 24, MUTED, _CELL)
    if heat is None:
        _alone(paper, y, bottom, result)
    else:
        _framed(paper, overlay(photo.image, heat), (_RIGHT, y, _RIGHT + _CELL, bottom))
        found = "Nothing speaks" if heat.empty else "Speaks"
        of = target_words(target, result.haze is not None)
        paper.text((_RIGHT, bottom + 16), f"{found} for {of}", 24, INK, width=_CELL)
        _legend(paper, (_RIGHT, bottom + 48))
    return end + 10


def _framed(paper: Paper, image: Image.Image, box: tuple[float, float, float, float]) -> None:
    """A picture, on a shade where it is of another shape than its place."""
    left, top, right, bottom = box
    size = fitted_size(image.size, (right - left, bottom - top))
    if size[0] < right - left - 1 or size[1] < bottom - top - 1:
        paper.box(box, SHADE, 14)
        paper.picture(image, box)
    else:
        paper.picture(image, box, 14)


def _weight(result: Result) -> str:
    problem = result.photo_problem
    if result.image_only is None:
        # Where there are readings, the sentence above the picture has the reason.
        return "left out of the result" if result.sensors_only else f"left out: {problem}"
    used = f"{100 * result.photo_share:.0f} % of the weight"
    return f"{used}, trusted though it looks unsuitable" if problem else used


def _legend(paper: Paper, at: tuple[float, float]) -> None:
    """The colours of the map, from a little evidence to the most."""
    x, y = at
    paper.text((x, y), "a little", 24, MUTED)
    x += text_width("a little", 24) + 16
    evidence = np.tile(np.linspace(0, 1, 200, dtype=np.float32), (20, 1))
    bar = covered(Image.new("RGB", (200, 20), LINE), evidence)
    paper.picture(bar, (x, y + 4, x + bar.width, y + 4 + bar.height), 4)
    paper.text((x + bar.width + 16, y), "most", 24, MUTED)


def _alone(paper: Paper, top: float, bottom: float, result: Result) -> None:
    """What both say together and each alone, on one axis, spread over the photo's height."""
    paper.text((_RIGHT, top), "What each says on its own", 28, INK, bold=True)
    rows = (
        ("Together", result.fused, ""),
        ("Photo only", result.image_only, "left out"),
        ("Readings only", result.sensors_only, "no readings"),
        *((("This place only", result.site_only, ""),) if result.site_days else ()),
    )
    step = (bottom - top - 46) / len(rows)
    for i, (name, prediction, missing) in enumerate(rows):
        y = top + 46 + (i + 0.5) * step - 32
        paper.text((_RIGHT, y), name, 24, INK)
        value = missing
        if prediction is not None:
            value = f"{prediction.aqi} ({prediction.low} to {prediction.high})"
        colour = MUTED if prediction is None else INK
        paper.text((_RIGHT + _CELL, y), value, 24, colour, anchor="ra")
        _span(paper, y + 46, prediction)


def _span(paper: Paper, y: float, prediction: Prediction | None) -> None:
    """One prediction with its interval, on a line from 0 to 500."""
    paper.box((_RIGHT, y - 1, _RIGHT + _CELL, y + 1), LINE)
    if prediction is None:
        return
    low, at, high = (
        _RIGHT + _CELL * aqi / 500 for aqi in (prediction.low, prediction.aqi, prediction.high)
    )
    paper.box((low, y - 4, high, y + 4), MUTED, 4)
    paper.box((at - 13, y - 13, at + 13, y + 13), INK, 13)
    paper.box((at - 10, y - 10, at + 10, y + 10), prediction.category.colour, 10)
