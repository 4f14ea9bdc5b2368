"""Data drift: sentences, charts and tables of whether inputs differ from the training set."""

from datetime import datetime
from itertools import pairwise

import plotly.graph_objects as go
import streamlit as st

from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.errors import InputError
from aqfusion.labels.annotator_stats import Share
from aqfusion.labels.store import LabelStore
from aqfusion.metric_values import Estimate
from aqfusion.monitoring.drift_report import (
    BEFORE,
    WINDOWS,
    DriftReport,
    Histogram,
    Rate,
    counted_of,
    report,
)
from aqfusion.monitoring.population_stability import (
    FAR,
    MOVED,
    STEADY,
    TOO_FEW,
    Ranges,
    Shift,
    in_fifths,
)
from aqfusion.permissions import Actor
from aqfusion.registry.serving import Served
from aqfusion.settings import load_settings
from aqfusion.ui import cached_models, consent, usage
from aqfusion.ui.chart_style import BLUE, GREY, blank, png_button
from aqfusion.ui.markup import plain, show_error
from aqfusion.ui.table import Cell, Column, Table, csv_button, number

__all__ = [
    *("ABOUT", "DAYS_BEFORE", "RATES", "basis", "name_of", "range_names", "ranges_of"),
    *("sentences", "word", "worse"),
    "rate_table",
    "shift_table",
]

_HEIGHT = 340  # pixels


def drift_chart(histogram: Histogram, ranges: list[str]) -> go.Figure:
    """Draw the share of each range downwards, recent beside training."""
    figure = blank(
        _HEIGHT,
        barmode="group",
        bargap=0.25,
        margin={"l": 4, "r": 18, "t": 8, "b": 4},
        xaxis={"tickformat": ".0%", "rangemode": "tozero"},
        yaxis={"autorange": "reversed", "showgrid": False, "type": "category"},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": -0.14, "yanchor": "top"},
    )
    first = _first(histogram)
    for name, counts, colour in (
        ("recent", histogram.recent, BLUE),
        ("in training", histogram.trained, GREY),
    ):
        total = sum(counts) or 1
        figure.add_trace(
            go.Bar(
                orientation="h",
                name=name,
                y=ranges[first:],
                x=[count / total for count in counts[first:]],
                marker={"color": colour},
                hovertemplate=f"%{{y}}: %{{x:.0%}} {name}<extra></extra>",
            )
        )
    return figure


def drift_table(histogram: Histogram, ranges: list[str]) -> Table:
    """The counts that are drawn, and those of the days before."""
    columns = (
        Column("range"),
        Column("recent"),
        Column("days before"),
        Column("in training", ".1f"),
    )
    counts = (histogram.recent, histogram.before, histogram.trained)
    return Table(columns, tuple(zip(ranges, *counts, strict=True))[_first(histogram) :])


def _first(histogram: Histogram) -> int:
    """The first bin is of what is missing, which a distance never is."""
    return 0 if histogram.present is not None else 1


ABOUT = (
    "**PSI** (population stability index) measures how different two histograms over fifths of "
    "the training data are: from 0.1 on there is a shift, from 0.25 on a large shift (Siddiqi "
    "2006). Few counts alone make it large, so only the part above chance counts: **by chance** "
    "is the most that so few counts give by chance (Yurdakul 2018), set so that in 19 of 20 "
    "windows without drift no shift is reported. Small print: 95 % intervals (Wilson)."
)
_ORDER = (FAR, MOVED, TOO_FEW, STEADY)
DAYS_BEFORE = f"the {BEFORE} days before"
_DISTANCE = "Distance of the photos"
RATES = {
    "refused": ("Photos that cannot be judged", "photos"),
    "corrected": ("Items where people corrected the model", "settled items"),
}


def basis(report: DriftReport) -> str:
    """The sample sizes behind the report."""
    facts = report.facts
    return (
        f"Since {report.first:%d %B %Y} (UTC), with {report.model}: {facts['predictions']} "
        f"predictions from inputs of visitors, {facts['photo']} with a photo, {facts['readings']} "
        f"with readings, {facts['both']} with both."
    )


def name_of(histogram: Histogram) -> str:
    """The title of a histogram's input."""
    name = histogram.name
    return pollutant(name).label if name in POLLUTANTS else _DISTANCE


def sentences(report: DriftReport) -> list[tuple[str, str]]:
    """A verdict and a sentence each, the worst first; what is alike is one sentence."""
    lines = [*_drifts(report)]
    few = [_how_few(histogram) for histogram in report.histograms if _verdict(histogram) == TOO_FEW]
    if few:
        lines.append((TOO_FEW, f"Too few counts to compare with training: {', '.join(few)}."))
    calm = [name_of(histogram) for histogram in report.histograms if _verdict(histogram) == STEADY]
    if calm:
        lines.append((STEADY, f"No shift from training: {', '.join(calm)}."))
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
    return pollutant(histogram.name).pretty_unit if histogram.name in POLLUTANTS else ""


def _drifts(report: DriftReport) -> list[tuple[str, str]]:
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
    return f" of {few.needed} needed" if few.needed else ", and too few earlier counts"


def _rate_line(rate: Rate) -> tuple[str, str]:
    title, noun = RATES[rate.name]
    if rate.recent is None:
        return TOO_FEW, f"{title}: no {noun} yet."
    recent, verdict = rate.recent, rate.earlier.verdict
    interval = f"{_percent(recent.low)} to {_percent(recent.high)}"
    text = f"{title}: {_percent(recent.share)} of {recent.total} ({interval})"
    steady = f" compared with {DAYS_BEFORE}" if verdict == STEADY else ""
    return verdict, f"{text}; {word(rate.earlier, DAYS_BEFORE)}{steady}."


def word(shift: Shift, against: str, name: str = "") -> str:
    """A verdict in words, by itself or of something."""
    if shift.verdict == TOO_FEW:
        return f"too few counts ({shift.recent}{_wanted(shift)})"
    if shift.verdict == STEADY:
        return "stable"
    if name:
        return f"{name} has {'shifted far' if shift.verdict == FAR else 'shifted'} from {against}"
    return f"{shift.verdict} from {against}"


def _percent(share: float) -> str:
    return number(share, ".0%")


def shift_table(report: DriftReport) -> Table:
    """All comparisons of histograms."""
    columns = (
        *(Column("compared with training"), Column("counted", "d"), Column("PSI", ".2f")),
        *(Column("by chance", ".2f"), Column("among present", ".2f"), Column("verdict")),
        *(Column(f"PSI, {DAYS_BEFORE}", ".2f"), Column("verdict")),
    )
    return Table(columns, tuple(_row(histogram) for histogram in report.histograms))


def rate_table(report: DriftReport) -> Table:
    """Both rates."""
    columns = (
        *(Column("share"), Column("now", ".0%"), Column("of", "d")),
        *(Column(DAYS_BEFORE, ".0%"), Column("of", "d"), Column("verdict")),
    )
    rows = tuple(
        (
            *(RATES[rate.name][0], _estimate(rate.recent), rate.earlier.recent),
            *(
                _estimate(rate.before),
                rate.earlier.reference_count,
                word(rate.earlier, DAYS_BEFORE),
            ),
        )
        for rate in report.rates
    )
    return Table(columns, rows)


def _row(histogram: Histogram) -> tuple[Cell, ...]:
    has_training = histogram.training.chance is not None
    return (
        *(
            name_of(histogram),
            histogram.training.recent,
            histogram.training.psi if has_training else None,
        ),
        *(
            histogram.training.chance,
            histogram.present.psi if histogram.present and has_training else None,
        ),
        word(worse(histogram), "training"),
        histogram.earlier.psi if histogram.earlier.chance is not None else None,
        word(histogram.earlier, DAYS_BEFORE),
    )


def _estimate(share: Share | None) -> Estimate | None:
    return None if share is None else Estimate(share.share, share.low, share.high)


_ICONS = {
    FAR: ":material/warning:",
    MOVED: ":material/trending_up:",
    TOO_FEW: ":material/hourglass_empty:",
    STEADY: ":material/check:",
}


def render_drift(store: LabelStore, actor: Actor, served: Served, now: datetime) -> None:
    """Draw it for an expert; the store raises for anybody else."""
    days = st.segmented_control(
        "Days",
        WINDOWS,
        default=30,
        required=True,
        format_func=lambda days: f"{days:d} days",
        key="drift_choice_days",
        label_visibility="collapsed",
    )
    try:
        read = counted_of(store, actor, now, days)
        reference = usage.reference(cached_models.loaded(served.model), load_settings().model)
    except InputError as error:
        show_error(error)
        return
    drift_report = report(read, reference)
    st.caption(plain(basis(drift_report)))
    if drift_report.why:
        st.info(plain(drift_report.why), icon=":material/info:")
    st.markdown("\n".join(_line(*sentence) for sentence in sentences(drift_report)))
    if drift_report.histograms:
        _histogram(drift_report)
        _table("drift", "All comparisons", shift_table(drift_report))
    _table("drift-rates", "Shares", rate_table(drift_report))
    st.markdown(ABOUT.replace(" %", "\u00a0%"))
    st.caption(consent.COUNTED)


def _line(verdict: str, sentence: str) -> str:
    return f"- {_ICONS[verdict]} {plain(sentence)}"


def _histogram(drift_report: DriftReport) -> None:
    by_name = {histogram.name: histogram for histogram in drift_report.histograms}
    name = st.selectbox(
        "Input",
        by_name,
        format_func=lambda name: name_of(by_name[name]),
        key="drift_choice_histogram",
        width=320,
    )
    histogram: Histogram = by_name[name]
    ranges = ranges_of(histogram)
    st.plotly_chart(
        drift_chart(histogram, ranges),
        width="stretch",
        key="chart_drift",
        config=png_button(f"aqfusion-drift-{name}"),
        alt=f"{name_of(histogram)}: the share in each range, recently and in training",
    )
    csv_button(f"drift-{name}", drift_table(histogram, ranges))


def _table(noun: str, title: str, content: Table) -> None:
    st.html(content.html(title))
    csv_button(noun, content)
