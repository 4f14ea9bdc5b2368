"""Validate a candidate against the model before, on hold-out set and held-out corrections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from aqfusion.model.network import AQFusionNet
from aqfusion.retrain.compare import EVERYWHERE, Change, Judged, changes
from aqfusion.retrain.gate import Evidence, Verdict, verdict
from aqfusion.retrain.lessons import Corrected
from aqfusion.retrain.said import KINDS, Said, number_or_none, say
from aqfusion.retrain.unlearned import LearnedBands, Unlearned
from aqfusion.retrain.workbench import Workbench

__all__ = ["Frozen", "Outcome", "judge", "judged"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """A trained candidate with its validation; `items` are listed on a page.

    `differed` is how many of the new labels name another category than the model before.
    """

    network: AQFusionNet
    changes: tuple[Change, ...]
    evidence: Evidence
    differed: int
    verdict: Verdict
    items: Mapping[str, Sequence[Any]]


def judge(
    trainer: Workbench,
    before: AQFusionNet,
    corrected: Sequence[Corrected],
    learned_bands: LearnedBands,
) -> Outcome:
    """Train on all corrections, and on each half of the new ones to be validated on the other half.

    `learned_bands` are the labels that `before` has learned.
    """
    unlearned = Unlearned(
        trainer, before, corrected, learned_bands
    )  # begins, in a process of its own
    after = trainer.network(corrected)
    frozen = Frozen(trainer)
    unlearned.finish()
    predictions = frozen.predict(before), frozen.predict(after)
    return judged(after, frozen, predictions, unlearned, corrected)


def judged(
    after: AQFusionNet,
    frozen: "Frozen",
    predictions: tuple[Said, Said],
    unlearned: Unlearned,
    corrected: Sequence[Corrected],
) -> Outcome:
    """The gate's decision, by `predictions` on the hold-out set before and after and new labels."""
    figure_changes = changes(frozen.judged, predictions[0], predictions[1], frozen.seed)
    ordinary = next(
        change.before
        for change in figure_changes
        if (change.place, change.kind) == (EVERYWHERE, KINDS[0])
    )
    evidence = unlearned.evidence(ordinary, frozen.seed)
    items: dict[str, Sequence[Any]] = {
        "frozen": frozen.listed(*predictions),
        "corrections": unlearned.listed(),
        "learned": [
            [item, round(low, 1), round(high, 1)]
            for session in corrected
            for item, (low, high) in zip(session.items, session.bands, strict=True)
        ],
    }
    return Outcome(
        after,
        figure_changes,
        evidence,
        unlearned.differed,
        verdict(figure_changes, evidence),
        items,
    )


class Frozen:
    """The hold-out sessions' frames."""

    def __init__(self, trainer: Workbench) -> None:
        """Take them from the trainer's features."""
        self.seed = trainer.recipe.seed
        features = trainer.features
        kept = torch.tensor([session.group in trainer.frozen for session in features.sessions])
        frames = kept[features.owner]
        self._owner = features.owner[frames].tolist()
        self._sessions = [features.sessions[number] for number in self._owner]
        self._seen = features.features[frames], features.statistics[frames]
        self._temperature = trainer.base.config.temperature
        self.judged = Judged(
            np.array([session.aqi for session in self._sessions]),
            [session.place for session in self._sessions],
            [session.group for session in self._sessions],
        )

    def predict(self, network: AQFusionNet) -> Said:
        """Predict by a network behind the same backbone."""
        readings = torch.tensor([session.reading.values for session in self._sessions])
        return say(network, self._temperature, self._seen, readings)

    def listed(self, before: Said, after: Said) -> list[dict[str, Any]]:
        """Means over the frames of each session."""
        owner = np.array(self._owner)
        rows = []
        for number in dict.fromkeys(self._owner):
            here = owner == number
            session = self._sessions[int(here.argmax())]
            rows.append(
                {
                    "session": session.key,
                    "place": session.place,
                    "measured": round(session.aqi, 1),
                    "before": {kind: number_or_none(before[kind][here].mean()) for kind in KINDS},
                    "after": {kind: number_or_none(after[kind][here].mean()) for kind in KINDS},
                }
            )
        return rows
