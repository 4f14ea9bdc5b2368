"""Sentences of an explanation, the same on the page and on the card."""

from collections.abc import Mapping

from aqfusion.air.aqi import Index, round_half_up, standard
from aqfusion.air.pollutants import pollutant
from aqfusion.explain.coalitions import LANDMARKS, PHOTO, SITE
from aqfusion.explain.targets import LOWERS, RAISES
from aqfusion.model.predict import Result

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
    place = f"{days} day{'s' * (days != 1)} of this place" if days else "what is common everywhere"
    if result.landmarks is not None:
        place = f"{place} with its landmarks"
    if result.readings_used:
        place = f"what such readings mean beside {place}"
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
    ['The photo', 'PM2.5', 'This place']
    """
    named = {PHOTO: "The photo", SITE: "This place", LANDMARKS: "The landmarks"}
    return named.get(name) or pollutant(name).label


def moved(points: float) -> str:
    """The effect of an input on the AQI, as the rest of a sentence that begins with its name.

    >>> [moved(points) for points in (23.4, -0.5, 0.4)]
    ['raised it by 23', 'lowered it by 1', 'hardly moved it']
    """
    rounded = round_half_up(abs(points))
    if rounded == 0:
        return "hardly moved it"
    return f"{'raised' if points > 0 else 'lowered'} it by {rounded}"


def target_words(target: str, of_haze: bool = False) -> str:
    """A saliency target in words; `of_haze`, where the model ranks photos by their haze.

    >>> target_words("raises"), target_words("Good"), target_words("lowers", of_haze=True)
    ('a higher AQI', '"Good"', 'a lower haze score')
    """
    asked_of = "haze score" if of_haze else "AQI"
    words = {RAISES: f"a higher {asked_of}", LOWERS: f"a lower {asked_of}"}
    return words.get(target, f'"{target}"')


def official(formula: Mapping[str, Index]) -> str:
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
