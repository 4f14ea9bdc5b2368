"""What is said of held-out photos: by whom it may be calibrated, and how it is put."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from aqfusion.evaluation.calibrated_predictions import (
    CalibratedPredictions,
    JudgedPhotos,
    calibrated_predictions,
    cross_fitted,
)
from aqfusion.model.prediction import KINDS, kind_of
from aqfusion.network import torch_bins as bins
from aqfusion.network.aqfusion_net import AlignedGate
from aqfusion.training import calibration as calibration_module
from aqfusion.training.calibration import Calibration
from aqfusion.training.holdout_predictions import ALL_SHOWN, HoldoutPredictions

SIGMA = 15.0
ONES = dict.fromkeys(KINDS, 1.0)


def said_of(aqi: torch.Tensor, width: float = 20.0) -> torch.Tensor:
    return bins.smoothed_targets(aqi, width).log()


def planted() -> HoldoutPredictions:
    """In fold 0 the photo knows and the readings lie by 150; in fold 3 it is the other way round.

    40 sessions of 2 photos, folds in turn.
    """
    generator = torch.Generator().manual_seed(0)
    aqi = torch.empty(40).uniform_(160, 340, generator=generator)
    fold = torch.tensor([3, 0]).repeat(20)
    session = torch.arange(40).repeat_interleave(2)
    lie = aqi + 150 * torch.where(torch.rand(40, generator=generator) < 0.5, -1, 1)
    photo, sensors = torch.where(fold == 0, aqi, lie), torch.where(fold == 0, lie, aqi)
    return HoldoutPredictions(
        cnn_logits=said_of(photo[session]),
        haze_logits=said_of(photo[session]),
        session=session,
        sensor_logits=said_of(sensors)[:, None].repeat(1, 64, 1),
        present=torch.ones(40, 6, dtype=torch.bool),
        aqi=aqi,
        fold=fold,
    )


def calibration(**changes) -> Calibration:
    even = Calibration(0.5, AlignedGate().requires_grad_(False), ONES, dict.fromkeys(KINDS, 0.4))
    return replace(even, **changes)


def assert_same(one: CalibratedPredictions, other: CalibratedPredictions, names: set[str]) -> None:
    for name in names:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


NAMES = {field.name for field in fields(CalibratedPredictions)}


def test_a_folds_calibration_never_sees_the_fold(monkeypatch):
    """Whoever fits on a fold itself trusts who is right there; who fits on the other, who lies."""
    monkeypatch.setattr(calibration_module, "_STEPS", 50)
    held_out = planted()
    parts = cross_fitted(held_out, SIGMA, seed=0)
    assert [part.held_out.fold.unique().tolist() for part in parts] == [[0], [3]]
    measured = np.concatenate([p.held_out.aqi[p.held_out.session].numpy() for p in parts])
    honest = np.abs(calibrated_predictions(parts, ALL_SHOWN, True).aqi - measured)
    cheats = [
        JudgedPhotos(part.held_out, calibration_module.calibrate(part.held_out, SIGMA, seed=0))
        for part in parts
    ]
    cheated = np.abs(calibrated_predictions(cheats, ALL_SHOWN, True).aqi - measured)
    assert cheated.mean() < 40
    assert honest.mean() > 100


def test_every_fold_is_judged_by_a_calibration_of_all_the_others(monkeypatch):
    held_out = replace(planted(), fold=torch.arange(40) % 4)
    seen = []
    monkeypatch.setattr(
        "aqfusion.evaluation.calibrated_predictions.calibrate",
        lambda given, sigma, seed: seen.append((sorted(set(given.fold.tolist())), sigma, seed)),
    )
    parts = cross_fitted(held_out, SIGMA, seed=7)
    assert [part.held_out.fold.unique().tolist() for part in parts] == [[0], [1], [2], [3]]
    others = ([1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2])
    assert seen == [(folds, SIGMA, 7) for folds in others]
    assert sorted(torch.cat([part.held_out.aqi for part in parts]).tolist()) == sorted(
        held_out.aqi.tolist()
    )


@pytest.mark.parametrize(
    ("mask", "has_image", "kind"),
    [
        (ALL_SHOWN, True, "fused"),
        (1, True, "fused"),
        (0, True, "image_only"),
        (32, False, "sensors_only"),
        (0, False, "nothing"),
    ],
)
def test_each_kind_is_judged_by_its_own_temperature_and_reach(mask, has_image, kind):
    assert kind_of(mask, has_image) == kind
    held_out = planted()
    plain = calibrated_predictions([JudgedPhotos(held_out, calibration())], mask, has_image)
    for name, other in (("temperature", 3.0), ("reach", 0.1)):
        for changed in KINDS:
            values = {**getattr(calibration(), name), changed: other}
            part = JudgedPhotos(held_out, calibration(**{name: values}))
            same = np.array_equal(calibrated_predictions([part], mask, has_image).high, plain.high)
            assert same == (changed != kind), (name, changed)


def test_a_temperature_changes_categories_and_the_interval_follows():
    """Dividing the logits by 2 is what a network would say whose logits are half as large."""
    held_out = planted()
    half = replace(
        held_out,
        cnn_logits=held_out.cnn_logits / 2,
        haze_logits=held_out.haze_logits / 2,
        sensor_logits=held_out.sensor_logits / 2,
    )
    plain = calibrated_predictions([JudgedPhotos(held_out, calibration())], 0, True)
    warm = calibrated_predictions(
        [JudgedPhotos(held_out, calibration(temperature={**ONES, "image_only": 2.0}))], 0, True
    )
    assert_same(
        warm,
        calibrated_predictions([JudgedPhotos(half, calibration())], 0, True),
        NAMES - {"uncalibrated"},
    )
    assert_same(warm, replace(plain, categories=plain.uncalibrated), {"uncalibrated"})
    assert np.array_equal(plain.categories, plain.uncalibrated)
    assert np.all(warm.categories.max(1) < warm.uncalibrated.max(1) + 1e-9)
    assert np.all(warm.high - warm.low > plain.high - plain.low)


def test_a_reach_moves_the_ends_and_nothing_else():
    held_out = planted()
    near, far = (
        calibrated_predictions(
            [JudgedPhotos(held_out, calibration(reach=dict.fromkeys(KINDS, reach)))], 0, True
        )
        for reach in (0.1, 0.49)
    )
    assert_same(near, far, NAMES - {"low", "high"})
    assert np.all(far.low < near.low)
    assert np.all(near.high < far.high)


def test_numbers_are_those_of_the_distribution():
    """A photo that is certain of 201 to 210, and readings that are certain of 1 to 10."""
    certain = torch.full((1, 50), -60.0)
    photo, sensors = certain.clone(), certain.clone()
    photo[0, 20], sensors[0, 0] = 60.0, 60.0
    held_out = HoldoutPredictions(
        cnn_logits=photo,
        haze_logits=photo,
        session=torch.tensor([0]),
        sensor_logits=sensors[:, None].repeat(1, 64, 1),
        present=torch.ones(1, 6, dtype=torch.bool),
        aqi=torch.tensor([205.0]),
        fold=torch.tensor([0]),
    )
    part = JudgedPhotos(held_out, calibration())
    image, readings = (
        calibrated_predictions([part], 0, True),
        calibrated_predictions([part], ALL_SHOWN, False),
    )
    assert (image.aqi.tolist(), image.low.tolist(), image.high.tolist()) == (
        pytest.approx([205.5]),
        [201.0],
        [210.0],
    )
    assert image.categories[0] == pytest.approx([0, 0, 0, 0, 1, 0])
    assert (readings.aqi.tolist(), readings.low.tolist(), readings.high.tolist()) == (
        pytest.approx([5.5]),
        [1.0],
        [10.0],
    )


def test_a_session_without_the_shown_reading_is_judged_by_its_photo_alone():
    held_out = planted()
    present = held_out.present.clone()
    present[:, 0] = torch.arange(40) % 2 == 0  # every other session has the first reading
    own = {**ONES, "image_only": 2.0}
    part = JudgedPhotos(replace(held_out, present=present), calibration(temperature=own))
    only_first, photo = (
        calibrated_predictions([part], 1, True),
        calibrated_predictions([part], 0, True),
    )
    has = present[held_out.session, 0].numpy()
    for name in ("aqi", "low", "high"):
        said, alone = getattr(only_first, name), getattr(photo, name)
        assert said[~has] == pytest.approx(alone[~has]), name
    assert np.all(np.abs(only_first.aqi[has] - photo.aqi[has]) > 5)


def test_parts_are_answered_in_order():
    held_out = planted()
    first, second = (
        JudgedPhotos(held_out.where(held_out.fold == f), calibration()) for f in (0, 3)
    )
    together = calibrated_predictions([second, first], 0, True)
    for name in NAMES:
        apart = [getattr(calibrated_predictions([part], 0, True), name) for part in (second, first)]
        assert np.array_equal(getattr(together, name), np.concatenate(apart)), name
