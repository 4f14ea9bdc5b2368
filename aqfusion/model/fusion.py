"""Pool the distributions of photo, readings and site into one, times the landmarks' factor."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import torch
from torch import Tensor

from aqfusion.air.readings import POLLUTANTS
from aqfusion.model import bins
from aqfusion.model.checkpoint import Checkpoint
from aqfusion.model.prediction import KINDS, kind_of
from aqfusion.model.site_gaussian_process import ProcessDays, SiteProcess, clock_days
from aqfusion.model.site_model import ELSEWHERE, LEARNED, SiteConfig, SiteModel, SitePosterior
from aqfusion.sites.landmark_evidence import LandmarkEvidence, site_evidence
from aqfusion.sites.site import Day, Site

_ONE_STD = 0.8413  # of the normal distribution lies below


@dataclass(frozen=True, eq=False)
class LandmarkFactor:
    """The evidence, and the logarithm of the likelihood of each bin by it (50,)."""

    evidence: LandmarkEvidence
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


MOST_DAYS = 200  # of a site that are learned: more hardly add to its level


@dataclass(frozen=True, eq=False)
class ModalityPredictions:
    """Logits (B, 50) of the photo and of the readings alone, and which modalities are present.

    `readings` (B, 6) are in canonical units, NaN where missing; `has_image`, `has_site` and
    `has_landmarks` (B,) are true where photo, site and the site's landmarks are shown. Landmarks
    mean something only beside the site's days.
    """

    image: Tensor
    sensors: Tensor
    readings: Tensor
    has_image: Tensor
    has_site: Tensor
    has_landmarks: Tensor

    @cached_property
    def present(self) -> Tensor:
        """Which readings are there (B, 6)."""
        return ~self.readings.isnan()

    @cached_property
    def kinds(self) -> list[str]:
        """The kind of each input, one of `KINDS`."""
        pairs = zip(self.present.sum(1).tolist(), self.has_image.tolist(), strict=True)
        return [kind_of(count, has_photo) for count, has_photo in pairs]


@dataclass(frozen=True, eq=False)
class Fused:
    """Probabilities (B, 50), half an interval's width in probability (B,), and shares (B,)."""

    probabilities: Tensor
    reach: Tensor
    photo_share: Tensor
    site_share: Tensor


class Fusion:
    """The pooling of a checkpoint at a site, or where no site is known; threads may share it."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        site: Site | None,
        taken_at: datetime | None,
        extinction: Mapping[str, float] | None = None,
    ) -> None:
        """Nothing is computed before the first question; `extinction` is today's, by landmark."""
        self._checkpoint, self._site, self._taken_at = checkpoint, site, taken_at
        self._extinction = extinction or {}

    def __call__(self, opinions: ModalityPredictions) -> Fused:
        """Pool the opinions."""
        sites, config = self._checkpoint.sites, self._checkpoint.config.sites
        if sites is None or config is None:
            return self._of_network(opinions)
        return self._with_site(opinions, sites, config)

    def _of_network(self, opinions: ModalityPredictions) -> Fused:
        """Predict as models without a site process do."""
        config, gate = self._checkpoint.config, self._checkpoint.network.gate
        logits, share = gate(opinions.image, opinions.sensors, opinions.has_image, opinions.present)
        temperature, reach = (
            _by_kind(opinions.kinds, table) for table in (config.temperature, config.reach)
        )
        probabilities = (logits.double() / temperature[:, None]).softmax(1)
        return Fused(probabilities, reach, share, torch.zeros_like(share))

    def _with_site(
        self, opinions: ModalityPredictions, sites: SiteModel, config: SiteConfig
    ) -> Fused:
        learned = self._place < len(config.places)
        standing = opinions.has_site & learned  # (B,)
        count = 0 if self._site is None else self._site.day_count
        days = opinions.has_site * float(count)  # (B,)
        kinds = torch.tensor([KINDS.index(kind) for kind in opinions.kinds])
        network, share = self._network_probabilities(opinions, standing, sites, config)
        time = torch.full((len(days),), self._clock, dtype=torch.float64)
        site = self._site_probabilities(opinions, time)
        logits, site_share = sites.pool(network, site, kinds, days, standing.long())
        reach = [
            config.reach_of(kind, int(day), LEARNED if is_learned else ELSEWHERE)
            for kind, day, is_learned in zip(
                opinions.kinds, days.tolist(), standing.tolist(), strict=True
            )
        ]
        return Fused(
            logits.softmax(1),
            torch.tensor(reach, dtype=torch.float64),
            (1 - site_share) * share,
            site_share,
        )

    def _site_probabilities(self, opinions: ModalityPredictions, time: Tensor) -> Tensor:
        """Log probabilities (B, 50) by the site's days and landmarks where they are shown."""
        log_probabilities = self._days_probabilities(opinions, time)
        landmarks_shown = opinions.has_site & opinions.has_landmarks
        if self.landmarks is None or not bool(landmarks_shown.any()):
            return log_probabilities
        return torch.where(
            landmarks_shown[:, None],
            (log_probabilities + self.landmarks.logits).log_softmax(1),
            log_probabilities,
        )

    def _days_probabilities(self, opinions: ModalityPredictions, time: Tensor) -> Tensor:
        """Log probabilities (B, 50) by the process, with the site's days where it is shown."""
        if self._site is None or not bool(opinions.has_site.any()):
            return self._without_days.log_probabilities(opinions.readings, time)
        with_days = self._with_days.log_probabilities(opinions.readings, time)
        if bool(opinions.has_site.all()):
            return with_days
        without_days = self._without_days.log_probabilities(opinions.readings, time)
        return torch.where(opinions.has_site[:, None], with_days, without_days)

    def _network_probabilities(
        self, opinions: ModalityPredictions, standing: Tensor, sites: SiteModel, config: SiteConfig
    ) -> tuple[Tensor, Tensor]:
        """Log probabilities (B, 50) of photo and readings, and the photo's share of them (B,)."""
        by_standing = []
        for gate, temperatures in (
            (sites.gate, config.temperature),
            (self._checkpoint.network.gate, self._checkpoint.config.temperature),
        ):
            logits, share = gate(
                opinions.image, opinions.sensors, opinions.has_image, opinions.present
            )
            temperature = _by_kind(opinions.kinds, temperatures)
            by_standing.append(
                ((logits.double() / temperature[:, None]).log_softmax(1), share.double())
            )
        (elsewhere, share_elsewhere), (learned, share_learned) = by_standing
        return (
            torch.where(standing[:, None], learned, elsewhere),
            torch.where(standing, share_learned, share_elsewhere),
        )

    @cached_property
    def landmarks(self) -> LandmarkFactor | None:
        """The evidence of today's landmarks beside the site's days; `None` where there is none."""
        if self._checkpoint.sites is None or self._site is None or not self._extinction:
            return None
        unknown = torch.full((1, len(POLLUTANTS)), math.nan)
        usual = self._with_days.log_probabilities(unknown, torch.tensor([math.nan]).double())
        return landmark_factor(self._site, self._extinction, usual[0].exp())

    @cached_property
    def _place(self) -> int:
        """The number of the site among the places that the process learned, else the next one."""
        places = self._checkpoint.config.sites.places if self._checkpoint.config.sites else ()
        learned_as = None if self._site is None else self._site.learned_as
        return places.index(learned_as) if learned_as in places else len(places)

    @cached_property
    def _with_days(self) -> SitePosterior:
        """The process with the site's history."""
        if self._site is None:
            return self._without_days
        days = days_of(self._site, self._place)
        return SitePosterior(self._process, days, self._place)

    @cached_property
    def _without_days(self) -> SitePosterior:
        """The process of a place without days."""
        places = self._checkpoint.config.sites.places if self._checkpoint.config.sites else ()
        return SitePosterior(self._process, ProcessDays.none(), len(places))

    @property
    def _process(self) -> SiteProcess:
        assert self._checkpoint.sites is not None
        return self._checkpoint.sites.process

    @property
    def _clock(self) -> float:
        return clock_days(self._local(self._taken_at))

    def _local(self, time: datetime | None) -> datetime | None:
        zone = None if self._site is None else self._site.zone
        return time if time is None or zone is None else time.astimezone(zone)


def days_of(site: Site, place: int) -> ProcessDays:
    """The history of a site as the process takes it, under the number of its place.

    An answer takes the cube of all days in time, so of a long history the newest days count.
    """

    def clock(day: Day) -> float:
        local = day.taken_at
        return clock_days(local.astimezone(site.zone) if local and site.zone else local)

    def clock_or_first(day: Day) -> float:
        return clock(day) if day.taken_at else -math.inf

    history = sorted(site.history, key=clock_or_first)[-MOST_DAYS:]
    if not history:
        return ProcessDays.none()
    return ProcessDays(
        torch.tensor([day.aqi for day in history], dtype=torch.float64),
        torch.tensor(
            [[float("nan") if v is None else v for v in day.reading.values] for day in history],
            dtype=torch.float64,
        ),
        torch.tensor([clock(day) for day in history], dtype=torch.float64),
        torch.full((len(history),), place),
    )


def _by_kind(kinds: list[str], table: dict[str, float]) -> Tensor:
    return torch.tensor([table[kind] for kind in kinds], dtype=torch.float64)
