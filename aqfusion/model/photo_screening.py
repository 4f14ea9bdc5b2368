"""Tell a photo that the model can use, a daylight view through air, from any other picture.

Every rule is one-sided: how far a number lies outside what real photos show. A photo may break a
rule a little; what counts is the weighted sum. Being inside of all physical ones does not prove a
sky, so the last rule asks the network's own features, along the direction in which the synthetic
negatives lie. Distance to the nearest training photos was tried in its place and separates
nothing: rooms and nights lie amid the embeddings of photos.
"""

from dataclasses import dataclass

import numpy as np

from aqfusion.model.array_math import Array
from aqfusion.model.stored_weights import StoredWeights

STATISTIC_NAMES = (
    "top_light",  # mean luma of the upper half, 0 to 1
    "light",  # mean luma
    "brightest",  # luma that 2 % of the pixels exceed
    "dark_share",  # share of pixels that are nearly black
    "white_share",  # share of pixels that are clipped white
    "fall",  # luma of the upper third less that of the lower: a sky is the brighter part
    "colour",  # decades of the mean distance between channels: -3 is black and white
    "vivid_warm_share",  # share of strongly coloured pixels that are not blue: no sky is so
    "top_warmth",  # red less blue of the upper half
    "top_green",  # green less the mean of red and blue there: daylight keeps near 0
    "smoothest_row",  # decades of the luma spread within the calmest tenth of the rows
    "flat_share",  # share of neighbours that are exactly alike: drawn, not photographed
    "haze",  # mean dark channel (He et al. 2009): light that every colour has
)


@dataclass(frozen=True)
class ScreeningRule:
    """One side of one statistic: `sign` is 1 where too much of it speaks against a photo, or -1.

    `words` complete the sentence "I can't judge this photo: ...".
    """

    statistic: str
    sign: int
    words: str


_DARK = "too dark, as at night or indoors"
_CLOSE = "strong warm colours, as from lamplight or nearby objects"
_NO_SKY = "hardly any sky is visible"
_TINT = "a colour in the upper part that the sky never has"
RULES = (
    ScreeningRule("top_light", -1, _DARK),
    ScreeningRule("light", -1, _DARK),
    ScreeningRule("brightest", -1, _DARK),
    ScreeningRule("dark_share", 1, _DARK),
    ScreeningRule("white_share", 1, "large parts are pure white, as on paper or in a drawing"),
    ScreeningRule("fall", -1, _NO_SKY),
    ScreeningRule("colour", -1, "black and white, but haze is estimated from colours"),
    ScreeningRule("vivid_warm_share", 1, _CLOSE),
    ScreeningRule("top_warmth", 1, _CLOSE),
    ScreeningRule("top_green", 1, _TINT),
    ScreeningRule("top_green", -1, _TINT),
    ScreeningRule("smoothest_row", 1, _NO_SKY),
    ScreeningRule("flat_share", 1, "drawn or blank, not a photograph"),
    ScreeningRule("haze", -1, "colours too saturated for a view through air"),
    ScreeningRule("look", 1, "unlike the photos that the model was trained on"),
)
# Of each rule: where its number stands among statistics and projection, and its sign.
RULE_COLUMNS = np.array([(*STATISTIC_NAMES, "look").index(rule.statistic) for rule in RULES])
RULE_SIGNS = np.array([float(rule.sign) for rule in RULES], dtype=np.float32)
_TELLING = 0.25  # of the threshold: from here on a rule that a person can check is the reason


class PhotoScreening:
    """The rules with the borders and weights of one model."""

    def __init__(self, weights: StoredWeights, features: int) -> None:
        """Take the weights, for a backbone of so many features."""
        count = len(RULES)
        self._direction = weights.array("guard.direction", features)
        self._border = weights.array("guard.border", count)
        self._spread = weights.array("guard.spread", count)
        self._weight = weights.array("guard.weight", count)
        self._threshold = float(weights.array("guard.threshold"))

    def rule_scores(self, statistics: Array, features: Array) -> Array:
        """The part of each rule (B, R) in what speaks against a picture, never below 0.

        From statistics (B, 13) and backbone features (B, D).
        """
        numbers = np.concatenate([statistics, (features @ self._direction)[:, None]], 1)
        outside = (numbers[:, RULE_COLUMNS] * RULE_SIGNS - self._border) / self._spread
        # The logarithm keeps one absurd number from drowning the reason that a person would give.
        scores: Array = self._weight * np.log1p(np.maximum(outside, 0))
        return scores

    def reasons(self, statistics: Array, features: Array) -> list[str | None]:
        """Why each of B pictures is refused, in words; `None` where it is not."""
        return [self.reason(row) for row in self.rule_scores(statistics, features)]

    def reason(self, scores: Array) -> str | None:
        """Why a picture is refused, by the part of each rule (R,) in what speaks against it."""
        if not scores.sum() > self._threshold:
            return None
        against: dict[str, float] = {}
        for rule, score in zip(RULES, scores.tolist(), strict=True):
            against[rule.words] = against.get(rule.words, 0.0) + score
        *checkable, look = against
        words = max(checkable, key=lambda words: against[words])
        return words if against[words] >= _TELLING * self._threshold else look
