"""The photo screen as torch fits it; `aqfusion.model.photo_screening` says what it is for."""

import torch
from torch import Tensor, nn

from aqfusion.model.photo_screening import RULE_COLUMNS, RULE_SIGNS, RULES

_COLUMN, _SIGN = torch.from_numpy(RULE_COLUMNS), torch.from_numpy(RULE_SIGNS)


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


def signed(numbers: Tensor) -> Tensor:
    """Statistics and projection (B, F + 1) on the rules' axes (B, R): more is worse."""
    return numbers[:, _COLUMN] * _SIGN


def excess(signed_numbers: Tensor, border: Tensor, spread: Tensor) -> Tensor:
    """How far outside each rule's border a picture is (B, R): 0 inside, then slower and slower.

    The logarithm keeps one absurd number from drowning the reason that a person would give.
    """
    return torch.log1p(torch.relu((signed_numbers - border) / spread))
