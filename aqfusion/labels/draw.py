"""Which items come out of turn: a share at random, and some whose answer is known.

Drawn from a hash of the person and of how many items they did, so that it can be repeated.
"""

import hashlib
from dataclasses import dataclass

__all__ = ["Draw", "Shares"]

_LOTS = 2**31


@dataclass(frozen=True)
class Draw:
    """`turn` is "queue", "random" or "gold"; `lot` is where to look among the items' lots."""

    turn: str
    lot: int


@dataclass(frozen=True)
class Shares:
    """How much of what a person gets is drawn at random, and how much is gold; the sum is below 1.

    >>> Shares(random=0.0, gold=0.0).draw(user=1, done=7).turn
    'queue'
    """

    random: float = 1 / 5
    gold: float = 1 / 20
    seed: str = "aqfusion"

    def draw(self, user: int, done: int) -> Draw:
        """Draw for the item that follows `done` others."""
        digest = hashlib.sha256(f"{self.seed} {user} {done}".encode()).digest()
        drawn = int.from_bytes(digest[:8]) / 2**64
        lot = int.from_bytes(digest[8:12]) % _LOTS
        if drawn < self.gold:
            return Draw("gold", lot)
        return Draw("random" if drawn < self.gold + self.random else "queue", lot)
