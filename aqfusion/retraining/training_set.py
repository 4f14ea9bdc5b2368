"""The training set of one retraining as tensors, and the weight of a correction in it.

A corrected session is drawn as often as a training session of `PHOTOS_WORTH` photos, but all of
them together no more often than all training sessions: however many labels come in, and whoever
gave them, at least half of what a network learns from is measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import compress

import torch
from sklearn.cluster import KMeans
from torch import Tensor

from aqfusion.air.readings import Reading
from aqfusion.network.torch_bins import smoothed_targets
from aqfusion.network.training_features import Features
from aqfusion.retraining.label_targets import Band
from aqfusion.training.distillation import DistillationPoints

__all__ = [
    "PHOTOS_WORTH",
    "CorrectedSession",
    "TrainingTensors",
    "cluster_sessions",
    "interval_target",
    "training_tensors",
]

PHOTOS_WORTH = 25
_STEP = 5.0  # AQI: half a bin
_UNKNOWN = 2.0  # standard deviations between a reading that is there and one that is not


@dataclass(frozen=True, eq=False)
class CorrectedSession:
    """Items of one group with the same readings: their labels and their features.

    `bands` are in US AQI, one per item; `features` (I, D) and `statistics` (I, 108); `clock` is
    the time on the clock of the place, if that is known.
    """

    group: str
    place: str
    reading: Reading
    items: tuple[int, ...]
    bands: tuple[Band, ...]
    features: Tensor
    statistics: Tensor
    clock: datetime | None = None

    @property
    def exact(self) -> tuple[Band, ...]:
        """The labels that are a number, not a category."""
        return tuple((low, high) for low, high in self.bands if low == high)

    @property
    def aqi(self) -> float:
        """The mean of the middles."""
        return sum((low + high) / 2 for low, high in self.bands) / len(self.bands)

    def only(self, wanted: Sequence[bool]) -> "CorrectedSession | None":
        """The same with some of its items (I,) alone; `None` where none is wanted."""
        if all(wanted) or not any(wanted):
            return self if all(wanted) else None
        mask = torch.tensor(wanted)
        return replace(
            self,
            items=tuple(compress(self.items, wanted)),
            bands=tuple(compress(self.bands, wanted)),
            features=self.features[mask],
            statistics=self.statistics[mask],
        )


@dataclass(frozen=True, eq=False)
class TrainingTensors:
    """S sessions with F frames; the first `measured` sessions are of the training set.

    `readings` (S, 6), NaN where missing; `aqi` and `chance` of being drawn (S,); per frame
    `features` (F, D), `statistics` (F, 108), `targets` (F, 50) and `owner` (F,), its session.
    """

    readings: Tensor
    aqi: Tensor
    chance: Tensor
    measured: int
    features: Tensor
    statistics: Tensor
    targets: Tensor
    owner: Tensor

    @property
    def frame_chance(self) -> Tensor:
        """How often a frame is drawn (F,): its session's chance, shared."""
        return (self.chance / torch.bincount(self.owner))[self.owner]


def training_tensors(
    features: Features, frozen: frozenset[str], corrected: Sequence[CorrectedSession], sigma: float
) -> TrainingTensors:
    """The training sessions whose group is not in `frozen`, and the corrections."""
    kept = [i for i, session in enumerate(features.sessions) if session.group not in frozen]
    number = torch.full((len(features.sessions),), -1)
    number[kept] = torch.arange(len(kept))
    in_training = number[features.owner] >= 0
    owner = number[features.owner[in_training]]
    sessions = [features.sessions[i] for i in kept]
    measured = torch.tensor([session.aqi for session in sessions], dtype=torch.float32)
    chance = torch.tensor([float(session.photos) for session in sessions]).sqrt()
    own = torch.full((len(corrected),), PHOTOS_WORTH**0.5)
    own *= min(1.0, chance.sum().item() / max(own.sum().item(), 1e-9))
    bands = torch.tensor(
        [band for session in corrected for band in session.bands], dtype=torch.float32
    )
    bands = bands.reshape(-1, 2)
    frames = torch.tensor([len(session.items) for session in corrected], dtype=torch.int64)
    targets = [interval_target(measured[owner], measured[owner], sigma)]
    if len(bands):
        targets.append(interval_target(bands[:, 0], bands[:, 1], sigma))
    readings = [*(s.reading.values for s in sessions), *(c.reading.values for c in corrected)]
    return TrainingTensors(
        torch.tensor(readings, dtype=torch.float32),
        torch.cat(
            [measured, torch.tensor([session.aqi for session in corrected], dtype=torch.float32)]
        ),
        torch.cat([chance, own]),
        len(sessions),
        torch.cat([features.features[in_training], *(session.features for session in corrected)]),
        torch.cat(
            [features.statistics[in_training], *(session.statistics for session in corrected)]
        ),
        torch.cat(targets),
        torch.cat([owner, len(sessions) + torch.arange(len(corrected)).repeat_interleave(frames)]),
    )


def cluster_sessions(
    material: TrainingTensors, standardised: Tensor, seed: int
) -> DistillationPoints:
    """The committee's training points: as many of corrections as of training sessions.

    Its processes weigh every point alike and take the cube of their number in time, so where there
    are more corrections, neighbours are averaged.
    """
    some = ~standardised.isnan().all(1)  # a session without readings teaches nothing about readings
    first = some & (torch.arange(len(some)) < material.measured)
    rest, most = some & ~first, int(first.sum())
    measured = DistillationPoints(standardised[first], material.aqi[first], material.chance[first])
    corrected = DistillationPoints(standardised[rest], material.aqi[rest], material.chance[rest])
    if len(corrected.aqi) > most:
        corrected = _averaged(corrected, KMeans(most, n_init=1, random_state=seed))
    return DistillationPoints(
        torch.cat([measured.readings, corrected.readings]),
        torch.cat([measured.aqi, corrected.aqi]),
        torch.cat([measured.weights, corrected.weights]),
    )


def _averaged(points: DistillationPoints, means: KMeans) -> DistillationPoints:
    """The same as fewer points, each the mean of those around it."""
    absent = points.readings.isnan()
    filled = points.readings.nan_to_num(0.0)
    where = torch.cat([filled, _UNKNOWN * absent.float()], 1)
    cluster = torch.from_numpy(means.fit_predict(where.double().numpy())).long()
    names, place = cluster.unique(return_inverse=True)

    def total(values: Tensor) -> Tensor:
        return torch.zeros(len(names), *values.shape[1:]).index_add(0, place, values)

    readings = total(filled) / total((~absent).float())  # 0 / 0 is NaN: not measured by any
    return DistillationPoints(
        readings, total(points.aqi) / torch.bincount(place), total(points.weights)
    )


def interval_target(low: Tensor, high: Tensor, sigma: float) -> Tensor:
    """Targets (B, 50) for AQIs that lie anywhere from `low` to `high` (B,), alike likely.

    Where both are the same it is the smoothed target of a measured AQI.
    """
    count = max(1, int(((high - low).max() / _STEP).ceil()))
    shares = (torch.arange(count) + 0.5) / count
    return torch.stack(
        [smoothed_targets(low + share * (high - low), sigma) for share in shares]
    ).mean(0)
