"""Sentences on a prediction beside a site's own days; they claim no more than is known."""

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from statistics import mean, median, quantiles

from aqfusion.air.aqi import round_half_up
from aqfusion.model.predict import Result
from aqfusion.sites.landmark_evidence import Evidence
from aqfusion.sites.site import Site

_FEW = 4  # days or photos: with fewer nothing is usual
_ALIKE = 20  # AQI: a middle half that is written as one number
_COMMON = 20  # AQI from what is common everywhere that is still near it
_Z90 = 1.645
_LITTLE = 0.25  # of the weight


def place_sentence(result: Result, sha256: str) -> str:
    """The prediction beside the site's days; "" where the model knows no sites.

    `sha256` is that of the weights that gave the result: haze scores of others are not compared.
    """
    if result.site_only is None:
        return ""
    if result.site is None or not result.site_days:
        return _unknown(result)
    sentences = [_usual(result, result.site), _photo(result, result.site, sha256)]
    if result.landmarks is not None:
        sentences.append(landmarks_sentence(result.landmarks))
    return " ".join(filter(None, sentences))


def landmarks_sentence(evidence: Evidence) -> str:
    """The landmarks' evidence on the AQI, beside the usual AQI of the place.

    >>> landmarks_sentence(Evidence(0.0, 0.2, 0.25, 0.1, 5))
    'By 5 days with both, the haze at the landmarks speaks for 1.0 times the usual AQI of this \
place, in nine cases of ten between 0.7 and 1.4 times.'
    """
    low, middle, high = (
        math.exp(evidence.shift + side * _Z90 * evidence.std) for side in (-1, 0, 1)
    )
    return (
        f"By {evidence.days} days with both, the haze at the landmarks speaks for {middle:.1f} "
        f"times the usual AQI of this place, in nine cases of ten between {low:.1f} and "
        f"{high:.1f} times."
    )


def _unknown(result: Result) -> str:
    if result.image_only is None:
        return ""
    opening = "At a place that the model does not know, the photo says little"
    if result.photo_share >= _LITTLE:
        opening = "The model does not know the place, and a photo of the same air differs by place"
    if result.readings_used:
        return (
            f"{opening}: the readings count for more."
            if result.photo_share < 0.5
            else f"{opening}."
        )
    common = result.site_only.aqi if result.site_only else result.fused.aqi
    if abs(result.fused.aqi - common) <= _COMMON:
        return f"{opening}: the answer is near what is common everywhere, {common}."
    return f"{opening}."


def _usual(result: Result, site: Site) -> str:
    """The AQI of the site's days, and the prediction beside them."""
    levels = [round_half_up(aqi) for aqi in _by_date(site)]
    low, high = min(levels), max(levels)
    if len(levels) >= _FEW:
        low, high = _middle_half(levels)
        if high - low <= _ALIKE:
            near = round_half_up(median(levels))
            return f"This place is usually near {near}{_stands(result, low, high)}"
        return f"This place is usually between {low} and {high}{_stands(result, low, high)}"
    if len(levels) == 1:
        return f"On its one known day this place was at {low}{_stands(result, low, high)}"
    values = f"at {low}" if low == high else f"between {low} and {high}"
    return f"On its {len(levels)} known days this place was {values}{_stands(result, low, high)}"


def _stands(result: Result, low: int, high: int) -> str:
    if low <= result.fused.aqi <= high:
        return "."
    return f"; the answer is {'higher' if result.fused.aqi > high else 'lower'} than that."


def _photo(result: Result, site: Site, sha256: str) -> str:
    """The photo's haze score beside those of the place's days, seen by the same network."""
    if result.haze is None or result.image_only is None:
        return ""
    photos = [day.photo for day in site.history if day.photo is not None]
    scores = [photo.haze for photo in photos if photo.model == sha256]
    if not scores:
        return ""
    low, high = _middle_half(scores) if len(scores) >= _FEW else (min(scores), max(scores))
    usual = "than usual there" if len(scores) >= _FEW else f"than on {_days_with_photos(scores)}"
    if result.haze.score < low:
        return f"The photo looks clearer {usual}."
    if result.haze.score > high:
        return f"The photo looks hazier {usual}."
    return "The photo looks as hazy as usual there." if len(scores) >= _FEW else ""


def _days_with_photos(scores: Sequence[float]) -> str:
    return "its one day with a photo" if len(scores) == 1 else "its days with photos"


def _by_date(site: Site) -> list[float]:
    """The mean AQI of every date; a day without a time counts for itself."""
    dated: dict[date, list[float]] = defaultdict(list)
    undated = []
    for day in site.history:
        own = site.date_of(day)
        if own is None:
            undated.append(day.aqi)
        else:
            dated[own].append(day.aqi)
    return [*undated, *(mean(values) for values in dated.values())]


def _middle_half(values: Sequence[float]) -> tuple[int, int]:
    low, _, high = quantiles(values, n=4, method="inclusive")
    return round_half_up(low), round_half_up(high)
