"""All of `assets/metrics.json` by name, read and checked; what is absent there is `None`.

Errors and widths are in AQI points, shares run from 0 to 1; `days` is `None` where all of the
place's days in other folds are known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from aqfusion.errors import InputError
from aqfusion.io.json_models import (
    Correlation,
    Count,
    OrAbsent,
    ReadAs,
    Rule,
    Share,
    Size,
    TableError,
    Text,
    check,
    check_format,
    one_of,
    read_table,
)
from aqfusion.metric_values import KINDS, Estimate, InputKindMetrics, MissingReadingsMetrics, Scores

FORMAT = 1  # of `assets/metrics.json`
NOTHING = "nothing"
HISTORY_KINDS = (*KINDS, NOTHING)
_MOST_DAYS = 1_000_000


def _not_negative(error: Estimate) -> Estimate:
    if min(error.value, error.low) < 0:
        raise ValueError("must be 0 or more")
    return error


_Error = Annotated[Estimate, ReadAs(Estimate, _not_negative)]
_Days = Annotated[int, Rule(f"must be a whole number from 0 to {_MOST_DAYS}", ge=0, le=_MOST_DAYS)]
_Kind = Annotated[str, one_of(HISTORY_KINDS)]


@dataclass(frozen=True)
class HistoryFigures:
    """One kind of input; with `nothing` the place's days alone answer.

    `session_rmse` has its interval over places; `network` and `site` are the session RMSE of each
    alone; `coverage` and `width` are of the 90 % interval. A mean over `places` that weigh alike
    (0: over sessions), each over up to `draws` choices of the known days.
    """

    kind: _Kind
    days: _Days | None
    session_rmse: _Error
    network: Size
    site: Size
    rmse: Size
    accuracy: Share
    coverage: Share
    width: Size
    draws: Count
    places: Count


@dataclass(frozen=True)
class HistoryBaseline:
    """A simpler method on the same days."""

    method: Text
    days: _Days | None
    session_rmse: _Error


def each_once(entries: tuple[HistoryFigures, ...] | None) -> tuple[HistoryFigures, ...]:
    """Refuse figures that tell a kind of input and number of days twice; `ValueError`."""
    entries = entries or ()
    if len({(entry.kind, entry.days) for entry in entries}) < len(entries):
        raise ValueError("must tell each kind and number of days once")
    return entries


def each_baseline_once(entries: tuple[HistoryBaseline, ...] | None) -> tuple[HistoryBaseline, ...]:
    """Refuse baselines that tell a method and number of days twice; `ValueError`."""
    entries = entries or ()
    if len({(entry.method, entry.days) for entry in entries}) < len(entries):
        raise ValueError("must tell each method and number of days once")
    return entries


def steps(history: Sequence[HistoryFigures], kind: str) -> dict[int, HistoryFigures]:
    """The figures of one kind of input by known days, fewest first."""
    by_days = {
        entry.days: entry for entry in history if entry.kind == kind and entry.days is not None
    }
    return dict(sorted(by_days.items()))


def baseline_steps(baselines: Sequence[HistoryBaseline], method: str) -> dict[int, Estimate]:
    """The session RMSE of one simpler method by known days, fewest first."""
    by_days = {
        entry.days: entry.session_rmse
        for entry in baselines
        if entry.method == method and entry.days is not None
    }
    return dict(sorted(by_days.items()))


def rmse_after(history: Sequence[HistoryFigures], kind: str, days: int) -> float | None:
    """Session RMSE with so many known days; a straight line lies between two measured steps.

    After the last step it stays as it is: nothing is promised that was not measured. `None` where
    nothing is measured with so few days; `InputError` for fewer than none.
    """
    if days < 0:
        raise InputError(f"days must be >= 0, got {days}")
    by_days = steps(history, kind)
    before = [step for step in by_days if step <= days]
    after = [step for step in by_days if step > days]
    if not before:
        return None
    low = by_days[before[-1]].session_rmse.value
    if not after:
        return low
    share = (days - before[-1]) / (after[0] - before[-1])
    return low + share * (by_days[after[0]].session_rmse.value - low)


def unknown_place(
    history: Sequence[HistoryFigures], baselines: Sequence[HistoryBaseline]
) -> str | None:
    """Say what a photo alone is worth at a place never seen, and what that place's days add."""
    photo, constant = steps(history, "image_only"), baseline_steps(baselines, "constant")
    if 0 not in photo or 0 not in constant:
        return None
    without = steps(history, NOTHING)
    first = photo.pop(0).session_rmse
    alone = f" Without the photo {_errors(without)}." if without else ""
    sentence = (
        f"At a place that the model has never seen, its typical error from a photo alone is "
        f"{first.value:.0f} AQI points (session RMSE; 95 % interval over places {first.low:.0f} to "
        f"{first.high:.0f}); the error of a constant "
        f"prediction is {constant[0].value:.0f}."
    )
    if not photo:
        return sentence + alone
    more = joined([f"{entry.session_rmse.value:.0f}" for entry in photo.values()])
    sentence += (
        f" With {joined(list(map(str, photo)))} known days of that place the error is {more}"
    )
    means = baseline_steps(baselines, "place_mean")
    if not all(step in means for step in photo):
        return f"{sentence}.{alone}"
    levels = joined([f"{means[step].value:.0f}" for step in photo])
    return f"{sentence}; the error of the mean AQI of those days is {levels}.{alone}"


def _errors(without: Mapping[int, HistoryFigures]) -> str:
    """Say how far off the model is where it is shown nothing but the place's days."""
    days = joined([str(count) for count in without])
    errors = joined([f"{entry.session_rmse.value:.0f}" for entry in without.values()])
    return f"the error is {errors} with {days} known days"


def joined(words: Sequence[str]) -> str:
    """List words as a sentence does.

    >>> joined(["1", "2", "4"]), joined(["1"])
    ('1, 2 and 4', '1')
    """
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


@dataclass(frozen=True)
class SessionMetrics:
    """A session's measured AQI and, per kind of input, the mean prediction with its interval.

    `key` names it as the data folder does, `place|year|month|day|hour:minute`.
    """

    key: str
    place: str
    photos: int
    measured: float
    predicted: Mapping[str, Estimate | None]


@dataclass(frozen=True)
class _StoredSession:
    session: Text
    place: Text
    photos: Count
    measured: Size
    fused: Estimate | None = None
    image_only: Estimate | None = None
    sensors_only: Estimate | None = None


def _session(stored: _StoredSession) -> SessionMetrics:
    predicted = {kind: getattr(stored, kind) for kind in KINDS}
    return SessionMetrics(stored.session, stored.place, stored.photos, stored.measured, predicted)


@dataclass(frozen=True)
class Catch:
    """How many pictures that are no sky the guard stopped."""

    caught: Count
    of: Count


@dataclass(frozen=True)
class PhotoScreenMetrics:
    """How the guard against unfit pictures does: false alarms on photos, catches per set."""

    photos: Count
    false_alarms: Share
    false_alarms_per_place: Mapping[str, Share]
    pictures: Mapping[str, Catch]
    caught: Share


@dataclass(frozen=True)
class MapMethod:
    """One way to draw heat maps: `points` of AQI are lost with what it marks, by ROAD.

    `above_random` is by how many more than with a random map of the same photo, `beats_random` the
    share of photos with more, `like_untrained` the rank correlation, -1 to 1, with maps of a
    network whose CNN learned nothing.
    """

    points: Estimate
    above_random: Estimate
    beats_random: Share
    like_untrained: OrAbsent[Correlation]


@dataclass(frozen=True)
class SaliencyMetrics:
    """How far heat maps can be trusted; `taken` are the shares of pixels removed, in per cent."""

    photos: Count
    taken: tuple[Count, ...]
    random: Estimate
    methods: Mapping[str, MapMethod]


@dataclass(frozen=True)
class Run:
    """One backbone under one protocol."""

    kinds: Mapping[str, InputKindMetrics]
    late_fusion: OrAbsent[Scores]
    partial_sensors: OrAbsent[MissingReadingsMetrics]
    sessions: tuple[Annotated[SessionMetrics, ReadAs(_StoredSession, _session)], ...]
    guard: OrAbsent[PhotoScreenMetrics]
    heat_maps: SaliencyMetrics | None = None
    history: Annotated[
        tuple[HistoryFigures, ...], ReadAs(tuple[HistoryFigures, ...] | None, each_once)
    ] = ()


@dataclass(frozen=True)
class ProtocolMetrics:
    """One way to split the photos; `says` tells it in a sentence."""

    says: Text
    baselines: Mapping[str, Scores]
    backbones: Mapping[str, Run]
    history_baselines: Annotated[
        tuple[HistoryBaseline, ...], ReadAs(tuple[HistoryBaseline, ...] | None, each_baseline_once)
    ] = ()


@dataclass(frozen=True)
class Model:
    """A trained model; milliseconds are for one photo and one prediction."""

    title: Text
    bytes: Count
    parameters: Count
    backbone_weights: Text
    embed_ms: Size
    predict_ms: Size


@dataclass(frozen=True)
class Published:
    """The figures that the paper reports."""

    source: Text
    backbone: Text
    accuracy: Share
    rmse: Size


@dataclass(frozen=True)
class Data:
    """What the models were judged on; `groups` are days at a place."""

    photos: Count
    sessions: Count
    groups: Count
    places: Annotated[tuple[str, ...], ReadAs(Mapping[str, object], tuple)]
    source: Text
    licence: Text


@dataclass(frozen=True)
class Metrics:
    """The whole file."""

    code_version: Text
    data: Data
    published: Published
    models: Mapping[str, Model]
    protocols: Mapping[str, ProtocolMetrics]

    def run(self, protocol: str, backbone: str) -> Run | None:
        """Return one backbone's run, or `None` where it is not computed yet."""
        scores = self.protocols.get(protocol)
        return scores.backbones.get(backbone) if scores else None


def expected_rmse(metrics: Metrics, backbone: str, kind: str, days: int) -> float | None:
    """Session RMSE to expect of `kind` at a new place of which so many days are known.

    Measured with each place left out, see `rmse_after`; `None` where that is not computed yet.
    """
    run = metrics.run("place", backbone)
    return rmse_after(run.history, kind, days) if run else None


def read_metrics(path: Path) -> Metrics:
    """Read the figures; a file that is absent or damaged raises `TableError`."""
    if not path.is_file():
        raise TableError(f"{path.name} must lie in assets, got no such file")
    table = read_table(path)
    check_format(table, path.name, FORMAT)
    metrics: Metrics = check(Metrics, table, path.name)
    return metrics
