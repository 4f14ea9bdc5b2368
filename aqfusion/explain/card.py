"""The picture of a prediction to share: number, category, photo, and what each input did to it."""

from typing import TYPE_CHECKING

from PIL import Image

from aqfusion.air.aqi import standard
from aqfusion.explain.card_pictures import draw_pictures
from aqfusion.explain.card_rows import draw_rows
from aqfusion.explain.paper import INK, INNER, LINE, MARGIN, MUTED, PAGE, WIDTH, Paper
from aqfusion.explain.report import Report
from aqfusion.explain.site_words import place_sentence
from aqfusion.explain.targets import RAISES
from aqfusion.explain.words import DISCLAIMER, basis, official
from aqfusion.model.prediction import Prediction

if TYPE_CHECKING:
    from aqfusion.explain.heat_map import HeatMap

_LONGEST = 2000  # more than any card needs; what is left over is cut off


def card(report: Report, heat: "HeatMap | None" = None, target: str = RAISES) -> Image.Image:
    """The card, 1200 pixels wide and as high as what is known needs, about 1100 to 1600.

    `heat` lays what speaks for `target` over the photo, in a second picture beside it.
    """
    paper = Paper((WIDTH, _LONGEST), PAGE)
    y = _head(paper, report.result.fused)
    y = _scale(paper, y + 50, report.result.fused)
    y = paper.lines((MARGIN, y + 26), basis(report.result), 28, INK, INNER)
    y = paper.lines((MARGIN, y + 6), place_sentence(report.result, report.sha256), 28, INK, INNER)
    y = draw_pictures(paper, y + 20, report, heat, target)
    y = draw_rows(paper, y + 20, report)
    y = paper.lines((MARGIN, y + 20), official(report.formula), 24, MUTED, INNER)
    y = _foot(paper, y + 20, report)
    return paper.image.crop((0, 0, WIDTH, round(y)))


def _head(paper: Paper, fused: Prediction) -> float:
    """The number and its category, on the category's colour."""
    ink, bottom = fused.category.text_colour, 350
    paper.box((0, 0, WIDTH, bottom), fused.category.colour)
    paper.text((MARGIN, 78), "Air Quality Index", 34, ink, anchor="ls", bold=True)
    paper.text((WIDTH - MARGIN, 78), "estimated by AQFusion", 28, ink, anchor="rs")
    number = paper.text((MARGIN - 6, 300), str(fused.aqi), 240, ink, anchor="ls", bold=True)
    x = MARGIN + number + 36
    room = WIDTH - MARGIN - x
    paper.text((x, 228), fused.category.name, 76, ink, anchor="ls", bold=True, width=room)
    interval = f"In nine cases of ten between {fused.low} and {fused.high}"
    paper.text((x, 294), interval, 32, ink, anchor="ls", width=room)
    return bottom


def _scale(paper: Paper, y: float, fused: Prediction) -> float:
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


def _foot(paper: Paper, y: float, report: Report) -> float:
    """Which model said it and when, and what it is not."""
    paper.box((MARGIN, y, WIDTH - MARGIN, y + 2), LINE)
    made = f"{report.made_at:%Y-%m-%d %H:%M} UTC"
    origin = f"Weights {report.sha256[:12]}, AQFusion {report.version}, {made}"
    paper.text((MARGIN, y + 22), f"Model {report.model}. {origin}.", 22, MUTED, width=INNER)
    paper.text((MARGIN, y + 56), f"A {DISCLAIMER}.", 22, MUTED, width=INNER)
    return y + 56 + 22 + 36


def _x(aqi: float) -> float:
    return MARGIN + INNER * aqi / 500
