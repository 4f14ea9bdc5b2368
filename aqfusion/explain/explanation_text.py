"""Sentences of an explanation, the same on the page and on the card."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from statistics import mean, median, quantiles

from aqfusion.air.aqi import IndexResult, round_half_up, standard
from aqfusion.air.pollutants import pollutant
from aqfusion.explain.attribution import LANDMARKS, PHOTO, SITE
from aqfusion.explain.saliency_targets import LOWERS, RAISES
from aqfusion.model.predictor import Result
from aqfusion.sites.landmark_evidence import LandmarkEvidence
from aqfusion.sites.site import Site

DISCLAIMER = "research demonstration: not an official index, not medical advice"


def basis(result: Result) -> str:
    """The basis of a prediction: the weights of photo, readings and site.

    Where the model knows sites, the readings count twice: in the network, and beside the days
    of this place or of all places. The second is the site's weight.
    """
    count = len(result.readings_used)
    days = 0 if result.site_only is None else result.site_days
    readings = f"{count} reading{'s' * (count != 1)}"
    end = f"; the photo is left out: {result.photo_problem}" if _left_out(result) else ""
    if result.site_only is None or (not days and count):
        if result.image_only is None:
            return f"Based on {readings}{end or ', without a photo'}."
        if not count:
            return "Based on the photo alone."
        percent = _percent(result.photo_share)
        return f"Based on the photo ({percent} of the weight) and {readings}."
    return f"Based on {_weighed(result, readings)}{end}."


def _left_out(result: Result) -> bool:
    return result.image_only is None and result.photo_problem is not None


def _weighed(result: Result, readings: str) -> str:
    """The inputs at a site, or of a photo of an unknown place, each with its weight."""
    days = result.site_days
    place = (
        f"{days} day{'s' * (days != 1)} of this place" if days else "what is typical of all places"
    )
    if result.landmarks is not None:
        place = f"{place} with its landmarks"
    if result.readings_used:
        place = f"{place} combined with the readings"
    parts = [(place, result.site_share)]
    if result.readings_used:
        parts.insert(0, (readings, 1 - result.site_share - result.photo_share))
    if result.image_only is not None:
        parts.insert(0, ("the photo", result.photo_share))
    if len(parts) == 1:
        return f"{place} alone"
    phrases = [f"{name} ({_percent(share)})" for name, share in parts]
    phrases[0] = phrases[0].replace("%)", "% of the weight)")
    return f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def input_name(name: str) -> str:
    """An input's name at the head of a sentence.

    >>> [input_name(name) for name in ("photo", "pm25", "site")]
    ['The photo', 'PM₂.₅', 'This place']
    """
    named = {PHOTO: "The photo", SITE: "This place", LANDMARKS: "The landmarks"}
    return named.get(name) or pollutant(name).pretty_label


def moved(points: float) -> str:
    """The effect of an input on the AQI, as the rest of a sentence that begins with its name.

    >>> [moved(points) for points in (23.4, -0.5, 0.4)]
    ['raised it by 23', 'lowered it by 1', 'hardly changed it']
    """
    rounded = round_half_up(abs(points))
    if rounded == 0:
        return "hardly changed it"
    return f"{'raised' if points > 0 else 'lowered'} it by {rounded}"


def target_words(target: str, of_haze: bool = False) -> str:
    """A saliency target in words; `of_haze`, where the model ranks photos by their haze.

    >>> target_words("raises"), target_words("Good"), target_words("lowers", of_haze=True)
    ('a higher AQI', '"Good"', 'a lower haze score')
    """
    asked_of = "haze score" if of_haze else "AQI"
    words = {RAISES: f"a higher {asked_of}", LOWERS: f"a lower {asked_of}"}
    return words.get(target, f'"{target}"')


def official(formula: Mapping[str, IndexResult]) -> str:
    """The AQI by the formulas of the standards for the same readings; "" without readings."""
    if not any(index.sub_indices for index in formula.values()):
        return ""
    phrases = [
        f"{standard(key).short_name} {'above ' * index.beyond}{index.aqi}, {index.category.name}"
        for key, index in formula.items()
        if index.category is not None
    ]
    sentence = f"Official formulas for these readings: {'; '.join(phrases)}." if phrases else ""
    missing = (index.incomplete for index in formula.values() if index.incomplete)
    return " ".join([sentence, *missing]).strip()


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


def landmarks_sentence(evidence: LandmarkEvidence) -> str:
    """The landmarks' evidence on the AQI, beside the usual AQI of the place.

    >>> landmarks_sentence(LandmarkEvidence(0.0, 0.2, 0.25, 0.1, 5))
    'According to 5 days with both, the haze at the landmarks indicates 1.0 times the usual AQI \
of this place, in nine cases out of ten between 0.7 and 1.4 times.'
    """
    low, middle, high = (
        math.exp(evidence.shift + side * _Z90 * evidence.std) for side in (-1, 0, 1)
    )
    return (
        f"According to {evidence.days} days with both, the haze at the landmarks indicates "
        f"{middle:.1f} times the usual AQI of this place, in nine cases out of ten between "
        f"{low:.1f} and {high:.1f} times."
    )


def _unknown(result: Result) -> str:
    if result.image_only is None:
        return ""
    opening = "At a place that the model does not know, the photo contains little information"
    if result.photo_share >= _LITTLE:
        opening = "The model does not know the place, and a photo of the same air differs by place"
    if result.readings_used:
        return (
            f"{opening}: the readings have more weight."
            if result.photo_share < 0.5
            else f"{opening}."
        )
    common = result.site_only.aqi if result.site_only else result.fused.aqi
    if abs(result.fused.aqi - common) <= _COMMON:
        return f"{opening}: the prediction is close to what is typical of all places, {common}."
    return f"{opening}."


def _usual(result: Result, site: Site) -> str:
    """The AQI of the site's days, and the prediction beside them."""
    levels = [round_half_up(aqi) for aqi in _by_date(site)]
    low, high = min(levels), max(levels)
    if len(levels) >= _FEW:
        low, high = _middle_half(levels)
        if high - low <= _ALIKE:
            near = round_half_up(median(levels))
            return f"The AQI of this place is usually close to {near}{_stands(result, low, high)}"
        return (
            f"The AQI of this place is usually between {low} and {high}{_stands(result, low, high)}"
        )
    if len(levels) == 1:
        return f"On its only known day, this place had an AQI of {low}{_stands(result, low, high)}"
    values = f"of {low}" if low == high else f"between {low} and {high}"
    return (
        f"On its {len(levels)} known days, this place had an AQI "
        f"{values}{_stands(result, low, high)}"
    )


def _stands(result: Result, low: int, high: int) -> str:
    if low <= result.fused.aqi <= high:
        return "."
    return f"; the prediction is {'higher' if result.fused.aqi > high else 'lower'} than that."


def _photo(result: Result, site: Site, sha256: str) -> str:
    """The photo's haze score beside those of the place's days, seen by the same network."""
    if result.haze is None or result.image_only is None:
        return ""
    photos = [day.photo for day in site.history if day.photo is not None]
    scores = [photo.haze for photo in photos if photo.model == sha256]
    if not scores:
        return ""
    low, high = _middle_half(scores) if len(scores) >= _FEW else (min(scores), max(scores))
    usual = (
        "than usual at this place"
        if len(scores) >= _FEW
        else f"than on {_days_with_photos(scores)}"
    )
    if result.haze.score < low:
        return f"The photo looks clearer {usual}."
    if result.haze.score > high:
        return f"The photo looks hazier {usual}."
    return "The photo looks as hazy as usual at this place." if len(scores) >= _FEW else ""


def _days_with_photos(scores: Sequence[float]) -> str:
    return "its only day with a photo" if len(scores) == 1 else "its days with photos"


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
