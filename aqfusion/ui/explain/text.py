"""Explanations in plain words: what moved the number, and how far a map can be trusted."""

from html import escape

from aqfusion.air.pollutants import pollutant
from aqfusion.air.readings import Reading
from aqfusion.explain.attribution import LANDMARKS, PHOTO, SITE
from aqfusion.explain.explanation_text import place_sentence
from aqfusion.metrics import SaliencyMetrics
from aqfusion.model.predictor import Predictor, Result

MAP = (
    "Class activation maps show where in the photo the network found its evidence. They are "
    "coarse, relative to this photo, and not a measurement: the Evaluation page shows how far "
    "each method can be trusted."
)
WHAT_IF = (
    "What the model would predict if only this input changed. Far from the air that it was "
    "trained on, it guesses: the chart describes the model and is not a forecast."
)
SHAPLEY = (
    "Starting from the prediction without any input, each input gets its fair share of the "
    "change up to the result: its mean effect over all orders in which the inputs could be added "
    "(exact Shapley values)."
)
ABLATION = (
    "Ablation: what the model would predict without parts of the input, with 90 % intervals; "
    '"only" means that everything else is treated as unknown.'
)
METHODS = (
    "GradCAM weights the feature maps of the network by how the prediction depends on them, "
    "GradCAM++ by the regions that support it, and LayerCAM point by point. EigenCAM shows what "
    "stands out most to the network, whatever the question is."
)
HAZE_MAP = (
    "The map explains the haze score: how hazy the photo itself looks, wherever it was taken. "
    "What that means for the AQI depends on the place."
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
    haze = model.checkpoint.branches.haze_share
    return (
        f"The map shows the part of the network, {100 * (1 - haze):.0f}\u00a0% of the photo's "
        f"part. The other {100 * haze:.0f}\u00a0% is haze, measured from colour and contrast at "
        "each height:"
    )


def trust(method: str, saliency: SaliencyMetrics | None) -> str:
    """The faithfulness of a method's maps, as measured on held-out photos."""
    if saliency is None or method not in saliency.methods:
        return f"How far {method} can be trusted has not been measured for this model."
    above = saliency.methods[method].above_random
    measured = f"({above.value:+.1f} AQI points, {above.low:.1f} to {above.high:.1f})"
    if above.low > 0:
        return (
            f"On unseen photos, {method} finds the important regions better than chance {measured}."
        )
    if above.high < 0:
        return f"On unseen photos, {method} is worse than chance {measured}: do not rely on it."
    return f"On unseen photos, {method} is no better than chance {measured}: do not rely on it."
