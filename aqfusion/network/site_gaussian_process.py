"""Gaussian processes over days with an effect of the place.

AQI on a transformed axis is a level that all places share, the place's own level, slow weather, and
the effect of the readings, everywhere alike and at this place in particular (Rasmussen & Williams
2006, chapter 2; multilevel models: Gelman & Hill 2007). Days of other places fix how much of each
there is; the days of this place then move its level. A hundred sessions are solved in a
millisecond, so a new day counts at once and nothing is trained.

One process answers where no reading is known, on the square root of the AQI, where the spread of
days hardly depends on the level; it knows the date. The other answers where readings are known, on
the logarithm of the AQI, since concentrations act by ratios; the date earned nothing there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from aqfusion.air.readings import POLLUTANTS
from aqfusion.model.site_process import (
    CENTRE_AQI,
    FAR,
    HYPERPARAMETERS,
    LEAST_AQI,
    ODD,
    ODD_SPREAD,
)
from aqfusion.network.torch_bins import EDGES, bin_masses

__all__ = ["HYPERPARAMETERS", "Axis", "ProcessDays", "ProcessPosterior", "SiteProcess", "kernel"]


@dataclass(frozen=True)
class Axis:
    """The power transform of the AQI (Box & Cox 1964), its slope 1 at the centre in log AQI."""

    power: float

    def from_aqi(self, aqi: Tensor) -> Tensor:
        """From AQI to the axis, any shape."""
        ratio = aqi.clamp_min(LEAST_AQI) / CENTRE_AQI
        return ratio.log() if self.power == 0 else (ratio**self.power - 1) / self.power


WITHOUT_READINGS, WITH_READINGS = Axis(0.5), Axis(0.0)


@dataclass(frozen=True, eq=False)
class ProcessDays:
    """Measured days: AQI (D,), readings (D, 6) with NaN, local time in days (D,) or NaN, place.

    `place` (D,) is a number; days of one place share its level.
    """

    aqi: Tensor
    readings: Tensor
    time: Tensor
    place: Tensor

    @classmethod
    def none(cls) -> "ProcessDays":
        """No days at all."""
        nothing = torch.zeros(0, dtype=torch.float64)
        return cls(nothing, torch.zeros(0, 6, dtype=torch.float64), nothing, nothing.long())

    def where(self, keep: Tensor) -> "ProcessDays":
        """Only the days for which `keep` (D,) is true or which it numbers."""
        return ProcessDays(self.aqi[keep], self.readings[keep], self.time[keep], self.place[keep])

    def and_also(self, others: "ProcessDays") -> "ProcessDays":
        """These days and others."""
        pairs = zip(vars(self).values(), vars(others).values(), strict=True)
        return ProcessDays(*(torch.cat(pair) for pair in pairs))


@dataclass(frozen=True, eq=False)
class ProcessPosterior:
    """A process that has learned its days: all that an answer needs, for one set of readings."""

    points: "ProcessInputs"
    factor: Tensor
    weights: Tensor


@dataclass(frozen=True, eq=False)
class ProcessInputs:
    """Days as the kernel sees them: readings standardised with flags (D, F), time, place."""

    features: Tensor
    reading_present: Tensor
    time: Tensor
    place: Tensor


class SiteProcess(nn.Module):
    """Both processes, with the days that the model was trained on.

    `mean` and `std` (6,) standardise log(1 + reading); `theta` (2, 8) are the logarithms of
    `HYPERPARAMETERS`, without readings and with them; `spread` (7,) widens intervals by the number
    of readings, since the hyperparameters are those of all six.
    """

    aqi: Tensor
    readings: Tensor
    time: Tensor
    place: Tensor
    mean: Tensor
    std: Tensor
    theta: Tensor
    spread: Tensor

    def __init__(self, days: ProcessDays, theta: Tensor, spread: Tensor | None = None) -> None:
        """Take the training days; a process with none predicts by its hyperparameters alone."""
        super().__init__()
        for name, value in vars(days).items():
            self.register_buffer(name, value)
        logs = torch.log1p(days.readings)  # (D, 6)
        present = ~logs.isnan()
        count = present.sum(0)
        mean = logs.nan_to_num().sum(0) / count.clamp_min(1)
        variance = ((logs - mean).nan_to_num() ** 2).sum(0) / count.clamp_min(1)
        self.register_buffer("mean", mean)
        self.register_buffer("std", torch.where(variance > 1e-6, variance.sqrt(), 1.0))
        self.register_buffer("theta", theta.double())
        even = torch.ones(len(POLLUTANTS) + 1, dtype=torch.float64)
        self.register_buffer("spread", even if spread is None else spread.double())

    @property
    def days(self) -> ProcessDays:
        """The days that the model was trained on."""
        return ProcessDays(self.aqi, self.readings, self.time, self.place)

    def solve(self, days: ProcessDays, mask: Tensor) -> ProcessPosterior:
        """Learn `days`, as far as they have the readings of `mask` (6,)."""
        points = self.points(days, mask)
        theta = self._named(mask)
        covariance = kernel(points, points, theta) + torch.diag(_of_its_own(points, theta))
        factor = torch.linalg.cholesky(covariance)
        target = self.axis(mask).from_aqi(days.aqi)[:, None]
        return ProcessPosterior(points, factor, torch.cholesky_solve(target, factor))

    def predict(
        self, solved: ProcessPosterior, readings: Tensor, mask: Tensor, time: Tensor, place: int
    ) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation (B,) on the axis, of readings (B, 6) at a time (B,)."""
        places = torch.full((len(readings),), place)
        query_days = ProcessDays(torch.zeros(len(readings)).double(), readings, time, places)
        points = self.points(query_days, mask)
        theta = self._named(mask)
        across = kernel(points, solved.points, theta)  # (B, D)
        mean = (across @ solved.weights)[:, 0]
        explained = torch.linalg.solve_triangular(solved.factor, across.T, upper=False)
        prior = sum(theta[name] for name in _active(mask)) + theta["noise"]
        variance = prior - (explained**2).sum(0)
        return mean, variance.clamp_min(1e-4).sqrt() * self.spread[mask.sum()]

    def masses(self, mean: Tensor, std: Tensor, mask: Tensor) -> Tensor:
        """Probabilities of the AQI bins (B, 50) from mean and deviation (B,) on the axis."""
        edges = self.axis(mask).from_aqi(EDGES.double())  # (51,)
        # Below the least AQI the axis has no room: what lies there is of the first bin.
        edges = torch.cat([torch.full((1,), -torch.inf, dtype=edges.dtype), edges[1:]])
        standardised = (edges - mean[:, None]) / std[:, None]
        # A contaminated normal (Tukey 1960): one day in ten is unlike what is known.
        return (1 - ODD) * bin_masses(standardised) + ODD * bin_masses(standardised / ODD_SPREAD)

    def leave_one_out(self, days: ProcessDays, mask: Tensor) -> Tensor:
        """Errors in deviations (D,) of each day by all others (R & W 2006, eq. 5.12)."""
        solved = self.solve(days, mask)
        inverse = torch.cholesky_inverse(solved.factor)
        return solved.weights[:, 0] / inverse.diagonal().sqrt()

    def points(self, days: ProcessDays, mask: Tensor) -> ProcessInputs:
        """Days with the readings of `mask` (6,) only."""
        logs = (torch.log1p(days.readings[:, mask]) - self.mean[mask]) / self.std[mask]
        lacking = logs.isnan()
        features = torch.cat([logs.nan_to_num(0.0), lacking.double()], 1)
        reading_present = (
            ~lacking.all(1) if bool(mask.any()) else torch.zeros(len(logs), dtype=torch.bool)
        )
        return ProcessInputs(features, reading_present.double(), days.time, days.place)

    def axis(self, mask: Tensor) -> Axis:
        """The axis of the process for the readings of `mask` (6,)."""
        return WITH_READINGS if bool(mask.any()) else WITHOUT_READINGS

    def _named(self, mask: Tensor) -> dict[str, Tensor]:
        row = self.theta[int(mask.any())].exp()
        return dict(zip(HYPERPARAMETERS, row, strict=True))


def kernel(a: ProcessInputs, b: ProcessInputs, theta: Mapping[str, Tensor]) -> Tensor:
    """Covariance (A, B) of points on the axis, without noise."""
    same = (a.place[:, None] == b.place[None]).double()
    # A time that is not known is near to no other; infinity would have no gradient.
    apart = (a.time[:, None] - b.time[None]).abs().nan_to_num(FAR)
    weather = theta["weather"] * torch.exp(-apart / theta["weather_days"])
    total = theta["common"] + same * (theta["level"] + weather)
    if a.features.shape[1] == 0 or not bool(a.reading_present.any() and b.reading_present.any()):
        return total
    distance = torch.cdist(a.features, b.features) * 3**0.5 / theta["reading_length"]
    smooth = (1 + distance) * torch.exp(-distance)  # Matern 3/2
    both = a.reading_present[:, None] * b.reading_present[None]
    return total + both * smooth * (theta["smooth"] + same * theta["smooth_here"])


def _of_its_own(points: ProcessInputs, theta: Mapping[str, Tensor]) -> Tensor:
    """The variance (D,) that a day shares with no other: noise, and what is not known of it."""
    own = theta["noise"] + theta["weather"] * points.time.isnan()
    if points.features.shape[1] > 0:
        own = own + (1 - points.reading_present) * (theta["smooth"] + theta["smooth_here"])
    return own


def _active(mask: Tensor) -> Sequence[str]:
    readings = ("smooth", "smooth_here") if bool(mask.any()) else ()
    return ("common", "level", "weather", *readings)
