"""What an evaluation found: all of `assets/metrics.json` by name; absent is `None`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from aqfusion.figures import KINDS, Estimate, Kind, PartialSensors, Scores
from aqfusion.history_figures import (
    HistoryBaseline,
    HistoryFigures,
    each_baseline_once,
    each_once,
    rmse_after,
)
from aqfusion.io.json_models import Correlation, Count, OrAbsent, ReadAs, Share, Size, Text


@dataclass(frozen=True)
class Session:
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


def _session(stored: _StoredSession) -> Session:
    predicted = {kind: getattr(stored, kind) for kind in KINDS}
    return Session(stored.session, stored.place, stored.photos, stored.measured, predicted)


@dataclass(frozen=True)
class Catch:
    """How many pictures that are no sky the guard stopped."""

    caught: Count
    of: Count


@dataclass(frozen=True)
class Guard:
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
class HeatMaps:
    """How far heat maps can be trusted; `taken` are the shares of pixels removed, in per cent."""

    photos: Count
    taken: tuple[Count, ...]
    random: Estimate
    methods: Mapping[str, MapMethod]


@dataclass(frozen=True)
class Run:
    """One backbone under one protocol."""

    kinds: Mapping[str, Kind]
    late_fusion: OrAbsent[Scores]
    partial_sensors: OrAbsent[PartialSensors]
    sessions: tuple[Annotated[Session, ReadAs(_StoredSession, _session)], ...]
    guard: OrAbsent[Guard]
    heat_maps: HeatMaps | None = None
    history: Annotated[
        tuple[HistoryFigures, ...], ReadAs(tuple[HistoryFigures, ...] | None, each_once)
    ] = ()


@dataclass(frozen=True)
class Protocol:
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
    protocols: Mapping[str, Protocol]

    def run(self, protocol: str, backbone: str) -> Run | None:
        """Return one backbone's run, or `None` where it is not computed yet."""
        found = self.protocols.get(protocol)
        return found.backbones.get(backbone) if found else None


def expected_rmse(metrics: Metrics, backbone: str, kind: str, days: int) -> float | None:
    """Session RMSE to expect of `kind` at a new place of which so many days are known.

    Measured with each place left out, see `rmse_after`; `None` where that is not computed yet.
    """
    run = metrics.run("place", backbone)
    return rmse_after(run.history, kind, days) if run else None
