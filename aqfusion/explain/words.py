"""What an explanation says, in plain words; the page and the card say the same."""

from collections.abc import Mapping

from aqfusion.air.aqi import Index, round_half_up, standard
from aqfusion.air.pollutants import pollutant
from aqfusion.explain.coalitions import PHOTO
from aqfusion.explain.targets import LOWERS, RAISES
from aqfusion.model.predict import Result

DISCLAIMER = "research demonstration: not an official index, not medical advice"


def basis(result: Result) -> str:
    """What a prediction rests on."""
    count = len(result.readings_used)
    readings = f"{count} reading{'s' * (count != 1)}"
    if result.image_only is None and result.photo_problem and not count:
        return "Based on neither photo nor readings: this is only what the model finds common."
    if result.image_only is None and result.photo_problem:
        return f"Based on {readings}; the photo is left out: {result.photo_problem}."
    if result.image_only is None:
        return f"Based on {readings}, without a photo."
    if not count:
        return "Based on the photo alone."
    return f"Based on the photo ({100 * result.photo_share:.0f} % of the weight) and {readings}."


def input_name(name: str) -> str:
    """An input's name at the head of a sentence.

    >>> input_name("photo"), input_name("pm25")
    ('The photo', 'PM2.5')
    """
    return "The photo" if name == PHOTO else pollutant(name).label


def moved(points: float) -> str:
    """What an input did to the AQI, as the sentence that its name begins goes on.

    >>> [moved(points) for points in (23.4, -0.5, 0.4)]
    ['raised it by 23', 'lowered it by 1', 'hardly moved it']
    """
    whole = round_half_up(abs(points))
    if whole == 0:
        return "hardly moved it"
    return f"{'raised' if points > 0 else 'lowered'} it by {whole}"


def asked(target: str) -> str:
    """What a heat map's target asks for.

    >>> asked("raises"), asked("Good")
    ('a higher AQI', '"Good"')
    """
    return {RAISES: "a higher AQI", LOWERS: "a lower AQI"}.get(target, f'"{target}"')


def official(formula: Mapping[str, Index]) -> str:
    """What the formulas of the standards say of the same readings; "" where there are none."""
    if not any(index.sub_indices for index in formula.values()):
        return ""
    whole = [
        f"{standard(key).short_name} {'above ' * index.beyond}{index.aqi}, {index.category.name}"
        for key, index in formula.items()
        if index.category is not None
    ]
    said = f"Official formulas for these readings: {'; '.join(whole)}." if whole else ""
    missing = (index.incomplete for index in formula.values() if index.incomplete)
    return " ".join([said, *missing]).strip()
