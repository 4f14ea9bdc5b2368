"""The third opinion: a site's own days beside photo and readings, and how all are pooled.

Where a network learned a place, its photos and readings mean what they meant in training; elsewhere
they do not. So there are two standings, "learned" and "elsewhere", each with a gate, temperatures
and weights of its own, fitted on places or days that nothing had seen.
"""

import torch
from torch import Tensor, nn

from aqfusion.model.bins import BIN_COUNT
from aqfusion.model.prediction import KINDS
from aqfusion.model.site_config import STANDINGS
from aqfusion.network.aqfusion_net import AlignedGate
from aqfusion.network.site_gaussian_process import ProcessDays, ProcessPosterior, SiteProcess

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
