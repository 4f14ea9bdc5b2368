"""Drift report: recent counts against training, and against the days before."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from aqfusion.labels.annotator_stats import Share, share
from aqfusion.labels.store import LabelStore
from aqfusion.labels.usage_counts import Settled
from aqfusion.labels.usage_key import Cell
from aqfusion.monitoring.population_stability import Ranges, Shift, in_fifths, population_stability
from aqfusion.monitoring.reference import ReferenceDistribution, TrainingInputs
from aqfusion.monitoring.usage_counter import FACTS
from aqfusion.permissions import Actor

__all__ = [
    "BEFORE",
    "WINDOWS",
    "DriftReport",
    "Histogram",
    "Rate",
    "UsageCounts",
    "counted_of",
    "report",
]

WINDOWS = (7, 30, 90)  # days, the present one among them
BEFORE = 90  # days before a window, with which it is compared


@dataclass(frozen=True)
class Histogram:
    """`recent`, `trained` and `before` count in the same ranges, missing first.

    `present` is `training` among what is not missing; `None` for what is never missing.
    """

    name: str
    ranges: Ranges
    recent: tuple[int, ...]
    trained: tuple[float, ...]
    before: tuple[int, ...]
    training: Shift
    present: Shift | None
    earlier: Shift


@dataclass(frozen=True)
class Rate:
    """A share of all, with its 95 % interval, and how far it is from that of the days before."""

    name: str
    recent: Share | None
    before: Share | None
    earlier: Shift


@dataclass(frozen=True)
class UsageCounts:
    """All that was counted in `days` days and in `BEFORE` before: what a report is made of."""

    days: int
    first: date
    cells: Mapping[Cell, int]
    settled: tuple[Settled, ...]


@dataclass(frozen=True)
class DriftReport:
    """`facts` count the predictions of the version served, `why` is what is not compared.

    `rates` are "refused", photos that cannot be used, and "corrected", settled items with another
    category than the model's.
    """

    model: str
    days: int
    first: date
    facts: Mapping[str, int]
    histograms: tuple[Histogram, ...]
    rates: tuple[Rate, ...]
    why: str | None


def counted_of(store: LabelStore, actor: Actor, now: datetime, days: int) -> UsageCounts:
    """Read what a report of the last `days` days needs; who is no expert gets a `RoleError`."""
    first = now.astimezone(UTC).date() - timedelta(days=days - 1)
    earliest = first - timedelta(days=BEFORE)
    cells = store.predictions.since(actor, earliest)
    return UsageCounts(days, first, cells, store.predictions.settled(actor, _midnight(earliest)))


def report(counted: UsageCounts, reference: ReferenceDistribution) -> DriftReport:
    """Make all figures. Readings are of all versions, photos of the one that is served."""
    facts, before = (_facts(counted, reference.model, recent) for recent in (True, False))
    references = dict(reference.sensors)
    if reference.distances is not None:
        references["distance"] = reference.distances
    since = _midnight(counted.first)
    differs = [
        [settled.differs for settled in counted.settled if (settled.at >= since) == recent]
        for recent in (True, False)
    ]
    return DriftReport(
        reference.model,
        counted.days,
        counted.first,
        {fact: facts[fact] for fact in FACTS},
        tuple(_histogram(counted, name, trained) for name, trained in references.items()),
        (
            _rate("refused", *((counts["refused"], counts["photo"]) for counts in (facts, before))),
            _rate("corrected", *((sum(some), len(some)) for some in differs)),
        ),
        reference.why,
    )


def _histogram(counted: UsageCounts, name: str, trained: TrainingInputs) -> Histogram:
    recent, before = (_counts(counted, name, trained, recent) for recent in (True, False))
    now, training, then = map(in_fifths, (recent, trained.histogram, before))
    distance = name == "distance"  # never missing: there, the first bin is empty
    return Histogram(
        *(name, trained.ranges, recent, trained.histogram, before),
        training=population_stability(now, training),
        present=None if distance else population_stability(now[1:], training[1:]),
        earlier=population_stability(now, then),
    )


def _rate(name: str, recent: tuple[int, int], before: tuple[int, int]) -> Rate:
    two = [(count, total - count) for count, total in (recent, before)]
    return Rate(name, share(*recent), share(*before), population_stability(*two))


def _facts(counted: UsageCounts, model: str, recent: bool) -> Counter[str]:
    facts: Counter[str] = Counter()
    for cell, times in _cells(counted, recent):
        if cell.model == model and not cell.bins:
            facts[cell.figure] += times
    return facts


def _counts(
    counted: UsageCounts, name: str, trained: TrainingInputs, recent: bool
) -> tuple[int, ...]:
    counts, key = [0] * len(trained.histogram), trained.ranges.key
    for cell, times in _cells(counted, recent):
        if (cell.figure, cell.bins) == (name, key):
            counts[cell.bin] += times
    return tuple(counts)


def _cells(counted: UsageCounts, recent: bool) -> Iterable[tuple[Cell, int]]:
    first = counted.first.isoformat()
    return ((cell, n) for cell, n in counted.cells.items() if (cell.day >= first) == recent)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
