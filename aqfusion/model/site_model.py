"""The third opinion: a site's own days beside photo and readings, and how all are pooled.

Where a network learned a place, its photos and readings mean what they meant in training; elsewhere
they do not. So there are two standings, "learned" and "elsewhere", each with a gate, temperatures
and weights of its own, fitted on places or days that nothing had seen.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn

from aqfusion.io.json_models import Names, Number, ReadAs, Rule
from aqfusion.model.bins import BIN_COUNT
from aqfusion.model.haze_score import RANKS
from aqfusion.model.network import AlignedGate
from aqfusion.model.prediction import KINDS
from aqfusion.model.site_gaussian_process import ProcessDays, ProcessPosterior, SiteProcess

ELSEWHERE, LEARNED = 0, 1
STANDINGS = ("elsewhere", "learned")
# Days of a site from which an interval of its own is fitted; at a learned place there is one.
DAY_STEPS = (0, 1, 2, 4, 8)
_SLOPES = 2  # of the pool's figures: a constant, and the logarithm of the days


class OpinionPool(nn.Module):
    """How much the site's opinion weighs against the network's, by kind of input and days known.

    A logarithmic opinion pool, as the gate's of photo and readings: what follows is one
    distribution. `share` (2 standings, 4 kinds, 2) is small enough to be fitted on held-out places.
    It does not sharpen: fitted to do so, it took the few places it saw for all there are.
    """

    def __init__(self) -> None:
        super().__init__()
        self.share = nn.Parameter(torch.zeros(len(STANDINGS), len(KINDS), _SLOPES))

    def forward(
        self, network: Tensor, site: Tensor, kind: Tensor, days: Tensor, standing: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Pooled logits (B, 50) of two log distributions (B, 50), and the site's weight (B,).

        `kind` (B,) numbers `KINDS`, `days` (B,) counts, `standing` (B,) numbers `STANDINGS`. Where
        nothing is shown, the site alone speaks.
        """
        features = torch.stack([torch.ones_like(days), days.log1p()], 1)  # (B, 2)
        share = ((self.share[standing, kind] * features).sum(1)).sigmoid()
        share = torch.where(kind == KINDS.index("nothing"), 1.0, share)
        return share[:, None] * site + (1 - share[:, None]) * network, share


Temperature = Annotated[float, Rule("must be a number from 0.1 to 10", ge=0.1, le=10)]
Reach = Annotated[float, Rule("must be a number from 0 to 0.5", ge=0, le=0.5)]
_Steps = dict[str, dict[str, tuple[float, ...]]]
_StoredReach = Annotated[
    dict[str, Annotated[dict[str, tuple[Reach, ...]], Names(KINDS)]], Names(STANDINGS)
]


def _fit_steps(reach: _Steps) -> _Steps:
    for standing, steps in zip(STANDINGS, (len(DAY_STEPS), 1), strict=True):
        if any(len(of_kind) != steps for of_kind in reach[standing].values()):
            raise ValueError(f"must have {steps} numbers for each kind of {standing}")
    return reach


def _each_once(places: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(places)) < len(places):
        raise ValueError("must name each place once")
    return places


def _rising(ranks: tuple[float, ...]) -> tuple[float, ...]:
    if len(ranks) != RANKS or any(low > high for low, high in itertools.pairwise(ranks)):
        raise ValueError(f"must be {RANKS} numbers, none below the one before")
    return ranks


@dataclass(frozen=True)
class SiteConfig:
    """The sites in `config.json`.

    `places` are the names of the places that the process learned, in its order; `temperature` of
    the network's opinion elsewhere by kind of input; `reach` of the interval by standing, kind and
    step of `DAY_STEPS` (one step at learned places); `haze_ranks` the 101 percentiles of the AQI
    that held-out photos alone suggest.
    """

    places: Annotated[tuple[str, ...], ReadAs(tuple[str, ...], _each_once)]
    temperature: Annotated[dict[str, Temperature], Names(KINDS)]
    reach: Annotated[_Steps, ReadAs(_StoredReach, _fit_steps)]
    haze_ranks: Annotated[tuple[float, ...], ReadAs(tuple[Number, ...], _rising)]


def reach_by_standing(
    reach: Mapping[str, Mapping[str, Sequence[float]]], kind: Tensor, days: Tensor, standing: Tensor
) -> Tensor:
    """Half the interval's width in probability (B,), by numbers of kind and standing (B,)."""
    rows = zip(kind.tolist(), days.tolist(), standing.tolist(), strict=True)
    steps = [
        reach[STANDINGS[where]][KINDS[number]][0 if where == LEARNED else day_step(int(count))]
        for number, count, where in rows
    ]
    return torch.tensor(steps, dtype=torch.float64)


class SiteModel(nn.Module):
    """The site process, the gate elsewhere, and the pool."""

    def __init__(self, process: SiteProcess) -> None:
        super().__init__()
        self.process = process
        self.gate = AlignedGate()
        self.pool = OpinionPool()

    @classmethod
    def with_room_for(cls, days: int) -> "SiteModel":
        """A model of the right shapes for weights with so many training days."""
        empty = ProcessDays(
            torch.zeros(days).double(),
            torch.zeros(days, 6).double(),
            torch.zeros(days).double(),
            torch.zeros(days).long(),
        )
        return cls(SiteProcess(empty, torch.zeros(2, 8).double()))


class SitePosterior:
    """A process that has learned the training days and those of one place, for any readings."""

    def __init__(self, process: SiteProcess, history: ProcessDays, place: int) -> None:
        """`history` takes the place of what the process knows of `place`; `time` is asked about."""
        others = process.days.where(process.place != place)
        self._process, self._days = process, others.and_also(history)
        self._place = place
        self._solved: dict[tuple[bool, ...], ProcessPosterior] = {}

    def log_probabilities(self, readings: Tensor, time: Tensor) -> Tensor:
        """Predict from readings (B, 6), NaN where missing, at a time (B,) as `clock_days`.

        Logarithms of the bins' probabilities (B, 50).
        """
        values = readings.double()
        present = ~values.isnan()
        probabilities = torch.zeros(len(values), BIN_COUNT, dtype=torch.float64)
        masks, which = present.unique(dim=0, return_inverse=True)
        for number, mask in enumerate(masks):
            rows = which == number
            key = tuple(mask.tolist())
            # Two threads may both solve it: the outcome is the same.
            solved = self._solved.get(key) or self._process.solve(self._days, mask)
            self._solved[key] = solved
            mean, std = self._process.predict(solved, values[rows], mask, time[rows], self._place)
            probabilities[rows] = self._process.masses(mean, std, mask)
        return probabilities.log()


def day_step(days: int) -> int:
    """Which step of `DAY_STEPS` a number of days has reached."""
    return sum(step <= days for step in DAY_STEPS) - 1
