"""The landmarks in a photo as a factor in the site's distribution."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from aqfusion.model import bins
from aqfusion.sites.landmark_evidence import Evidence, site_evidence
from aqfusion.sites.site import Site

_ONE_STD = 0.8413  # of the normal distribution lies below


@dataclass(frozen=True, eq=False)
class LandmarkFactor:
    """The evidence, and the logarithm of the likelihood of each bin by it (50,)."""

    evidence: Evidence
    logits: Tensor


def landmark_factor(
    site: Site, extinction: Mapping[str, float], usual: Tensor
) -> LandmarkFactor | None:
    """Weigh today's extinctions, by landmark, against the days of the site.

    `usual` (50,) are the site's probabilities on a day of which nothing is known. `None` where the
    days have no landmarks, or none that make the distribution any narrower.
    """
    low, level, high = (
        math.log(bins.quantile(usual[None], share).item())
        for share in (1 - _ONE_STD, 0.5, _ONE_STD)
    )
    spread = (high - low) / 2  # by quantiles, since the bins have long tails
    evidence = site_evidence(site, extinction, level, spread)
    factor = None if evidence is None else evidence.factor(spread)
    if evidence is None or factor is None:
        return None
    mean, std = factor
    away = (bins.CENTRES.double().log() - level - mean) / std  # (50,)
    return LandmarkFactor(evidence, -(away**2) / 2)
