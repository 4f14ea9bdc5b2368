"""Explanations in plain words: what moved the number, and how far a map can be trusted."""

from html import escape

from aqfusion.air.pollutants import pollutant
from aqfusion.air.readings import Reading
from aqfusion.explain.attribution import LANDMARKS, PHOTO, SITE
from aqfusion.explain.explanation_text import place_sentence
from aqfusion.metrics import SaliencyMetrics
from aqfusion.model.predictor import Predictor, Result

MAP = (
    "Class activation maps show where in the photo the network found what it says. They are "
    "coarse, relative to this photo, and no measurement: the Evaluation page tells how far each "
    "method can be trusted."
)
WHAT_IF = (
    "What the model would say if only this changed. Far from the air that it has learned from it "
    "guesses: this is about the model, not a forecast."
)
SHAPLEY = (
    "Starting from what the model says when it knows nothing, each input gets its fair share of "
    "the way to the result: its mean effect over all orders in which the inputs could have come "
    "(Shapley values, exact)."
)
ABLATION = (
    'What the model would say without parts of the input, with its 90 % intervals; "only" means '
    "as if nobody knew anything else."
)
METHODS = (
    "GradCAM weighs the network's feature maps by how the answer depends on them, GradCAM++ by "
    "regions that alone speak for it, LayerCAM point by point. EigenCAM shows what stands out "
    "most to the network, whatever is asked."
)
HAZE_MAP = (
    "What is explained is the haze score, how hazy the photo itself looks, wherever it was taken; "
    "what that means for the AQI depends on the place."
)
_TITLES = {PHOTO: "Photo", SITE: "This place", LANDMARKS: "Its landmarks"}
TARGETS = {"raises": "what raises the AQI", "lowers": "what lowers the AQI"}
HAZE_TARGETS = {"raises": "what looks hazy", "lowers": "what looks clear"}


def title(name: str) -> str:
    """The title of an input."""
    return _TITLES.get(name) or pollutant(name).pretty_label


def amount(name: str, value: float) -> str:
    """A reading with its unit.

    >>> amount("pm25", 80.0)
    '80 µg/m³'
    """
    return f"{value:.4g} {pollutant(name).pretty_unit}"


def with_amount(name: str, reading: Reading) -> str:
    """An input's name, for a reading with its value."""
    value = None if name in _TITLES else getattr(reading, name)
    return title(name) if value is None else f"{title(name)} {amount(name, value)}"


def share(photo_share: float) -> str:
    """The importance of the map, by the photo's weight in the result."""
    percent = f"The photo has {100 * photo_share:.0f}\u00a0% of the weight in this result"
    return f"{percent}, so the map explains little of it." if photo_share < 0.1 else f"{percent}."


def place(result: Result, sha256: str) -> str:
    """The prediction beside the site's days, as HTML; "" where the model knows no sites."""
    sentence = place_sentence(result, sha256)
    return f'<p class="aq aq-small">{escape(sentence)}</p>' if sentence else ""


def branches(model: Predictor) -> str:
    """The share of the photo's prediction that the map explains."""
    haze = model.checkpoint.network.image_encoder.haze_share.item()
    return (
        f"The map is of the network's own look, {100 * (1 - haze):.0f}\u00a0% of the photo's part. "
        f"The other {100 * haze:.0f}\u00a0% is haze, measured from colour and contrast by height:"
    )


def trust(method: str, saliency: SaliencyMetrics | None) -> str:
    """The faithfulness of a method's maps, as measured on held-out photos."""
    if saliency is None or method not in saliency.methods:
        return f"How far {method} can be trusted has not been measured for this model."
    above = saliency.methods[method].above_random
    measured = f"({above.value:+.1f} AQI points, {above.low:.1f} to {above.high:.1f})"
    if above.low > 0:
        return f"On unseen photos, {method} finds what matters better than chance {measured}."
    if above.high < 0:
        return f"On unseen photos, {method} is worse than chance {measured}: don't rely on it."
    return f"On unseen photos, {method} is no better than chance {measured}: don't rely on it."
