"""The card's table: each input, its value, and how far it moved the AQI which way."""

from aqfusion.air.aqi import round_half_up
from aqfusion.air.pollutants import pollutant
from aqfusion.explain.coalitions import INPUTS, LANDMARKS, PHOTO, SITE
from aqfusion.explain.paper import INK, INNER, LINE, MARGIN, MUTED, WIDTH, Paper
from aqfusion.explain.report import Report
from aqfusion.explain.words import input_name, moved

RAISED, LOWERED = "#C2571A", "#1C6FA0"
AXIS = 690  # where 0 points lie
_REACH = 190  # the longest bar
_LEAST = 10  # AQI points that the axis shows at least, so that a small effect looks small
ROW = 44


def draw_rows(paper: Paper, y: float, report: Report) -> float:
    """Draw the table and return where the next thing stands."""
    given = _given(report)
    paper.text((MARGIN, y), "How each input moved the AQI", 30, INK, bold=True)
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


def _row(paper: Paper, y: float, name: str, value: str, points: float | None) -> None:
    colour = MUTED if points is None else INK
    paper.text((MARGIN, y), input_name(name), 25, colour, anchor="lm")
    paper.text((MARGIN + 150, y), value, 25, colour, anchor="lm", width=270)
    if points is not None:
        paper.text((WIDTH - MARGIN, y), moved(points), 25, INK, anchor="rm")


def _bar(paper: Paper, y: float, length: float) -> None:
    """From the axis to the right where the input raised the AQI, to the left where it lowered."""
    if round(abs(length)):
        left, right = sorted((AXIS, AXIS + length))
        paper.box((left, y - 12, right, y + 12), RAISED if length > 0 else LOWERED)


def _rows(report: Report) -> tuple[str, ...]:
    """The inputs that have a row; landmarks only where they are seen."""
    absent = {LANDMARKS} if report.result.landmarks is None else set()
    if report.result.site_only is None:
        absent |= {SITE}
    return tuple(name for name in INPUTS if name not in absent)


def _given(report: Report) -> tuple[str, ...]:
    return (
        *([PHOTO] if report.photo_used else []),
        *report.inputs.reading.present,
        *([SITE] if report.result.site_days and report.result.site_only else []),
        *([LANDMARKS] if report.result.landmarks else []),
    )


def _value(report: Report, name: str) -> str:
    if name == PHOTO:
        if report.photo_used:
            return f"{100 * report.result.photo_share:.0f} % of the weight"
        return "not given" if report.inputs.photo is None else "left out"
    if name == SITE:
        days, share = report.result.site_days, 100 * report.result.site_share
        many = "s" * (days != 1)
        return f"{days} day{many} ({share:.0f} %)" if days else "not known"
    if name == LANDMARKS:
        return f"by {report.result.landmarks.days} days" if report.result.landmarks else "not given"
    value = getattr(report.inputs.reading, name)
    return "not given" if value is None else f"{value:.5g} {pollutant(name).unit}"


def _sum(report: Report) -> str:
    base, aqi = (round_half_up(v) for v in (report.contributions.base, report.contributions.aqi))
    return f"From {base}, what the model says when it knows nothing, to {aqi}."
