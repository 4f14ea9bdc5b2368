"""Validation of a candidate on the hold-out set and on held-out corrections.

Labels that the model before has learned do not show what the new ones give, as it has memorised
them. So both networks learn the old ones, and the new ones are held out by halves.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from aqfusion.evaluation.scores import categories
from aqfusion.model.network import AQFusionNet
from aqfusion.retraining.batch_prediction import (
    KINDS,
    Floats,
    Said,
    number_or_none,
    predict_from_features,
)
from aqfusion.retraining.cached_trainer import CachedTrainer
from aqfusion.retraining.label_targets import Band
from aqfusion.retraining.paired_bootstrap import (
    EVERYWHERE,
    Change,
    ModelScores,
    changes,
    error_change,
)
from aqfusion.retraining.promotion_gate import (
    LEAST_GROUPS,
    LEAST_ITEMS,
    GateDecision,
    ValidationEvidence,
    gate_decision,
)
from aqfusion.retraining.training_set import CorrectedSession

__all__ = [
    "HeldOutCorrections",
    "HoldoutScores",
    "LearnedBands",
    "Outcome",
    "is_new",
    "score_holdout",
    "validate_candidate",
]

_HALF = 0.5  # of the steps, to test on half of the corrections: a little pessimistic, and quick
_SAME = 0.1  # AQI: bands are stored rounded

LearnedBands = Mapping[int, Band]  # by item, what the model before learned of it


class HeldOutCorrections:
    """The new items among all corrections, with the predictions of the networks compared."""

    def __init__(
        self,
        trainer: CachedTrainer,
        before: AQFusionNet,
        corrected: Sequence[CorrectedSession],
        learned_bands: LearnedBands,
    ) -> None:
        """Begin to train on each half, where the new items are enough for a decision."""
        fresh = [
            part
            for session in corrected
            if (part := session.only(_new(session, learned_bands))) is not None
        ]
        self._items = _HeldOutItems(fresh)
        self.enough = (
            len(self._items.items) >= LEAST_ITEMS and len({*self._items.group}) >= LEAST_GROUPS
        )
        self.before = self._items.predict(trainer, before)
        self.after = {kind: np.full(len(self._items.items), np.nan) for kind in KINDS}
        self.constant = np.full(len(self._items.items), np.nan)
        self._half = _halves(self._items.group)
        self._trainer, self._wait_for_networks = trainer, None
        if self.enough:
            training_sets = [
                [
                    part
                    for session in corrected
                    if (
                        part := session.only(
                            _not_held_out(session, learned_bands, self._half, number)
                        )
                    )
                    is not None
                ]
                for number in (0, 1)
            ]
            self._wait_for_networks = trainer.networks(training_sets, _HALF)

    def finish(self) -> None:
        """Wait for both networks, and predict with each the items that it has not learned."""
        if self._wait_for_networks is None:
            return
        for number, network in enumerate(self._wait_for_networks()):
            in_half = np.array([self._half[group] == number for group in self._items.group])
            predictions = self._items.predict(self._trainer, network)
            for kind in KINDS:
                self.after[kind][in_half] = predictions[kind][in_half]
            self.constant[in_half] = self._items.middle[~in_half].mean()

    def evidence(self, ordinary: float, seed: int) -> ValidationEvidence:
        """The gate's evidence; `ordinary` is the old model's error on the hold-out set."""
        group = self._items.group
        counted = len(self._items.items), len({*group})
        if not self.enough:
            return ValidationEvidence(*counted, 0.0, 0.0, 0.0, 0.0, ordinary)
        before, after, constant = (
            self._items.missed(predicted)
            for predicted in (self.before[KINDS[0]], self.after[KINDS[0]], self.constant)
        )
        learned = error_change(group, before, after, seed)
        against = error_change(group, constant, after, seed)
        return ValidationEvidence(
            *counted, learned.before, learned.after, against.before, against.high, ordinary
        )

    @property
    def differed(self) -> int:
        """How many labels name another category than the model before predicted."""
        predicted = categories(self.before[KINDS[0]])
        low, high = (categories(end) for end in self._items.band.T)
        return int(((predicted < low) | (predicted > high)).sum())

    def listed(self) -> list[dict[str, Any]]:
        """One entry per new item, for a page."""
        return [
            {
                "item": item,
                "group": self._items.group[number],
                "label": [round(float(end), 1) for end in self._items.band[number]],
                "before": {kind: number_or_none(self.before[kind][number]) for kind in KINDS},
                "after": {kind: number_or_none(self.after[kind][number]) for kind in KINDS},
            }
            for number, item in enumerate(self._items.items)
        ]


class _HeldOutItems:
    """Corrected sessions as single items: I of them."""

    def __init__(self, corrected: Sequence[CorrectedSession]) -> None:
        self.items = [item for session in corrected for item in session.items]
        self.group = [session.group for session in corrected for _ in session.items]
        bands: Floats = np.array(
            [band for session in corrected for band in session.bands], dtype=float
        )
        self.band = bands.reshape(-1, 2)
        self.middle: Floats = self.band.mean(1)
        self._sessions = corrected

    def predict(self, trainer: CachedTrainer, network: AQFusionNet) -> dict[str, Floats]:
        """Predict them by a network."""
        if not self.items:
            return {kind: np.zeros(0) for kind in KINDS}
        seen = (
            torch.cat([session.features for session in self._sessions]),
            torch.cat([session.statistics for session in self._sessions]),
        )
        readings = [session.reading.values for session in self._sessions for _ in session.items]
        return predict_from_features(
            network, trainer.base.config.temperature, seen, torch.tensor(readings)
        )

    def missed(self, predicted: Floats) -> Floats:
        """How far predictions (I,) lie outside the labels; within a category the error is 0."""
        low, high = self.band.T
        outside: Floats = np.maximum(np.maximum(low - predicted, predicted - high), 0.0)
        return outside


def is_new(band: Band, learned: Band | None) -> bool:
    """Whether a label's band (US AQI) is another one than the model before learned of its item."""
    if learned is None:
        return True
    return max(abs(learned[0] - band[0]), abs(learned[1] - band[1])) > _SAME


def _new(session: CorrectedSession, learned_bands: LearnedBands) -> list[bool]:
    """Which labels of a session the model before has not learned."""
    labels = zip(session.items, session.bands, strict=True)
    return [is_new(band, learned_bands.get(item)) for item, band in labels]


def _not_held_out(
    session: CorrectedSession, learned_bands: LearnedBands, half: Mapping[str, int], number: int
) -> list[bool]:
    return [not new or half[session.group] != number for new in _new(session, learned_bands)]


def _halves(groups: Sequence[str]) -> dict[str, int]:
    """Every other group by the hash of its name."""
    names = sorted({*groups}, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    return {name: number % 2 for number, name in enumerate(names)}


@dataclass(frozen=True, eq=False)
class Outcome:
    """A trained candidate with its validation; `items` are listed on a page.

    `differed` is how many of the new labels name another category than the model before.
    """

    network: AQFusionNet
    changes: tuple[Change, ...]
    evidence: ValidationEvidence
    differed: int
    verdict: GateDecision
    items: Mapping[str, Sequence[Any]]


def validate_candidate(
    trainer: CachedTrainer,
    before: AQFusionNet,
    corrected: Sequence[CorrectedSession],
    learned_bands: LearnedBands,
) -> Outcome:
    """Train on all corrections, and on each half of the new ones to be validated on the other half.

    `learned_bands` are the labels that `before` has learned.
    """
    unlearned = HeldOutCorrections(
        trainer, before, corrected, learned_bands
    )  # begins, in a process of its own
    after = trainer.network(corrected)
    frozen = HoldoutScores(trainer)
    unlearned.finish()
    predictions = frozen.predict(before), frozen.predict(after)
    return score_holdout(after, frozen, predictions, unlearned, corrected)


def score_holdout(
    after: AQFusionNet,
    frozen: "HoldoutScores",
    predictions: tuple[Said, Said],
    unlearned: HeldOutCorrections,
    corrected: Sequence[CorrectedSession],
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
        gate_decision(figure_changes, evidence),
        items,
    )


class HoldoutScores:
    """The hold-out sessions' frames."""

    def __init__(self, trainer: CachedTrainer) -> None:
        """Take them from the trainer's features."""
        self.seed = trainer.recipe.seed
        features = trainer.features
        kept = torch.tensor([session.group in trainer.frozen for session in features.sessions])
        frames = kept[features.owner]
        self._owner = features.owner[frames].tolist()
        self._sessions = [features.sessions[number] for number in self._owner]
        self._seen = features.features[frames], features.statistics[frames]
        self._temperature = trainer.base.config.temperature
        self.judged = ModelScores(
            np.array([session.aqi for session in self._sessions]),
            [session.place for session in self._sessions],
            [session.group for session in self._sessions],
        )

    def predict(self, network: AQFusionNet) -> Said:
        """Predict by a network behind the same backbone."""
        readings = torch.tensor([session.reading.values for session in self._sessions])
        return predict_from_features(network, self._temperature, self._seen, readings)

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
