"""A drift report in plain sentences, the worst first."""

from itertools import pairwise

from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.drift.ranges import Ranges, in_fifths
from aqfusion.drift.report import BEFORE, Histogram, Rate, Report
from aqfusion.drift.shift import FAR, MOVED, STEADY, TOO_FEW, Shift
from aqfusion.ui.review.words import UNIT
from aqfusion.ui.table import number

__all__ = [
    *("ABOUT", "DAYS_BEFORE", "RATES", "basis", "name_of", "range_names", "ranges_of"),
    *("sentences", "word", "worse"),
]

ABOUT = (
    "**PSI** (population stability index) says how far two histograms over fifths of the training "
    "are apart: from 0.1 on they have moved, from 0.25 on they are far (Siddiqi 2006). Few counts "
    "alone make it large, so only what is above chance counts: **by chance** is what so few give "
    "at most (Yurdakul 2018), set so that in nineteen of twenty windows without drift nothing is "
    "called moved. Small print: 95 % intervals (Wilson)."
)
_ORDER = (FAR, MOVED, TOO_FEW, STEADY)
DAYS_BEFORE = f"the {BEFORE} days before"
_DISTANCE = "The photos' distance"
RATES = {
    "refused": ("Photos that cannot be judged", "photos"),
    "corrected": ("Items where people corrected the model", "settled items"),
}


def basis(report: Report) -> str:
    """The sample sizes behind the report."""
    facts = report.facts
    return (
        f"Since {report.first:%d %B %Y} (UTC), by {report.model}: {facts['predictions']} "
        f"predictions from what visitors brought, {facts['photo']} with a photo, "
        f"{facts['readings']} with readings, {facts['both']} with both."
    )


def name_of(histogram: Histogram) -> str:
    """The title of a histogram's input."""
    name = histogram.name
    return pollutant(name).label if name in POLLUTANTS else _DISTANCE


def sentences(report: Report) -> list[tuple[str, str]]:
    """A verdict and a sentence each, the worst first; what is alike is one sentence."""
    lines = [*_drifts(report)]
    few = [_how_few(histogram) for histogram in report.histograms if _verdict(histogram) == TOO_FEW]
    if few:
        lines.append((TOO_FEW, f"Too few to tell against training: {', '.join(few)}."))
    calm = [name_of(histogram) for histogram in report.histograms if _verdict(histogram) == STEADY]
    if calm:
        lines.append((STEADY, f"Steady against training: {', '.join(calm)}."))
    lines += [_rate_line(rate) for rate in report.rates]
    return sorted(lines, key=lambda line: _ORDER.index(line[0]))


def range_names(ranges: Ranges, unit: str) -> list[str]:
    """Each range in words, the missing first.

    >>> range_names(Ranges("co", (0.5, 2.0)), "mg/m3")
    ['not given', 'below 0.5', '0.5 to 2', '2 mg/m3 and above']
    """
    if not ranges.edges:
        return ["not given", "all"]
    ends = [f"{edge:.4g}" for edge in ranges.edges]
    middle = [f"{low} to {high}" for low, high in pairwise(ends)]
    return ["not given", f"below {ends[0]}", *middle, f"{ends[-1]} {unit}".rstrip() + " and above"]


def ranges_of(histogram: Histogram) -> list[str]:
    """The ranges of a histogram in words."""
    return range_names(histogram.ranges, _unit(histogram))


def _unit(histogram: Histogram) -> str:
    return UNIT[pollutant(histogram.name).unit] if histogram.name in POLLUTANTS else ""


def _drifts(report: Report) -> list[tuple[str, str]]:
    lines = []
    for histogram in report.histograms:
        worst = worse(histogram)
        if worst.verdict in (FAR, MOVED):
            lines.append(
                (worst.verdict, f"{word(worst, 'training', name_of(histogram))}{_how(histogram)}")
            )
        if histogram.earlier.verdict in (FAR, MOVED):
            lines.append(
                (
                    histogram.earlier.verdict,
                    f"{word(histogram.earlier, DAYS_BEFORE, name_of(histogram))}.",
                )
            )
    return lines


def worse(histogram: Histogram) -> Shift:
    """The stronger comparison with training: of values where they moved, else of all."""
    both = [shift for shift in (histogram.present, histogram.training) if shift is not None]
    return min(both, key=lambda shift: (_ORDER.index(shift.verdict), -shift.above))


def _verdict(histogram: Histogram) -> str:
    return worse(histogram).verdict


def _how(histogram: Histogram) -> str:
    """The range with the largest difference."""
    values = histogram.present is None or histogram.present.verdict in (FAR, MOVED)
    first = 1 if values else 0
    now, then = in_fifths(histogram.recent)[first:], in_fifths(histogram.trained)[first:]
    shares = [(a / (sum(now) or 1), b / (sum(then) or 1)) for a, b in zip(now, then, strict=True)]
    if not values:
        here, there = shares[0]
        return f": not given in {_percent(here)}, in training in {_percent(there)}."
    most = max(range(len(shares)), key=lambda i: shares[i][0] - shares[i][1])
    pairs = Ranges(histogram.name, histogram.ranges.edges[1::2])
    here, there = shares[most]
    where = range_names(pairs, _unit(histogram))[most + 1]
    return f": {_percent(here)} lie in the range {where}, in training {_percent(there)}."


def _how_few(histogram: Histogram) -> str:
    few = worse(histogram)
    return f"{name_of(histogram)} ({few.recent}{_wanted(few)})"


def _wanted(few: Shift) -> str:
    return f" of {few.needed} needed" if few.needed else ", and too little to compare with"


def _rate_line(rate: Rate) -> tuple[str, str]:
    title, noun = RATES[rate.name]
    if rate.recent is None:
        return TOO_FEW, f"{title}: no {noun} yet."
    recent, verdict = rate.recent, rate.earlier.verdict
    interval = f"{_percent(recent.low)} to {_percent(recent.high)}"
    text = f"{title}: {_percent(recent.share)} of {recent.total} ({interval})"
    steady = f" against {DAYS_BEFORE}" if verdict == STEADY else ""
    return verdict, f"{text}; {word(rate.earlier, DAYS_BEFORE)}{steady}."


def word(shift: Shift, against: str, name: str = "") -> str:
    """A verdict in words, by itself or of something."""
    if shift.verdict == TOO_FEW:
        return f"too few to tell ({shift.recent}{_wanted(shift)})"
    if shift.verdict == STEADY:
        return "steady"
    if name:
        return f"{name} {'is far' if shift.verdict == FAR else 'has moved'} from {against}"
    return f"{shift.verdict} from {against}"


def _percent(share: float) -> str:
    return number(share, ".0%")
