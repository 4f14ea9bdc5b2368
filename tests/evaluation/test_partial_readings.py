"""Partial sensors from planted answers."""

from dataclasses import replace

import pytest
import torch

from aqfusion.evaluation.backbone_evaluation import MissingReadingsEvaluation, partial_sensors
from aqfusion.evaluation.calibrated_predictions import JudgedPhotos
from aqfusion.evaluation.scores import Truth
from aqfusion.model.prediction import KINDS
from aqfusion.network.aqfusion_net import AlignedGate
from aqfusion.network.torch_bins import smoothed_targets
from aqfusion.training.calibration import Calibration
from aqfusion.training.holdout_predictions import MASKS, HoldoutPredictions

AQI = torch.tensor([55.5, 205.5, 405.5])
CONSTANT = smoothed_targets(torch.full((1,), 205.5), 5.0).log()[0]
BLIND = (AQI - 205.5).square().mean().sqrt().item()  # RMSE of saying 205.5 every time
EVEN = Calibration(
    0.5,
    AlignedGate().requires_grad_(False),
    dict.fromkeys(KINDS, 1.0),
    dict.fromkeys(KINDS, 0.45),
)


def planted() -> HoldoutPredictions:
    """Readings tell the AQI where the first is shown, else a constant; photos tell nothing."""
    known = smoothed_targets(AQI, 5.0).log()  # (3, 50)
    first = MASKS[:, 0][None, :, None]  # (1, 64, 1)
    return HoldoutPredictions(
        cnn_logits=CONSTANT.repeat(5, 1),
        haze_logits=CONSTANT.repeat(5, 1),
        session=torch.tensor([0, 0, 0, 1, 2]),
        sensor_logits=torch.where(first, known[:, None], CONSTANT),
        present=torch.ones(3, 6, dtype=torch.bool),
        aqi=AQI,
        fold=torch.zeros(3, dtype=torch.long),
    )


def told_of(held_out: HoldoutPredictions) -> MissingReadingsEvaluation:
    session = held_out.session.numpy()
    truth = Truth(held_out.aqi.double().numpy()[session], session, session)
    return partial_sensors([JudgedPhotos(held_out, EVEN)], truth)


@pytest.fixture(scope="module")
def told() -> MissingReadingsEvaluation:
    return told_of(planted())


def test_error_falls_only_where_the_telling_reading_is_shown(told):
    by_count = told.errors["by_readings"]
    assert [row["readings"] for row in by_count] == list(range(7))
    assert [row["masks"] for row in by_count] == [1, 6, 15, 20, 15, 6, 1]
    expected = [BLIND * (1 - count / 6) for count in range(7)]
    assert [row["sensors_only"] for row in by_count] == pytest.approx(expected, abs=0.05)
    mean = told.errors["mean_over_masks"]["sensors_only"]
    assert mean == pytest.approx(BLIND * 31 / 63, abs=0.05)  # 31 of 63 hide the first


def test_a_photo_that_tells_nothing_does_harm_at_even_weight(told):
    row = told.errors["by_readings"][6]
    assert row["sensors_only"] == row["better_single"] < 0.05 < row["fused"]


def test_fusion_wins_where_it_is_no_worse_than_the_better_one_alone(told):
    """Without the first reading all three say the same; with it the readings alone are best."""
    assert told.errors["fused_wins"] == round(31 / 63, 4)
    blind = told.errors["by_readings"][0]
    assert blind["fused"] == blind["sensors_only"] == blind["better_single"] == round(BLIND, 2)


def test_coverage_is_told_by_kind_and_number_of_readings(told):
    """Of 5 photos one is of the session that the constant is right about."""
    tables = {
        kind: [(row["readings"], row["coverage"]) for row in rows]
        for kind, rows in told.intervals.items()
    }
    by_count = [(n, round(n / 6 + (1 - n / 6) / 5, 4)) for n in range(7)]
    assert tables["sensors_only"] == by_count[1:]
    assert tables["nothing"] == tables["image_only"] == [by_count[0]]
    assert tables["fused"] == by_count[1:]  # it stays between the two: wide, but right
    widths = [told.intervals[kind][5]["width"] for kind in ("sensors_only", "fused")]
    assert widths[0] < 40 < 100 < widths[1]


def test_sessions_count_alike_however_many_photos_they_have(told):
    held_out = planted()
    one_each = replace(
        held_out,
        cnn_logits=held_out.cnn_logits[:3],
        haze_logits=held_out.haze_logits[:3],
        session=torch.tensor([0, 1, 2]),
    )
    assert told_of(one_each).errors == told.errors


def test_a_mask_shows_at_most_what_a_session_has():
    """Nobody has the telling reading: the readings that are left say as much as the photo."""
    held_out = planted()
    lacking = held_out.present.clone()
    lacking[:, 0] = False
    constant = CONSTANT.expand(3, 64, 50)
    told = told_of(replace(held_out, present=lacking, sensor_logits=constant))
    assert told.errors["fused_wins"] == 1.0
    assert {row["fused"] for row in told.errors["by_readings"]} == {round(BLIND, 2)}


def test_the_better_single_is_a_modality_alone_and_never_the_fusion():
    """Photo 50 too high, readings 50 too low: between them is right, neither alone is."""
    held_out = planted()
    high = smoothed_targets(AQI + 50, 25.0).log()[held_out.session]
    low = smoothed_targets(AQI - 50, 25.0).log()[:, None].repeat(1, 64, 1)
    opposed = replace(held_out, cnn_logits=high, haze_logits=high, sensor_logits=low)
    told = told_of(opposed).errors
    assert told["fused_wins"] == 1.0
    assert told["mean_over_masks"]["fused"] < 15 < 40 < told["mean_over_masks"]["better_single"]
