"""Planted sites: an untrained model that knows three places, and sites to ask it about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import torch

from aqfusion.model.prediction import KINDS
from aqfusion.model.site_config import DAY_STEPS, SiteConfig
from aqfusion.model.site_process import clock_days
from aqfusion.network.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from aqfusion.network.site_gaussian_process import ProcessDays
from aqfusion.network.site_modules import SiteModel
from aqfusion.sites.site import Day, Site
from aqfusion.training.site_process_training import fitted_site_process

# The usual AQI of each place; the last one is among the sample stations.
LEVELS = {"Alphaville": 60.0, "Betatown, North": 210.0, "ITO, Delhi": 330.0}
START = datetime(2023, 2, 1, 8, tzinfo=UTC)


def save_with_sites(folder: Path, like: Path) -> Path:
    """Save the model of `like` with a site process of `LEVELS` and a pool that listens to it."""
    save_checkpoint(folder, with_sites(load_checkpoint(like)))
    return folder


def with_sites(checkpoint: Checkpoint) -> Checkpoint:
    """The same network beside a site process; a site's days weigh more than the network."""
    sites = SiteModel(fitted_site_process(training_days()))
    torch.nn.init.constant_(sites.pool.share, 1.0)
    config = SiteConfig(
        tuple(LEVELS),
        dict.fromkeys(KINDS, 1.0),
        {
            "elsewhere": {kind: (0.45,) * len(DAY_STEPS) for kind in KINDS},
            "learned": {kind: (0.45,) for kind in KINDS},
        },
        tuple(float(5 * number) for number in range(101)),
    )
    sites.eval().requires_grad_(False)
    return replace(checkpoint, config=replace(checkpoint.config, sites=config), sites=sites)


def training_days() -> ProcessDays:
    """Four days of each place, a little below and above its level, with readings that rise too."""
    rows = [
        (level * factor, number, place)
        for place, level in enumerate(LEVELS.values())
        for number, factor in enumerate((0.85, 0.95, 1.05, 1.15))
    ]
    aqi = torch.tensor([row[0] for row in rows], dtype=torch.float64)
    share = torch.tensor([0.6, 1.0, 0.2, 0.01, 0.05, 0.2], dtype=torch.float64)
    time = [clock_days(START + timedelta(days=7 * row[1])) for row in rows]
    return ProcessDays(
        aqi,
        aqi[:, None] * share,
        torch.tensor(time, dtype=torch.float64),
        torch.tensor([row[2] for row in rows]),
    )


def site_of(*aqis: float, name: str = "My roof", first: datetime = START) -> Site:
    """A site whose days lie a week apart."""
    days = (
        Day(aqi, "monitor", first + timedelta(days=7 * number)) for number, aqi in enumerate(aqis)
    )
    return Site(name, timezone="UTC", days=tuple(days))
