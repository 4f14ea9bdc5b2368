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
from aqfusion.model.network import AlignedGate, AQFusionNet
from aqfusion.model.prediction import KINDS, PredictionBatch
from aqfusion.model.site_gaussian_process import ProcessDays, SiteProcess, clock_days
from aqfusion.model.site_model import SiteConfig, SiteModel, SitePosterior, reach_by_standing
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
    """Logits (B, 50) of the photo and of the readings alone, and which of them are shown.

    `has_image` (B,) and `present` (B, 6) are boolean; what is not shown may hold anything finite.
    """

    image: Tensor
    sensors: Tensor
    has_image: Tensor
    present: Tensor

    @cached_property
    def kinds(self) -> Tensor:
        """The number in `KINDS` of each input (B,)."""
        return kind_numbers(self.present.any(1), self.has_image)

    def by_kind(self, table: Mapping[str, float]) -> Tensor:
        """The entry of each input's kind (B,)."""
        return torch.tensor([table[kind] for kind in KINDS], dtype=torch.float64)[self.kinds]


def kind_numbers(any_reading: Tensor, has_image: Tensor) -> Tensor:
    """The number in `KINDS` (B,) of inputs with any reading and with the photo shown, (B,) each."""
    fused, image_only, sensors_only, nothing = range(len(KINDS))
    with_photo = torch.where(any_reading, fused, image_only)
    return torch.where(has_image, with_photo, torch.where(any_reading, sensors_only, nothing))


def modality_logits(
    network: AQFusionNet, image: Tensor | None, readings: Tensor, has_image: Tensor
) -> ModalityPredictions:
    """Logits of photos embedded as (B, 128), or (1, 128) for all, and of readings (B, 6)."""
    encoder = network.sensor_encoder
    sensors = network.head(encoder(encoder.standardise(readings)))  # (B, 50)
    # Where no photo is shown, any logits may stand in its place.
    photo = sensors[:1] if image is None else network.head(image)
    return ModalityPredictions(
        photo.expand(len(readings), -1), sensors, has_image, ~readings.isnan()
    )


def calibrated_logits(
    gate: AlignedGate, temperature: Mapping[str, float], modalities: ModalityPredictions
) -> tuple[Tensor, Tensor]:
    """Pooled logits (B, 50) over the temperature of the input's kind; the photo's weight (B,)."""
    logits, share = gate(
        modalities.image, modalities.sensors, modalities.has_image, modalities.present
    )
    return logits.double() / modalities.by_kind(temperature)[:, None], share


@dataclass(frozen=True, eq=False)
class FusionInputs:
    """Photo and readings, and which inputs have the site and its landmarks.

    `readings` (B, 6) are in canonical units, NaN where missing; `has_site` and `has_landmarks` (B,)
    are true where the site and its landmarks are shown. Landmarks mean something only beside the
    site's days.
    """

    modalities: ModalityPredictions
    readings: Tensor
    has_site: Tensor
    has_landmarks: Tensor


@dataclass(frozen=True, eq=False)
class Fused:
    """Probabilities (B, 50), half an interval's width in probability (B,), and shares (B,)."""

    probabilities: Tensor
    reach: Tensor
    photo_share: Tensor
    site_share: Tensor

    def predictions(self) -> PredictionBatch:
        """Mean, interval and categories: served, measured and retrained models all take them here.

        >>> even = Fused(torch.full((1, 50), 0.02), *torch.tensor([[0.45], [0.0], [0.0]]))
        >>> [round(float(x[0])) for x in (even.predictions().low, even.predictions().aqi)]
        [26, 250]
        """
        low, high = bins.interval(self.probabilities, self.reach)
        return PredictionBatch(
            bins.mean(self.probabilities).numpy(),
            low.numpy(),
            high.numpy(),
            self.photo_share.double().numpy(),
            bins.category_probabilities(self.probabilities).numpy(),
            self.site_share.double().numpy(),
        )


def fuse_modalities(
    gate: AlignedGate,
    temperature: Mapping[str, float],
    reach: Mapping[str, float],
    modalities: ModalityPredictions,
) -> Fused:
    """The calibrated distribution of photo and readings, where no site has a part in it."""
    logits, share = calibrated_logits(gate, temperature, modalities)
    return Fused(logits.softmax(1), modalities.by_kind(reach), share, torch.zeros_like(share))


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

    def __call__(self, inputs: FusionInputs) -> Fused:
        """Pool what is shown."""
        sites, config = self._checkpoint.sites, self._checkpoint.config
        if sites is None or config.sites is None:
            gate = self._checkpoint.network.gate
            return fuse_modalities(gate, config.temperature, config.reach, inputs.modalities)
        return self._with_site(inputs, sites, config.sites)

    def _with_site(self, inputs: FusionInputs, sites: SiteModel, config: SiteConfig) -> Fused:
        learned = self._place < len(config.places)
        standing = inputs.has_site & learned  # (B,)
        count = 0 if self._site is None else self._site.day_count
        days = inputs.has_site * float(count)  # (B,)
        kinds = inputs.modalities.kinds
        network, share = self._network_probabilities(inputs.modalities, standing, sites, config)
        time = torch.full((len(days),), self._clock, dtype=torch.float64)
        site = self._site_probabilities(inputs, time)
        logits, site_share = sites.pool(network, site, kinds, days, standing.long())
        return Fused(
            logits.softmax(1),
            reach_by_standing(config.reach, kinds, days, standing.long()),
            (1 - site_share) * share,
            site_share,
        )

    def _site_probabilities(self, inputs: FusionInputs, time: Tensor) -> Tensor:
        """Log probabilities (B, 50) by the site's days and landmarks where they are shown."""
        log_probabilities = self._days_probabilities(inputs, time)
        landmarks_shown = inputs.has_site & inputs.has_landmarks
        if self.landmarks is None or not bool(landmarks_shown.any()):
            return log_probabilities
        return torch.where(
            landmarks_shown[:, None],
            (log_probabilities + self.landmarks.logits).log_softmax(1),
            log_probabilities,
        )

    def _days_probabilities(self, inputs: FusionInputs, time: Tensor) -> Tensor:
        """Log probabilities (B, 50) by the process, with the site's days where it is shown."""
        if self._site is None or not bool(inputs.has_site.any()):
            return self._without_days.log_probabilities(inputs.readings, time)
        with_days = self._with_days.log_probabilities(inputs.readings, time)
        if bool(inputs.has_site.all()):
            return with_days
        without_days = self._without_days.log_probabilities(inputs.readings, time)
        return torch.where(inputs.has_site[:, None], with_days, without_days)

    def _network_probabilities(
        self,
        modalities: ModalityPredictions,
        standing: Tensor,
        sites: SiteModel,
        config: SiteConfig,
    ) -> tuple[Tensor, Tensor]:
        """Log probabilities (B, 50) of photo and readings, and the photo's share of them (B,)."""
        by_standing = []
        for gate, temperature in (
            (sites.gate, config.temperature),
            (self._checkpoint.network.gate, self._checkpoint.config.temperature),
        ):
            logits, share = calibrated_logits(gate, temperature, modalities)
            by_standing.append((logits.log_softmax(1), share.double()))
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
