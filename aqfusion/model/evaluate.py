"""Scores a model, or the fold models of a recipe, on photos with a measured AQI."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch

from aqfusion.dataset.folder import Row
from aqfusion.model import bins
from aqfusion.model.calibrate import KINDS, fit_gate, fit_intervals, pooled
from aqfusion.model.held_out import ALL_SHOWN, HeldOut, listen
from aqfusion.model.network import AlignedGate
from aqfusion.model.partial import partial_sensors
from aqfusion.model.predict import Predictor
from aqfusion.model.scores import coverage, scores
from aqfusion.model.sessions import sessions_of


def evaluate(
    predictor: Predictor, rows: tuple[Row, ...], report: Callable[[str], None]
) -> dict[str, Any]:
    """Score a model on the rows of a data folder.

    `seen_in_training` counts the sessions that the model was trained on: figures over them are no
    evidence of how it does on new ones.
    """
    config = predictor.checkpoint.config
    sessions = sessions_of(rows)
    held_out = listen(predictor.checkpoint.network, sessions, config.image_size, report)
    gate = predictor.checkpoint.network.gate
    trained_on = set(config.sessions)
    seen = sum(session.key in trained_on for session in sessions)
    return {
        "model": predictor.name,
        "n": len(rows),
        "sessions": len(sessions),
        "seen_in_training": seen,
        **judge([(held_out, gate, config.reach)]),
    }


def cross_fitted(held_out: HeldOut, sigma: float, seed: int) -> dict[str, Any]:
    """Score fold models, gate and intervals of each fold fitted on the other folds."""
    parts = []
    for fold in held_out.fold.unique().tolist():
        others = held_out.where(held_out.fold != fold)
        gate = fit_gate(others, sigma, seed)
        reach = fit_intervals(gate, others, seed)
        parts.append((held_out.where(held_out.fold == fold), gate, reach))
    return {**judge(parts), "partial_sensors": partial_sensors(parts)}


def judge(parts: list[tuple[HeldOut, AlignedGate, dict[str, float]]]) -> dict[str, Any]:
    """Scores and interval coverage per kind of input, over all parts together, all readings shown.

    Sessions without any reading and photos are scored with what they have.
    """
    figures: dict[str, Any] = {}
    for kind in KINDS:
        measured, predicted, session, low, high = [], [], [], [], []
        offset = 0
        for held_out, gate, reach in parts:
            photo = torch.arange(len(held_out.session))
            mask = torch.full_like(photo, 0 if kind == "image_only" else ALL_SHOWN)
            has_image = torch.full(photo.shape, kind != "sensors_only")
            with torch.no_grad():
                logits, _ = pooled(gate, held_out, photo, mask, has_image)
            probabilities = logits.double().softmax(1)
            measured.append(held_out.aqi[held_out.session])
            predicted.append(bins.mean(probabilities))
            low.append(bins.quantile(probabilities, 0.5 - reach[kind]).floor())
            high.append(bins.quantile(probabilities, 0.5 + reach[kind]).ceil())
            session.append(held_out.session + offset)
            offset += len(held_out.aqi)
        truth = torch.cat(measured).double().numpy()
        ends = torch.cat(low).numpy(), torch.cat(high).numpy()
        result = scores(truth, torch.cat(predicted).numpy(), torch.cat(session).numpy())
        figures[kind] = {
            **{name: round(value, 4) for name, value in asdict(result).items()},
            "interval_coverage": round(coverage(truth, *ends), 4),
            "interval_width": round(float((ends[1] - ends[0]).mean()), 1),
        }
    return {kind: figures[kind] for kind in ("fused", "image_only", "sensors_only")}
