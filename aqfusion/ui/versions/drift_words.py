"""What a drift report says in plain sentences, the worst first, and as a table."""

from itertools import pairwise

from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.drift.ranges import Ranges, in_fifths
from aqfusion.drift.report import BEFORE, Histogram, Rate, Report
from aqfusion.drift.shift import FAR, MOVED, STEADY, TOO_FEW, Shift
from aqfusion.figures import Estimate
from aqfusion.labels.annotators import Share
from aqfusion.ui.table import Cell, Column, Table, number

__all__ = [
    "ABOUT",
    "basis",
    "name_of",
    "range_names",
    "ranges_of",
    "rate_table",
    "sentences",
    "shift_table",
]

ABOUT = (
    "**PSI** (population stability index) says how far two histograms over fifths of the training "
    "are apart: from 0.1 on they have moved, from 0.25 on they are far (Siddiqi 2006). Few counts "
    "alone make it large, so only what is above chance counts: **by chance** is what so few give "
    "at most (Yurdakul 2018), set so that in nineteen of twenty windows without drift nothing is "
    "called moved. Small print: 95 % intervals (Wilson)."
)
_ORDER = (FAR, MOVED, TOO_FEW, STEADY)
_BEFORE = f"the {BEFORE} days before"
_DISTANCE = "Photos' distance to training"
_RATES = {
    "refused": ("Photos that cannot be judged", "photos"),
    "corrected": ("Items where people corrected the model", "settled items"),
}


def basis(report: Report) -> str:
    """What the figures rest on."""
    facts = report.facts
    return (
        f"Since {report.first:%d %B %Y} (UTC), by {report.model}: {facts['predictions']} "
        f"predictions from what visitors brought, {facts['photo']} with a photo, "
        f"{facts['readings']} with readings, {facts['both']} with both."
    )


def name_of(histogram: Histogram) -> str:
    """What a histogram is of."""
    name = histogram.name
    return pollutant(name).label if name in POLLUTANTS else _DISTANCE


def sentences(report: Report) -> list[tuple[str, str]]:
    """A verdict and a sentence each, the worst first; what is alike is one sentence."""
    told = [*_drifts(report)]
    few = [_how_few(one) for one in report.histograms if _verdict(one) == TOO_FEW]
    if few:
        told.append((TOO_FEW, f"Too few to tell against training: {', '.join(few)}."))
    calm = [name_of(one) for one in report.histograms if _verdict(one) == STEADY]
    if calm:
        told.append((STEADY, f"Steady against training: {', '.join(calm)}."))
    told += [_of_rate(one) for one in report.rates]
    return sorted(told, key=lambda one: _ORDER.index(one[0]))


def shift_table(report: Report) -> Table:
    """All comparisons of histograms."""
    columns = (
        *(Column("against training"), Column("counted", "d"), Column("PSI", ".2f")),
        *(Column("by chance", ".2f"), Column("among present", ".2f"), Column("verdict")),
        *(Column(f"PSI, {_BEFORE}", ".2f"), Column("verdict")),
    )
    return Table(columns, tuple(_row(one) for one in report.histograms))


def rate_table(report: Report) -> Table:
    """Both rates."""
    columns = (
        *(Column("share"), Column("now", ".0%"), Column("of", "d")),
        *(Column(_BEFORE, ".0%"), Column("of", "d"), Column("verdict")),
    )
    rows = tuple(
        (
            *(_RATES[one.name][0], _estimate(one.recent), one.earlier.recent),
            *(_estimate(one.before), one.earlier.known, _word(one.earlier, _BEFORE)),
        )
        for one in report.rates
    )
    return Table(columns, rows)


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


def ranges_of(one: Histogram) -> list[str]:
    """The ranges of a histogram in words."""
    return range_names(one.ranges, _unit(one))


def _unit(one: Histogram) -> str:
    return pollutant(one.name).unit if one.name in POLLUTANTS else ""


def _row(one: Histogram) -> tuple[Cell, ...]:
    known = one.training.chance is not None
    return (
        *(name_of(one), one.training.recent, one.training.psi if known else None),
        *(one.training.chance, one.present.psi if one.present and known else None),
        _word(_worse(one), "training"),
        one.earlier.psi if one.earlier.chance is not None else None,
        _word(one.earlier, _BEFORE),
    )


def _drifts(report: Report) -> list[tuple[str, str]]:
    told = []
    for one in report.histograms:
        worst = _worse(one)
        if worst.verdict in (FAR, MOVED):
            told.append((worst.verdict, f"{_word(worst, 'training', name_of(one))}{_how(one)}"))
        if one.earlier.verdict in (FAR, MOVED):
            told.append((one.earlier.verdict, f"{_word(one.earlier, _BEFORE, name_of(one))}."))
    return told


def _worse(one: Histogram) -> Shift:
    """The comparison with training that says most: of values where they moved, else of all."""
    both = [shift for shift in (one.present, one.training) if shift is not None]
    return min(both, key=lambda shift: (_ORDER.index(shift.verdict), -shift.above))


def _verdict(one: Histogram) -> str:
    return _worse(one).verdict


def _how(one: Histogram) -> str:
    """Where the difference is largest."""
    values = one.present is None or one.present.verdict in (FAR, MOVED)
    first = 1 if values else 0
    now, then = in_fifths(one.recent)[first:], in_fifths(one.trained)[first:]
    shares = [(a / (sum(now) or 1), b / (sum(then) or 1)) for a, b in zip(now, then, strict=True)]
    if not values:
        here, there = shares[0]
        return f": not given in {_percent(here)}, in training in {_percent(there)}."
    most = max(range(len(shares)), key=lambda i: shares[i][0] - shares[i][1])
    pairs = Ranges(one.name, one.ranges.edges[1::2])
    here, there = shares[most]
    where = range_names(pairs, _unit(one))[most + 1]
    return f": {_percent(here)} lie in the range {where}, in training {_percent(there)}."


def _how_few(one: Histogram) -> str:
    few = next(s for s in (one.training, one.present) if s and s.verdict == TOO_FEW)
    return f"{name_of(one)} ({few.recent}{_wanted(few)})"


def _wanted(few: Shift) -> str:
    if few.needed is None:
        return ", and too little to compare with"
    return f" of {few.needed} needed"


def _of_rate(rate: Rate) -> tuple[str, str]:
    title, of = _RATES[rate.name]
    if rate.recent is None:
        return TOO_FEW, f"{title}: no {of} yet."
    one, verdict = rate.recent, rate.earlier.verdict
    told = (
        f"{title}: {_percent(one.share)} of {one.of} ({_percent(one.low)} to {_percent(one.high)})"
    )
    return verdict, f"{told}; {_word(rate.earlier, _BEFORE)}."


def _word(shift: Shift, against: str, name: str = "") -> str:
    """A verdict in words, by itself or of something."""
    if shift.verdict == TOO_FEW:
        return f"too few to tell ({shift.recent}{_wanted(shift)})"
    words = {FAR: f"far from {against}", MOVED: f"moved from {against}", STEADY: "steady"}
    return f"{name}: {words[shift.verdict]}" if name else words[shift.verdict]


def _percent(share: float) -> str:
    return number(share, ".0%")


def _estimate(share: Share | None) -> Estimate | None:
    return None if share is None else Estimate(share.share, share.low, share.high)
