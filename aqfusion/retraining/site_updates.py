"""The sites and haze ranks of a retrained version, with the corrected days.

The base's ranks are of photos that its network had not seen; what a retrained one suggests of a
photo alone may lie higher or lower. So the ranks are carried over by what both predict of the
frames in the features file, which both have seen alike.

Hyperparameters, gate and pool stay the base's: they were fitted on places and days that were held
out. Only exact labels become days; a category is too wide to show what a place is like.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from aqfusion.model.site_config import SiteConfig
from aqfusion.model.site_process import DayTable, clock_days
from aqfusion.model.training_sites import trained_sites
from aqfusion.network import torch_bins as bins
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.checkpoint import Checkpoint
from aqfusion.network.site_gaussian_process import ProcessDays, SiteProcess
from aqfusion.network.site_modules import SiteModel
from aqfusion.network.training_features import Features
from aqfusion.resampling import Floats
from aqfusion.retraining.training_set import CorrectedSession

__all__ = ["UpdatedSites", "carried_over", "places_with"]

_PERCENTILES = np.arange(101)
_TOP = 500.0


def carried_over(
    ranks: tuple[float, ...],
    before: tuple[AQFusionNet, Features],
    after: tuple[AQFusionNet, Features],
) -> tuple[float, ...]:
    """The ranks on the scale of the network `after`; each has its own backbone's features."""
    old, new = (
        np.percentile(_suggested(*network_features), _PERCENTILES)
        for network_features in (before, after)
    )
    base_ranks = np.array(ranks)
    # Beyond all frames the scale is only moved.
    beyond = np.minimum(base_ranks - old[0], 0) + np.maximum(base_ranks - old[-1], 0)
    carried = np.interp(base_ranks, old, new) + beyond
    return tuple(np.maximum.accumulate(carried.clip(0, _TOP)).tolist())


def _suggested(network: AQFusionNet, features: Features) -> Floats:
    """The AQI (F,) that a network suggests of each frame's photo alone, as haze scores take it."""
    with torch.no_grad():
        image = network.image_encoder.combine_branches(features.features, features.statistics)
        aqi: Floats = bins.expected_aqi(network.head(image)).numpy()
    return aqi


# A place is learned from so many different days on. With fewer it stays one that the network does
# not know, whose labelled days count all the same as those of a site.
LEAST_DAYS = 4
_MOST_DAYS = 200  # corrected ones: an answer takes the cube of all days in time
_SAME_TIME = 1 / 1440  # days: a minute

NetworkFeatures = tuple[
    AQFusionNet, Features
]  # a network, and its own backbone's features of the training photos


@dataclass(frozen=True, eq=False)
class UpdatedSites:
    """The site model with its part of the config, as a checkpoint holds them; or neither."""

    sites: SiteModel | None
    config: SiteConfig | None

    def ranked(self, before: NetworkFeatures, after: NetworkFeatures) -> "UpdatedSites":
        """With haze scores on the scale of the network `after`."""
        if self.config is None:
            return self
        ranks = carried_over(self.config.haze_ranks, before, after)
        return replace(self, config=replace(self.config, haze_ranks=ranks))

    def applied_to(self, checkpoint: Checkpoint) -> Checkpoint:
        """The checkpoint with these places."""
        config = replace(checkpoint.config, sites=self.config)
        return replace(checkpoint, config=config, sites=self.sites)


def places_with(base: Checkpoint, corrected: Sequence[CorrectedSession]) -> UpdatedSites:
    """The base's places with the corrected days; a model from before there were sites has none.

    A day of the same place and time takes the place of what was known of it.
    """
    sites, config = base.sites, base.config.sites
    if sites is None or config is None:
        return UpdatedSites(None, None)
    old = sites.process.days
    by_place = _by_place(old, config, corrected)
    places = (*config.places, *(name for name in by_place if name not in config.places))
    number = {name: place for place, name in enumerate(places)}
    new = _days(_newest(by_place), number)
    days = old.where(~_replaced_days(old, new)).and_also(new)
    return UpdatedSites(_site_model(sites, days), replace(config, places=places))


def _as_table(days: ProcessDays) -> DayTable:
    return DayTable(*(column.numpy() for column in vars(days).values()))


def _by_place(
    old: ProcessDays, config: SiteConfig, corrected: Sequence[CorrectedSession]
) -> dict[str, list[CorrectedSession]]:
    """Sessions with an exact label by the model's own name of their place, learned or to learn."""
    learned = {
        _plain(site.name): site.learned_as or site.name
        for site in trained_sites(config.places, _as_table(old))
    }
    learned |= {_plain(name): name for name in config.places}
    gathered: dict[str, list[CorrectedSession]] = defaultdict(list)
    for session in corrected:
        if session.place.strip() and session.exact:
            name = " ".join(session.place.split())
            gathered[learned.get(_plain(name), name)].append(session)
    return {
        name: sessions
        for name, sessions in gathered.items()
        if name in config.places or len({session.group for session in sessions}) >= LEAST_DAYS
    }


def _newest(by_place: dict[str, list[CorrectedSession]]) -> dict[str, list[CorrectedSession]]:
    """The last sessions of each place, as many of each as there is room for."""
    most = max((len(sessions) for sessions in by_place.values()), default=0)
    while sum(min(most, len(sessions)) for sessions in by_place.values()) > _MOST_DAYS:
        most -= 1
    return {
        name: sessions[len(sessions) - min(most, len(sessions)) :]
        for name, sessions in by_place.items()
    }


def _days(by_place: dict[str, list[CorrectedSession]], number: dict[str, int]) -> ProcessDays:
    sessions = [*chain.from_iterable(by_place.values())]
    place = [number[name] for name, own in by_place.items() for _ in own]
    exact = [[low for low, _ in session.exact] for session in sessions]
    aqi = [sum(values) / len(values) for values in exact]
    readings = [
        [math.nan if value is None else value for value in session.reading.values]
        for session in sessions
    ]
    return ProcessDays(
        torch.tensor(aqi, dtype=torch.float64),
        torch.tensor(readings, dtype=torch.float64).reshape(-1, 6),
        torch.tensor([clock_days(session.clock) for session in sessions], dtype=torch.float64),
        torch.tensor(place, dtype=torch.int64),
    )


def _replaced_days(old: ProcessDays, new: ProcessDays) -> Tensor:
    """Which of the old days (D,) are of the place and time of a new one.

    Of two without a time the same AQI and readings make one.
    """
    same_place = old.place[:, None] == new.place[None]
    same_time = (old.time[:, None] - new.time[None]).abs() < _SAME_TIME
    untimed = old.time.isnan()[:, None] & new.time.isnan()[None]
    same_air = (old.aqi[:, None] - new.aqi[None]).abs() < 0.5
    apart = (old.readings[:, None] - new.readings[None]).abs() > 1e-6  # a NaN is not
    same_air &= ~apart.any(2)
    replaced: Tensor = (same_place & (same_time | (untimed & same_air))).any(1)
    return replaced


def _site_model(old: SiteModel, days: ProcessDays) -> SiteModel:
    """The same with other days; what standardises readings stays, since the lengths fit to it."""
    process = SiteProcess(days, old.process.theta, old.process.spread)
    for name in ("mean", "std"):
        getattr(process, name).copy_(getattr(old.process, name))
    sites = SiteModel(process)
    sites.gate.load_state_dict(old.gate.state_dict())
    sites.pool.load_state_dict(old.pool.state_dict())
    return sites.eval().requires_grad_(False)


def _plain(name: str) -> str:
    """A name as people write it: in any case, with any blanks."""
    return " ".join(name.split()).casefold()
