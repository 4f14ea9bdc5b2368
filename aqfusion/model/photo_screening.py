"""Tell a photo that the model can use, a daylight view through air, from any other picture.

Every rule is one-sided: how far a number lies outside what real photos show. A photo may break a
rule a little; what counts is the weighted sum. Being inside of all physical ones does not prove a
sky, so the last rule asks the network's own features, along the direction in which the synthetic
negatives lie. Distance to the nearest training photos was tried in its place and separates
nothing: rooms and nights lie amid the embeddings of photos.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from aqfusion.model.haze_features import NAMES


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
_TELLING = 0.25  # of the threshold: from here on a rule that a person can check is the reason
_COLUMN = torch.tensor([(*NAMES, "look").index(rule.statistic) for rule in RULES])
_SIGN = torch.tensor([float(rule.sign) for rule in RULES])


class PhotoScreen(nn.Module):
    """Buffers only: `direction` (D,) in feature space, `border`, `spread`, `weight` of rules (R,).

    `border` and `spread` are in the unit of the rule's number, times the rule's sign. A score
    above `threshold` means that the picture is none that the model can use.
    """

    direction: Tensor
    border: Tensor
    spread: Tensor
    weight: Tensor
    threshold: Tensor

    def __init__(self, features: int) -> None:
        """Make one for embeddings of so many features; it refuses nothing until loaded."""
        super().__init__()
        self.register_buffer("direction", torch.zeros(features))
        self.register_buffer("border", torch.zeros(len(RULES)))
        self.register_buffer("spread", torch.ones(len(RULES)))
        self.register_buffer("weight", torch.zeros(len(RULES)))
        self.register_buffer("threshold", torch.tensor(0.0))

    def forward(self, statistics: Tensor, embedding: Tensor) -> Tensor:
        """How much speaks against each picture (B,), from statistics (B, F), embedding (B, D)."""
        return self.rule_scores(statistics, embedding).sum(1)

    def rule_scores(self, statistics: Tensor, embedding: Tensor) -> Tensor:
        """The part of each rule in the score, (B, R), never below 0."""
        numbers = torch.cat([statistics, (embedding @ self.direction)[:, None]], 1)
        return self.weight * excess(signed(numbers), self.border, self.spread)

    def refused(self, statistics: Tensor, embedding: Tensor) -> Tensor:
        """Whether each picture is none that the model can use, boolean (B,)."""
        over: Tensor = self(statistics, embedding) > self.threshold
        return over

    def reason(self, statistics: Tensor, embedding: Tensor) -> str | None:
        """Why one picture (1, F), (1, D) is refused, in words; `None` where it is not."""
        if not bool(self.refused(statistics, embedding)):
            return None
        against: dict[str, float] = {}
        for rule, score in zip(RULES, self.rule_scores(statistics, embedding)[0], strict=True):
            against[rule.words] = against.get(rule.words, 0.0) + score.item()
        *checkable, look = against
        words = max(checkable, key=lambda words: against[words])
        return words if against[words] >= _TELLING * self.threshold.item() else look


def signed(numbers: Tensor) -> Tensor:
    """Statistics and projection (B, F + 1) on the rules' axes (B, R): more is worse."""
    return numbers[:, _COLUMN] * _SIGN


def excess(signed_numbers: Tensor, border: Tensor, spread: Tensor) -> Tensor:
    """How far outside each rule's border a picture is (B, R): 0 inside, then slower and slower.

    The logarithm keeps one absurd number from drowning the reason that a person would give.
    """
    return torch.log1p(torch.relu((signed_numbers - border) / spread))
