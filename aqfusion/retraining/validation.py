"""Predictions to validate a candidate by: of the hold-out set, and of held-out corrections.

Labels that the model before has learned do not show what the new ones give, as it has memorised
them. So both networks learn the old ones, and the new ones are held out by halves (cross-fitting).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aqfusion.evaluation.scores import categories
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.training_features import Features, TrainingSessionFeatures
from aqfusion.retraining.batch_prediction import (
    KINDS,
    Floats,
    Said,
    number_or_none,
    predict_from_features,
)
from aqfusion.retraining.label_context import LearnedBands, is_new
from aqfusion.retraining.paired_bootstrap import ModelScores, error_change
from aqfusion.retraining.promotion_gate import ValidationEvidence
from aqfusion.retraining.readiness import LEAST_GROUPS, LEAST_ITEMS
from aqfusion.retraining.training_set import CorrectedSession

__all__ = [
    "Frames",
    "HeldOutCorrections",
    "HeldOutPredictions",
    "HoldoutFrames",
    "correction_evidence",
    "differing_labels",
    "hold_out_corrections",
    "holdout_frames",
    "listed_corrections",
    "listed_holdout",
    "predict_frames",
    "predict_held_out",
]


@dataclass(frozen=True, eq=False)
class Frames:
    """Inputs of N predictions: `features` (N, D), `statistics` (N, 108), `readings` (N, 6)."""

    features: Tensor
    statistics: Tensor
    readings: Tensor


def predict_frames(network: AQFusionNet, temperature: Mapping[str, float], frames: Frames) -> Said:
    """AQI (N,) by kind of input; the network must have the backbone that the features are of."""
    if not len(frames.readings):
        return {kind: np.zeros(0) for kind in KINDS}
    seen = frames.features, frames.statistics
    return predict_from_features(network, temperature, seen, frames.readings)


@dataclass(frozen=True, eq=False)
class HoldoutFrames:
    """The hold-out sessions' frames, and the `session` of each."""

    sessions: Sequence[TrainingSessionFeatures]
    frames: Frames

    @property
    def measured(self) -> ModelScores:
        """What was measured at each frame, with its place and group."""
        return ModelScores(
            np.array([session.aqi for session in self.sessions]),
            [session.place for session in self.sessions],
            [session.group for session in self.sessions],
        )


def holdout_frames(features: Features, holdout: frozenset[str]) -> HoldoutFrames:
    """The frames of the groups in `holdout`."""
    kept = torch.tensor([session.group in holdout for session in features.sessions])
    frames = kept[features.owner]
    sessions = [features.sessions[number] for number in features.owner[frames].tolist()]
    readings = torch.tensor([session.reading.values for session in sessions])
    inputs = Frames(features.features[frames], features.statistics[frames], readings)
    return HoldoutFrames(sessions, inputs)


def listed_holdout(holdout: HoldoutFrames, before: Said, after: Said) -> list[dict[str, Any]]:
    """Means over the frames of each session, for a page."""
    keys = np.array([session.key for session in holdout.sessions])
    rows = []
    for session in {session.key: session for session in holdout.sessions}.values():
        here = keys == session.key
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


@dataclass(frozen=True, eq=False)
class HeldOutCorrections:
    """The I new items of all corrections, each in one of two halves of whole groups.

    `bands` (I, 2) in US AQI, `half` (I,) 0 or 1. `training_sets` has for each half all corrections
    but that half; it is empty where the new items are too few for a decision.
    """

    items: tuple[int, ...]
    group: tuple[str, ...]
    bands: Floats
    half: NDArray[np.int64]
    frames: Frames
    training_sets: tuple[tuple[CorrectedSession, ...], ...]

    def missed(self, predicted: Floats) -> Floats:
        """How far predictions (I,) lie outside the labels; within a category the error is 0."""
        low, high = self.bands.T
        outside: Floats = np.maximum(np.maximum(low - predicted, predicted - high), 0.0)
        return outside


def hold_out_corrections(
    corrected: Sequence[CorrectedSession], learned_bands: LearnedBands
) -> HeldOutCorrections:
    """Split the items that the model before has not learned; `learned_bands` are what it has."""
    new = [_new_items(session, learned_bands) for session in corrected]
    fresh = _parts(corrected, new)
    items = tuple(item for session in fresh for item in session.items)
    group = tuple(session.group for session in fresh for _ in session.items)
    half = _halves(group)
    training_sets: tuple[tuple[CorrectedSession, ...], ...] = ()
    if len(items) >= LEAST_ITEMS and len(half) >= LEAST_GROUPS:
        training_sets = tuple(
            _parts(
                corrected,
                [
                    [not new_item or half[session.group] != number for new_item in flags]
                    for session, flags in zip(corrected, new, strict=True)
                ],
            )
            for number in (0, 1)
        )
    bands = np.array([band for session in fresh for band in session.bands], dtype=float)
    readings = [session.reading.values for session in fresh for _ in session.items]
    frames = Frames(
        torch.cat([session.features for session in fresh] or [torch.zeros(0, 0)]),
        torch.cat([session.statistics for session in fresh] or [torch.zeros(0, 0)]),
        torch.tensor(readings).reshape(-1, 6),
    )
    numbers = np.array([half[name] for name in group], dtype=np.int64)
    return HeldOutCorrections(items, group, bands.reshape(-1, 2), numbers, frames, training_sets)


def _new_items(session: CorrectedSession, learned_bands: LearnedBands) -> list[bool]:
    labels = zip(session.items, session.bands, strict=True)
    return [is_new(band, learned_bands.get(item)) for item, band in labels]


def _parts(
    corrected: Sequence[CorrectedSession], wanted: Sequence[Sequence[bool]]
) -> tuple[CorrectedSession, ...]:
    """The wanted items of each session, without sessions of which none is wanted."""
    parts = (session.only(flags) for session, flags in zip(corrected, wanted, strict=True))
    return tuple(part for part in parts if part is not None)


def _halves(groups: Sequence[str]) -> dict[str, int]:
    """Every other group by the hash of its name."""
    names = sorted({*groups}, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    return {name: number % 2 for number, name in enumerate(names)}


@dataclass(frozen=True, eq=False)
class HeldOutPredictions:
    """Predictions of new items (I,): by the model before, by networks that learned the other half.

    `constant` is the mean label of the other half. NaN where too few items are new.
    """

    before: Said
    after: Said
    constant: Floats


def predict_held_out(
    held_out: HeldOutCorrections,
    before: AQFusionNet,
    half_networks: Sequence[AQFusionNet],
    temperature: Mapping[str, float],
) -> HeldOutPredictions:
    """Predict each half by the network trained on its own training set, which lacks that half."""
    middle: Floats = held_out.bands.mean(1)
    after = {kind: np.full(len(held_out.items), np.nan) for kind in KINDS}
    constant = np.full(len(held_out.items), np.nan)
    for number, network in enumerate(half_networks):
        in_half = held_out.half == number
        predictions = predict_frames(network, temperature, held_out.frames)
        for kind in KINDS:
            after[kind][in_half] = predictions[kind][in_half]
        constant[in_half] = middle[~in_half].mean()
    return HeldOutPredictions(predict_frames(before, temperature, held_out.frames), after, constant)


def correction_evidence(
    held_out: HeldOutCorrections, predictions: HeldOutPredictions, ordinary: float, seed: int
) -> ValidationEvidence:
    """The gate's evidence; `ordinary` is the old model's error on the hold-out set."""
    counted = len(held_out.items), len({*held_out.group})
    if not held_out.training_sets:
        return ValidationEvidence(*counted, 0.0, 0.0, 0.0, 0.0, ordinary)
    before, after, constant = (
        held_out.missed(predicted)
        for predicted in (
            predictions.before[KINDS[0]],
            predictions.after[KINDS[0]],
            predictions.constant,
        )
    )
    learned = error_change(held_out.group, before, after, seed)
    against = error_change(held_out.group, constant, after, seed)
    return ValidationEvidence(
        *counted, learned.before, learned.after, against.before, against.high, ordinary
    )


def differing_labels(held_out: HeldOutCorrections, before: Said) -> int:
    """How many new labels name another category than the model before predicted."""
    predicted = categories(before[KINDS[0]])
    low, high = (categories(end) for end in held_out.bands.T)
    return int(((predicted < low) | (predicted > high)).sum())


def listed_corrections(
    held_out: HeldOutCorrections, predictions: HeldOutPredictions
) -> list[dict[str, Any]]:
    """One entry per new item, for a page."""
    before, after = predictions.before, predictions.after
    return [
        {
            "item": item,
            "group": held_out.group[number],
            "label": [round(float(end), 1) for end in held_out.bands[number]],
            "before": {kind: number_or_none(before[kind][number]) for kind in KINDS},
            "after": {kind: number_or_none(after[kind][number]) for kind in KINDS},
        }
        for number, item in enumerate(held_out.items)
    ]
