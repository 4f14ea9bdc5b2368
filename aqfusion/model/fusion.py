"""Pool the distributions of photo, readings and site into one, times the landmarks' factor."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from aqfusion.model import bins
from aqfusion.model.architecture import SENSOR_COUNT
from aqfusion.model.array_math import Array, log_softmax, softmax
from aqfusion.model.checkpoint import ServedModel, ServedSites
from aqfusion.model.modality_pooling import ModalityLogits, calibrated
from aqfusion.model.prediction import PredictionBatch
from aqfusion.model.site_config import reach_by_standing
from aqfusion.model.site_process import DayTable, SiteAnswers, clock_days
from aqfusion.sites.landmark_evidence import LandmarkEvidence, site_evidence
from aqfusion.sites.site import Day, Site

_ONE_STD = 0.8413  # of the normal distribution lies below
MOST_DAYS = 200  # of a site that are learned: more hardly add to its level


@dataclass(frozen=True, eq=False)
class LandmarkFactor:
    """The evidence, and the logarithm of the likelihood of each bin by it (50,)."""

    evidence: LandmarkEvidence
    logits: Array


def landmark_factor(
    site: Site, extinction: Mapping[str, float], usual: Array
) -> LandmarkFactor | None:
    """Weigh today's extinctions, by landmark, against the days of the site.

    `usual` (50,) are the site's probabilities on a day of which nothing is known. `None` where the
    days have no landmarks, or none that make the distribution any narrower.
    """
    ends = bins.quantiles(usual[None], 1 - _ONE_STD, 0.5, _ONE_STD)
    low, level, high = (math.log(end.item()) for end in ends)
    spread = (high - low) / 2  # by quantiles, since the bins have long tails
    evidence = site_evidence(site, extinction, level, spread)
    factor = None if evidence is None else evidence.factor(spread)
    if evidence is None or factor is None:
        return None
    mean, std = factor
    away = (np.log(bins.CENTRES) - level - mean) / std  # (50,)
    return LandmarkFactor(evidence, -(away**2) / 2)


@dataclass(frozen=True, eq=False)
class FusionInputs:
    """Photo and readings, and which inputs have the site and its landmarks.

    `readings` (B, 6) are in canonical units, NaN where missing; `has_site` and `has_landmarks` (B,)
    are true where the site and its landmarks are shown. Landmarks mean something only beside the
    site's days.
    """

    modalities: ModalityLogits
    readings: Array
    has_site: Array
    has_landmarks: Array


@dataclass(frozen=True, eq=False)
class Fused:
    """Probabilities (B, 50), half an interval's width in probability (B,), and shares (B,)."""

    probabilities: Array
    reach: Array
    photo_share: Array
    site_share: Array

    def predictions(self) -> PredictionBatch:
        """Mean, interval and categories: served, measured and retrained models all take them here.

        >>> even = Fused(np.full((1, 50), 0.02), *np.array([[0.443], [0.0], [0.0]]))
        >>> [round(float(x[0])) for x in (even.predictions().low, even.predictions().aqi)]
        [29, 250]
        """
        low, high = bins.interval(self.probabilities, self.reach)
        return PredictionBatch(
            bins.mean(self.probabilities),
            low,
            high,
            self.photo_share,
            bins.category_probabilities(self.probabilities),
            self.site_share,
        )


class Fusion:
    """The pooling of a model at a site, or where no site is known; threads may share it."""

    def __init__(
        self,
        model: ServedModel,
        site: Site | None,
        taken_at: datetime | None,
        extinction: Mapping[str, float] | None = None,
    ) -> None:
        """Nothing is computed before the first question; `extinction` is today's, by landmark."""
        self._model, self._site, self._taken_at = model, site, taken_at
        self._extinction = extinction or {}

    def __call__(self, inputs: FusionInputs) -> Fused:
        """Pool what is shown."""
        sites, config = self._model.sites, self._model.config
        if sites is not None:
            return self._with_site(inputs, sites)
        modalities = inputs.modalities
        log_p, share = calibrated(self._model.gate, config.temperature, modalities)
        return Fused(np.exp(log_p), modalities.by_kind(config.reach), share, np.zeros(len(share)))

    def _with_site(self, inputs: FusionInputs, sites: ServedSites) -> Fused:
        learned = self._place < len(sites.config.places)
        standing = (inputs.has_site & learned).astype(np.int64)  # (B,)
        count = 0 if self._site is None else self._site.day_count
        days = inputs.has_site * float(count)  # (B,)
        kinds = inputs.modalities.kinds
        network, share = self._network_probabilities(inputs.modalities, standing, sites)
        site = self._site_probabilities(inputs)
        logits, site_share = sites.pool.pool(network, site, kinds, days, standing)
        return Fused(
            softmax(logits),
            reach_by_standing(sites.config.reach, kinds, days, standing),
            (1 - site_share) * share,
            site_share,
        )

    def _site_probabilities(self, inputs: FusionInputs) -> Array:
        """Log probabilities (B, 50) by the site's days and landmarks where they are shown."""
        log_probabilities = self._days_probabilities(inputs)
        landmarks_shown = inputs.has_site & inputs.has_landmarks
        if not landmarks_shown.any() or self.landmarks is None:
            return log_probabilities
        with_landmarks = log_softmax(log_probabilities + self.landmarks.logits)
        return np.where(landmarks_shown[:, None], with_landmarks, log_probabilities)

    def _days_probabilities(self, inputs: FusionInputs) -> Array:
        """Log probabilities (B, 50) by the process, with the site's days where it is shown."""
        shown = inputs.has_site if self._site is not None else np.zeros_like(inputs.has_site)
        answers = np.empty((len(shown), bins.BIN_COUNT))
        for rows, by in ((shown, self._with_days), (~shown, self._without_days)):
            if rows.any():
                present = inputs.modalities.present[rows]
                answers[rows] = by().log_probabilities(inputs.readings[rows], present, self._clock)
        return answers

    def _network_probabilities(
        self, modalities: ModalityLogits, standing: Array, sites: ServedSites
    ) -> tuple[Array, Array]:
        """Log probabilities (B, 50) of photo and readings, and the photo's share of them (B,)."""
        learned = standing.astype(bool)
        config = self._model.config
        if not learned.any():
            return calibrated(sites.gate, sites.config.temperature, modalities)
        here, share_here = calibrated(self._model.gate, config.temperature, modalities)
        if learned.all():
            return here, share_here
        elsewhere, share = calibrated(sites.gate, sites.config.temperature, modalities)
        return np.where(learned[:, None], here, elsewhere), np.where(learned, share_here, share)

    @cached_property
    def landmarks(self) -> LandmarkFactor | None:
        """The evidence of today's landmarks beside the site's days; `None` where there is none."""
        if self._model.sites is None or self._site is None or not self._extinction:
            return None
        nothing = np.full((1, SENSOR_COUNT), math.nan)
        usual = self._with_days().log_probabilities(nothing, ~np.isnan(nothing), math.nan)
        return landmark_factor(self._site, self._extinction, np.exp(usual[0]))

    @cached_property
    def _place(self) -> int:
        """The number of the site among the places that the process learned, else the next one."""
        places = () if self._model.sites is None else self._model.sites.config.places
        learned_as = None if self._site is None else self._site.learned_as
        return places.index(learned_as) if learned_as in places else len(places)

    @cached_property
    def _at_home(self) -> SiteAnswers:
        assert self._model.sites is not None
        assert self._site is not None
        history = days_of(self._site, self._place)
        return SiteAnswers(self._model.sites.process, history, self._place)

    def _with_days(self) -> SiteAnswers:
        """The process with the site's history."""
        return self._at_home

    def _without_days(self) -> SiteAnswers:
        """The process of a place without days."""
        assert self._model.sites is not None
        return self._model.sites.elsewhere

    @cached_property
    def _clock(self) -> float:
        zone = None if self._site is None else self._site.zone
        time = self._taken_at
        return clock_days(time if time is None or zone is None else time.astimezone(zone))


def days_of(site: Site, place: int) -> DayTable:
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
        return DayTable.none()
    return DayTable(
        np.array([day.aqi for day in history], dtype=np.float64),
        np.array(
            [[math.nan if v is None else v for v in day.reading.values] for day in history],
            dtype=np.float64,
        ),
        np.array([clock(day) for day in history], dtype=np.float64),
        np.full(len(history), place),
    )
