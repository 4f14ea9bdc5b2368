"""The picture of a prediction to share: number, category, photo, and what each input did."""

import numpy as np
from PIL import Image

from aqfusion.air.aqi import round_half_up, standard
from aqfusion.air.pollutants import pollutant
from aqfusion.explain.attribution import INPUTS, LANDMARKS, PHOTO, SITE
from aqfusion.explain.explanation_text import (
    DISCLAIMER,
    basis,
    input_name,
    moved,
    official,
    place_sentence,
    target_words,
)
from aqfusion.explain.photo_overlays import SaliencyMap, covered, overlay
from aqfusion.explain.report import PredictionReport
from aqfusion.explain.saliency_targets import RAISES
from aqfusion.explain.text_layout import (
    INK,
    INNER,
    LINE,
    MARGIN,
    MUTED,
    PAGE,
    SHADE,
    WIDTH,
    CardCanvas,
    fitted_size,
    text_width,
)
from aqfusion.model.prediction import Prediction
from aqfusion.model.predictor import Result

_GAP = 40
_CELL = (INNER - _GAP) / 2
_TALLEST, _LOWEST = 390, 250
_RIGHT = MARGIN + _CELL + _GAP


def draw_pictures(
    paper: CardCanvas, y: float, report: PredictionReport, heat: SaliencyMap | None, target: str
) -> float:
    """Draw the photo, if there is one, and return where the next thing stands."""
    photo, result = report.inputs.photo, report.result
    if photo is None:
        return y
    height = fitted_size(photo.image.size, (_CELL, _TALLEST))[1]
    bottom = y + max(_LOWEST, height)
    _framed(paper, photo.image, (MARGIN, y, MARGIN + _CELL, bottom))
    weight = _weight(result)
    paper.text((MARGIN, bottom + 16), "The photo", 24, INK)
    end = paper.lines((MARGIN, bottom + 48), weight, 24, MUTED, _CELL)
    if heat is None:
        _alone(paper, y, bottom, result)
    else:
        _framed(paper, overlay(photo.image, heat), (_RIGHT, y, _RIGHT + _CELL, bottom))
        claim = "No evidence" if heat.empty else "Evidence"
        of = target_words(target, result.haze is not None)
        paper.text((_RIGHT, bottom + 16), f"{claim} for {of}", 24, INK, width=_CELL)
        _legend(paper, (_RIGHT, bottom + 48))
    return end + 10


def _framed(paper: CardCanvas, image: Image.Image, box: tuple[float, float, float, float]) -> None:
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
    return f"{used}, used although it looks unsuitable" if problem else used


def _legend(paper: CardCanvas, at: tuple[float, float]) -> None:
    """The colours of the map, from a little evidence to the most."""
    x, y = at
    paper.text((x, y), "a little", 24, MUTED)
    x += text_width("a little", 24) + 16
    evidence = np.tile(np.linspace(0, 1, 200, dtype=np.float32), (20, 1))
    bar = covered(Image.new("RGB", (200, 20), LINE), evidence)
    paper.picture(bar, (x, y + 4, x + bar.width, y + 4 + bar.height), 4)
    paper.text((x + bar.width + 16, y), "most", 24, MUTED)


def _alone(paper: CardCanvas, top: float, bottom: float, result: Result) -> None:
    """What both say together and each alone, on one axis, spread over the photo's height."""
    paper.text((_RIGHT, top), "Prediction from each input alone", 28, INK, bold=True)
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


def _span(paper: CardCanvas, y: float, prediction: Prediction | None) -> None:
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


RAISED, LOWERED = "#C2571A", "#1C6FA0"
AXIS = 690  # where 0 points lie
_REACH = 190  # the longest bar
_LEAST = 10  # AQI points that the axis shows at least, so that a small effect looks small
ROW = 44


def draw_rows(paper: CardCanvas, y: float, report: PredictionReport) -> float:
    """Draw the table and return where the next thing stands."""
    given = _given(report)
    paper.text((MARGIN, y), "Contribution of each input to the AQI", 30, INK, bold=True)
    y += 46
    if given:
        paper.text((MARGIN, y), _sum(report), 24, MUTED, width=INNER)
        y += 40
    strongest = max((abs(report.contributions.points[name]) for name in given), default=0)
    scale = _REACH / max(strongest, _LEAST)
    top = y
    for name in _rows(report):
        paper.box((MARGIN, y, WIDTH - MARGIN, y + 1), LINE)
        points = report.contributions.points[name] if name in given else None
        _row(paper, y + ROW / 2, name, _value(report, name), points)
        if points is not None:
            _bar(paper, y + ROW / 2, points * scale)
        y += ROW
    paper.box((AXIS - 1, top, AXIS + 1, y), MUTED)
    return y


def _row(paper: CardCanvas, y: float, name: str, value: str, points: float | None) -> None:
    colour = MUTED if points is None else INK
    paper.text((MARGIN, y), input_name(name), 25, colour, anchor="lm")
    paper.text((MARGIN + 150, y), value, 25, colour, anchor="lm", width=270)
    if points is not None:
        paper.text((WIDTH - MARGIN, y), moved(points), 25, INK, anchor="rm")


def _bar(paper: CardCanvas, y: float, length: float) -> None:
    """From the axis to the right where the input raised the AQI, to the left where it lowered."""
    if round(abs(length)):
        left, right = sorted((AXIS, AXIS + length))
        paper.box((left, y - 12, right, y + 12), RAISED if length > 0 else LOWERED)


def _rows(report: PredictionReport) -> tuple[str, ...]:
    """The inputs that have a row; landmarks only where they are seen."""
    absent = {LANDMARKS} if report.result.landmarks is None else set()
    if report.result.site_only is None:
        absent |= {SITE}
    return tuple(name for name in INPUTS if name not in absent)


def _given(report: PredictionReport) -> tuple[str, ...]:
    return (
        *([PHOTO] if report.photo_used else []),
        *report.inputs.reading.present,
        *([SITE] if report.result.site_days and report.result.site_only else []),
        *([LANDMARKS] if report.result.landmarks else []),
    )


def _value(report: PredictionReport, name: str) -> str:
    if name == PHOTO:
        if report.photo_used:
            return f"{100 * report.result.photo_share:.0f} % of the weight"
        return "not given" if report.inputs.photo is None else "left out"
    if name == SITE:
        days, share = report.result.site_days, 100 * report.result.site_share
        many = "s" * (days != 1)
        return f"{days} day{many} ({share:.0f} %)" if days else "not known"
    if name == LANDMARKS:
        return (
            f"from {report.result.landmarks.days} days" if report.result.landmarks else "not given"
        )
    value = getattr(report.inputs.reading, name)
    return "not given" if value is None else f"{value:.5g} {pollutant(name).pretty_unit}"


def _sum(report: PredictionReport) -> str:
    base, aqi = (round_half_up(v) for v in (report.contributions.base, report.contributions.aqi))
    return f"From {base}, the prediction without any input, to {aqi}."


_LONGEST = 2000  # more than any card needs; what is left over is cut off


def card(
    report: PredictionReport, heat: SaliencyMap | None = None, target: str = RAISES
) -> Image.Image:
    """The card, 1200 pixels wide and as high as what is known needs, about 1100 to 1600.

    `heat` lays what speaks for `target` over the photo, in a second picture beside it.
    """
    paper = CardCanvas((WIDTH, _LONGEST), PAGE)
    y = _head(paper, report.result.fused)
    y = _scale(paper, y + 50, report.result.fused)
    y = paper.lines((MARGIN, y + 26), basis(report.result), 28, INK, INNER)
    y = paper.lines((MARGIN, y + 6), place_sentence(report.result, report.sha256), 28, INK, INNER)
    y = draw_pictures(paper, y + 20, report, heat, target)
    y = draw_rows(paper, y + 20, report)
    y = paper.lines((MARGIN, y + 20), official(report.formula), 24, MUTED, INNER)
    y = _foot(paper, y + 20, report)
    return paper.image.crop((0, 0, WIDTH, round(y)))


def _head(paper: CardCanvas, fused: Prediction) -> float:
    """The number and its category, on the category's colour."""
    ink, bottom = fused.category.text_colour, 350
    paper.box((0, 0, WIDTH, bottom), fused.category.colour)
    paper.text((MARGIN, 78), "Air Quality Index", 34, ink, anchor="ls", bold=True)
    paper.text((WIDTH - MARGIN, 78), "estimated by AQFusion", 28, ink, anchor="rs")
    number = paper.text((MARGIN - 6, 300), str(fused.aqi), 240, ink, anchor="ls", bold=True)
    x = MARGIN + number + 36
    room = WIDTH - MARGIN - x
    paper.text((x, 228), fused.category.name, 76, ink, anchor="ls", bold=True, width=room)
    interval = f"In nine cases out of ten between {fused.low} and {fused.high}"
    paper.text((x, 294), interval, 32, ink, anchor="ls", width=room)
    return bottom


def _scale(paper: CardCanvas, y: float, fused: Prediction) -> float:
    """The axis from 0 to 500, the interval above it and the mark across."""
    paper.text((MARGIN, y + 42), "0", 22, MUTED)
    for category in standard("us").categories:
        end = _x(category.i_high)
        last = category.i_high == 500
        paper.box(
            (_x(max(0, category.i_low - 1)), y, end - 4 * (not last), y + 28), category.colour, 6
        )
        paper.text((end, y + 42), str(category.i_high), 22, MUTED, anchor="ra" if last else "ma")
    paper.box((_x(fused.low), y - 16, _x(fused.high), y - 8), INK, 4)
    at = _x(fused.aqi)
    paper.box((at - 8, y - 26, at + 8, y + 38), PAGE, 8)
    paper.box((at - 4, y - 22, at + 4, y + 34), INK, 4)
    return y + 68


def _foot(paper: CardCanvas, y: float, report: PredictionReport) -> float:
    """Which model said it and when, and what it is not."""
    paper.box((MARGIN, y, WIDTH - MARGIN, y + 2), LINE)
    made = f"{report.made_at:%Y-%m-%d %H:%M} UTC"
    origin = f"Weights {report.sha256[:12]}, AQFusion {report.version}, {made}"
    paper.text((MARGIN, y + 22), f"Model {report.model}. {origin}.", 22, MUTED, width=INNER)
    paper.text((MARGIN, y + 56), f"A {DISCLAIMER}.", 22, MUTED, width=INNER)
    return y + 56 + 22 + 36


def _x(aqi: float) -> float:
    return MARGIN + INNER * aqi / 500
