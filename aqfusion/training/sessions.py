"""The sessions of a data folder as tensors, and weights by which sessions count alike."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import torch
from torch import Tensor

from aqfusion.air.readings import POLLUTANTS
from aqfusion.data.dataset_folder import DatasetRow
from aqfusion.model.site_process import clock_days
from aqfusion.network.site_gaussian_process import ProcessDays


@dataclass(frozen=True)
class Session:
    """One place at one hour: its rows share readings and AQI (their mean, where they do not)."""

    key: str
    place: str
    group: str
    fold: int
    rows: tuple[DatasetRow, ...]

    @property
    def aqi(self) -> float:
        """Measured AQI, 0 to 500."""
        return sum(row.aqi for row in self.rows) / len(self.rows)

    @property
    def clock(self) -> datetime | None:
        """The time on the clock of the place, if the first row has it."""
        return self.rows[0].clock


def sessions_of(rows: Sequence[DatasetRow]) -> tuple[Session, ...]:
    """Gather rows by session, in the order of their first row."""
    gathered: dict[str, list[DatasetRow]] = defaultdict(list)
    for row in rows:
        gathered[row.session].append(row)
    return tuple(
        Session(key, members[0].place, members[0].group, members[0].fold, tuple(members))
        for key, members in gathered.items()
    )


def session_readings(sessions: Sequence[Session]) -> Tensor:
    """The readings of each session (S, 6) in canonical units, NaN where missing."""
    values = [session.rows[0].reading.values for session in sessions]
    return torch.tensor(values, dtype=torch.float32).reshape(len(sessions), len(POLLUTANTS))


def session_aqi(sessions: Sequence[Session]) -> Tensor:
    """The measured AQI of each session (S,)."""
    return torch.tensor([session.aqi for session in sessions], dtype=torch.float32)


def session_days(sessions: Sequence[Session], places: Sequence[str]) -> ProcessDays:
    """The sessions as the site process takes them, each place by its number in `places`."""
    numbers = {place: number for number, place in enumerate(places)}
    return ProcessDays(
        session_aqi(sessions).double(),
        session_readings(sessions).double(),
        torch.tensor([clock_days(session.clock) for session in sessions], dtype=torch.float64),
        torch.tensor([numbers[session.place] for session in sessions], dtype=torch.long),
    )


def sensor_statistics(readings: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of log(1 + reading) per sensor over the present values."""
    logs = torch.log1p(readings)  # (S, 6)
    present = ~logs.isnan()
    count = present.sum(0).clamp(min=1)
    mean = logs.nan_to_num().sum(0) / count
    variance = ((logs - mean).nan_to_num() ** 2).sum(0) / count
    std = torch.where(variance > 1e-6, variance.sqrt(), 1.0)  # a constant sensor stays finite
    return tuple(mean.tolist()), tuple(std.tolist())


def session_weights(session: Tensor, *within: Tensor) -> Tensor:
    """Weights (N,) that add up to 1 and give every session (N,) the same.

    With more keys, (N,) each, all that agree in every one of them are a session.
    """
    keys = torch.stack([session, *within], 1)
    _, place, count = keys.unique(dim=0, return_inverse=True, return_counts=True)
    weights: Tensor = 1 / (count[place] * len(count))
    return weights


def weighted_quantile(values: Tensor, weights: Tensor, level: float) -> Tensor:
    """The least of `values` (N,) at or below which lies `level` of the `weights` (N,)."""
    order = values.argsort()
    reached = weights[order].cumsum(0) >= level - 1e-6
    position = int(reached.float().argmax()) if bool(reached.any()) else len(values) - 1
    return values[order][position]
