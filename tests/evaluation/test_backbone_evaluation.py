"""All figures of a backbone from planted answers: each figure has one value it must have."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from aqfusion.air.readings import Reading
from aqfusion.evaluation import backbone_evaluation as module
from aqfusion.evaluation import scores
from aqfusion.evaluation.backbone_evaluation import FULL, evaluate_backbone, judged, truth_of
from aqfusion.evaluation.calibrated_predictions import (
    CalibratedPredictions,
    JudgedPhotos,
    calibrated_predictions,
)
from aqfusion.model.prediction import KINDS
from aqfusion.network.aqfusion_net import AlignedGate
from aqfusion.network.torch_bins import CENTRES
from aqfusion.training import calibration
from aqfusion.training.calibration import Calibration
from aqfusion.training.holdout_predictions import HoldoutPredictions
from aqfusion.training.sessions import Session, session_aqi, sessions_of
from tests.planted import rows_of

# Folds stand in no order; place of each session, its AQI and its photos.
PLANTED = (
    ("Betatown", 2, 205.5, 3),
    ("Alphaville", 0, 55.5, 1),
    ("Betatown", 0, 25.5, 2),
    ("Gammapur", 2, 405.5, 1),
    ("Alphaville", 1, 125.5, 2),
    ("Alphaville", 1, 175.5, 4),
)


def sessions() -> tuple[Session, ...]:
    rows = [
        row
        for number, (place, fold, aqi, photos) in enumerate(PLANTED)
        for row in rows_of(f"s{number}", photos, place=place, fold=fold, aqi=aqi)
    ]
    return sessions_of(rows)


def certain(aqi: torch.Tensor) -> torch.Tensor:
    """Logits (B, 50) of one bin for certain: the one whose centre is nearest."""
    nearest = (CENTRES - aqi[:, None]).abs().argmin(1)
    return 40 * torch.nn.functional.one_hot(nearest, 50).float()


def planted(photo_off: float = 0.0, sensors_off: float = 0.0) -> HoldoutPredictions:
    """Each modality is certain of the measured AQI plus what it is off by."""
    given = sessions()
    owner = torch.tensor([i for i, session in enumerate(given) for _ in session.rows])
    aqi = session_aqi(given)
    return HoldoutPredictions(
        cnn_logits=certain(aqi[owner] + photo_off),
        haze_logits=certain(aqi[owner] + photo_off),
        session=owner,
        sensor_logits=certain(aqi + sensors_off)[:, None].repeat(1, 64, 1),
        present=torch.ones(len(given), 6, dtype=torch.bool),
        aqi=aqi,
        fold=torch.tensor([session.fold for session in given]),
    )


@pytest.fixture(scope="module")
def told() -> dict:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "_STEPS", 3)
        patch.setattr(scores, "RESAMPLES", 20)
        return evaluate_backbone(
            planted(photo_off=20, sensors_off=-10), sessions(), sigma=15.0, seed=0
        )


def test_truth_is_one_entry_per_photo_in_the_sessions_order():
    rows = [
        *rows_of("a", 2, group="z", aqi=10.0),
        *rows_of("b", 1, group="y", aqi=20.0),
        *rows_of("c", 1, group="z", aqi=30.0),
    ]
    truth = truth_of(sessions_of(rows))
    assert truth.measured.tolist() == [10, 10, 20, 30]
    assert truth.session.tolist() == [0, 0, 1, 2]
    assert truth.group.tolist() == [1, 1, 0, 1]


def test_it_is_all_there_and_finite_json(told):
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert list(told) == ["kinds", "late_fusion", "partial_sensors", "sessions"]
    assert list(told["kinds"]) == ["fused", "image_only", "sensors_only"]
    for kind in told["kinds"].values():
        assert list(kind) == [
            "scores",
            "per_place",
            "confusion",
            "calibration",
            "interval",
            "interval_by_readings",
        ]
        assert list(kind["calibration"]) == ["before", "after", "reliability"]
        assert np.sum(kind["confusion"]) == 13
    counts = {
        kind: [row["readings"] for row in told["kinds"][kind]["interval_by_readings"]]
        for kind in told["kinds"]
    }
    some = [1, 2, 3, 4, 5, 6]
    assert counts == {"fused": some, "image_only": [0], "sensors_only": some}


def test_each_modality_is_off_by_what_was_planted(told):
    for kind, off in (("image_only", 20), ("sensors_only", 10)):
        figures = told["kinds"][kind]["scores"]
        for unit in ("photos", "sessions"):
            assert figures[unit]["rmse"] == pytest.approx([off] * 3, abs=0.5)
            assert figures[unit]["mae"] == pytest.approx([off] * 3, abs=0.5)
        assert figures["session_rmse"] == pytest.approx(off, abs=0.5)


def test_confusion_counts_measured_by_predicted(told):
    """Readings 10 too low: 55 falls to Good and 205 to Unhealthy, all others stay."""
    assert told["kinds"]["sensors_only"]["confusion"] == [
        [2, 0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0],
        [0, 0, 2, 0, 0, 0],
        [0, 0, 0, 4, 0, 0],
        [0, 0, 0, 3, 0, 0],
        [0, 0, 0, 0, 0, 1],
    ]


def test_places_keep_their_own_photos_though_folds_stand_in_another_order(told):
    places = told["kinds"]["sensors_only"]["per_place"]
    heads = {
        place: (row["photos"], row["sessions"], row["accuracy"]) for place, row in places.items()
    }
    assert heads == {
        "Alphaville": (7, 3, round(6 / 7, 4)),
        "Betatown": (5, 2, round(2 / 5, 4)),
        "Gammapur": (1, 1, 1.0),
    }
    assert all(
        list(row) == ["photos", "sessions", "accuracy", "rmse", "mae", "coverage", "width"]
        for row in places.values()
    )


def test_sessions_are_told_fold_by_fold_with_what_was_said_of_them(told):
    by_fold = [PLANTED[i] for i in (1, 2, 4, 5, 0, 3)]
    assert [(s["place"], s["photos"], s["measured"]) for s in told["sessions"]] == [
        (place, photos, aqi) for place, _, aqi, photos in by_fold
    ]
    for row in told["sessions"]:
        assert list(row)[:2] == ["session", "place"]
        assert list(row)[4:] == ["fused", "image_only", "sensors_only"]
        assert row["image_only"][0] == pytest.approx(row["measured"] + 20, abs=0.5)
        assert row["sensors_only"][0] == pytest.approx(row["measured"] - 10, abs=0.5)


def test_a_session_without_readings_says_nothing_by_readings_alone(monkeypatch):
    monkeypatch.setattr(calibration, "_STEPS", 1)
    monkeypatch.setattr(scores, "RESAMPLES", 5)
    rows = [
        *rows_of("a", 2, fold=0, aqi=105.5),
        *rows_of("b", 1, fold=0, aqi=205.5, reading=Reading()),
        *rows_of("c", 1, fold=1, aqi=305.5),
        *rows_of("d", 1, fold=1, aqi=405.5),
    ]
    given = sessions_of(rows)
    aqi, owner = session_aqi(given), torch.tensor([0, 0, 1, 2, 3])
    present = torch.ones(4, 6, dtype=torch.bool)
    present[1] = False
    held_out = HoldoutPredictions(
        cnn_logits=certain(aqi[owner] + 10),
        haze_logits=certain(aqi[owner] + 10),
        session=owner,
        sensor_logits=certain(aqi + 10)[:, None].repeat(1, 64, 1),
        present=present,
        aqi=aqi,
        fold=torch.tensor([0, 0, 1, 1]),
    )
    told = evaluate_backbone(held_out, given, sigma=15.0, seed=0)["sessions"]
    assert [row["sensors_only"] is None for row in told] == [False, True, False, False]
    assert all(len(row["image_only"]) == len(row["fused"]) == 3 for row in told)


def test_late_fusion_weighs_by_the_inverse_squared_errors_of_the_other_folds():
    """In fold 0 the photo is off by 10 and the readings by 20, in fold 1 by 30 and by 10."""
    held_out = replace(planted(), fold=torch.tensor([0, 0, 0, 1, 1, 1]))
    even = Calibration(0.5, AlignedGate(), {}, {})
    parts = [JudgedPhotos(held_out.where(held_out.fold == fold), even) for fold in (0, 1)]
    measured = held_out.aqi[held_out.session].double().numpy()
    first = np.arange(13) < 6
    zeros, chances = np.zeros(13), np.zeros((13, 6))

    def answered(in_first: float, in_second: float) -> CalibratedPredictions:
        aqi = measured + np.where(first, in_first, in_second)
        return CalibratedPredictions(aqi, zeros, zeros, chances, chances)

    said = {"image_only": answered(10, 30), "sensors_only": answered(-20, -10)}
    mixed = module._late_fusion(parts, said) - measured
    assert mixed[first] == pytest.approx(0.1 * 10 + 0.9 * -20)  # 1 / 900 to 1 / 100
    assert mixed[~first] == pytest.approx(0.8 * 30 + 0.2 * -10)  # 1 / 100 to 1 / 400


def test_late_fusion_of_equal_errors_is_the_mean_of_the_two(monkeypatch):
    monkeypatch.setattr(calibration, "_STEPS", 1)
    monkeypatch.setattr(scores, "RESAMPLES", 5)
    told = evaluate_backbone(planted(photo_off=20, sensors_off=-20), sessions(), sigma=15.0, seed=0)
    assert told["late_fusion"]["session_rmse"] < 1


def test_calibration_is_told_before_and_after_the_temperature():
    """Sure of the wrong bin in half of the sessions: a high temperature costs less."""
    held_out = planted()
    wrong = (held_out.session % 2 == 0)[:, None]
    off = torch.where(wrong, held_out.cnn_logits.roll(20, 1), held_out.cnn_logits) / 4
    held_out = replace(held_out, cnn_logits=off, haze_logits=off)
    gate, reach = AlignedGate().requires_grad_(False), dict.fromkeys(KINDS, 0.45)

    def told_at(temperature: float) -> dict:
        part = JudgedPhotos(
            held_out, Calibration(0.5, gate, dict.fromkeys(KINDS, temperature), reach)
        )
        said = calibrated_predictions([part], *FULL["image_only"])
        return judged(truth_of(sessions()), said, sessions(), seed=0)["calibration"]

    cold, warm = told_at(1.0), told_at(4.0)
    assert cold["after"] == cold["before"] == warm["before"]
    assert warm["after"]["brier"] < warm["before"]["brier"]
    assert sum(bar["photos"] for bar in warm["reliability"]) == 13
