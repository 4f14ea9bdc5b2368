"""How much places, weather and readings matter: the hyperparameters of the site process."""

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from aqfusion.network.site_gaussian_process import HYPERPARAMETERS, ProcessDays, SiteProcess
from aqfusion.training.calibration import TARGET_COVERAGE

# Median and spread (of the logarithm) of each hyperparameter before any data. Levels of places are
# wide on purpose: cities of the world differ by more than the few of any training set do (WHO
# Ambient Air Quality Database: yearly PM2.5 from 5 to over 100 ug/m3), and a narrow one would pull
# the first days of a place to where they do not belong.
_WITHOUT_READINGS = {
    "common": (0.02, 0.05),
    "level": (0.8, 0.3),
    "weather": (0.06, 0.7),
    "noise": (0.02, 0.7),
    "weather_days": (5.0, 0.5),
}
_WITH_READINGS = {
    "common": (0.05, 0.3),
    "level": (0.15, 0.3),
    "smooth": (0.4, 0.7),
    "smooth_here": (0.06, 0.7),
    "noise": (0.02, 0.7),
    "reading_length": (4.0, 0.4),
}
_ABSENT = -30.0  # the logarithm of a variance that is as good as none
_LONGEST_SEARCH = 60
_SPREADS = (0.7, 8.0)


def fitted_site_process(days: ProcessDays) -> SiteProcess:
    """The process of the training days, its hyperparameters those of the highest posterior."""
    theta = torch.stack([_fitted(days, readings=False), _fitted(days, readings=True)])
    return SiteProcess(days, theta, _spread(SiteProcess(days, theta)))


def _spread(process: SiteProcess) -> Tensor:
    """By how much intervals must be wider (7,) to hold nine days in ten, by readings shown.

    Every day is left out in turn, under every choice of so many readings.
    """
    masks = torch.cartesian_prod(*[torch.tensor([False, True])] * 6)  # (64, 6)
    off: list[list[Tensor]] = [[] for _ in range(7)]
    for mask in masks:
        reading_present = (~process.readings[:, mask].isnan()).any(1) | ~mask.any()
        off[int(mask.sum())].append(
            process.leave_one_out(process.days, mask)[reading_present].abs()
        )
    held = torch.tensor(TARGET_COVERAGE, dtype=torch.float64)
    normal = torch.special.ndtri((1 + held) / 2)
    quantiles = [torch.cat(deviations).quantile(held) / normal for deviations in off]
    return torch.stack(quantiles).clamp(*_SPREADS)


def _prior(table: dict[str, tuple[float, float]]) -> tuple[Tensor, Tensor, Tensor]:
    """Log median, spread and whether it is searched (8,) of every hyperparameter."""
    medians = [
        np.log(table[name][0]) if name in table else _fixed(name) for name in HYPERPARAMETERS
    ]
    spreads = [table[name][1] if name in table else 1.0 for name in HYPERPARAMETERS]
    free = [name in table for name in HYPERPARAMETERS]
    return torch.tensor(medians).double(), torch.tensor(spreads).double(), torch.tensor(free)


def _fixed(name: str) -> float:
    return 0.0 if name in ("weather_days", "reading_length") else _ABSENT


def _fitted(days: ProcessDays, *, readings: bool) -> Tensor:
    median, spread, free = _prior(_WITH_READINGS if readings else _WITHOUT_READINGS)
    mask = torch.full((6,), readings)

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        chosen = torch.tensor(values, requires_grad=True)
        theta = median.clone()
        theta[free] = chosen
        process = SiteProcess(days, torch.stack([theta, theta]))
        log_evidence = _evidence(process, days, mask)
        prior = (((theta - median) / spread) ** 2).sum() / 2
        total = prior - log_evidence
        (slope,) = torch.autograd.grad(total, chosen)
        return total.item(), slope.numpy()

    optimum = minimize(
        loss,
        median[free].numpy(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _LONGEST_SEARCH},
    )
    theta = median.clone()
    theta[free] = torch.from_numpy(optimum.x)
    return theta


def _evidence(process: SiteProcess, days: ProcessDays, mask: Tensor) -> Tensor:
    """The logarithm of the marginal likelihood of the days, less what does not change."""
    solved = process.solve(days, mask)
    target = process.axis(mask).from_aqi(days.aqi)
    fit = target @ solved.weights[:, 0] / 2
    return -fit - solved.factor.diagonal().log().sum()
