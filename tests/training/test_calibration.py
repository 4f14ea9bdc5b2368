"""Mix, temperature and intervals, fitted on planted answers of imaginary encoders."""

import pytest
import torch

from aqfusion.model.prediction import KINDS
from aqfusion.network.torch_bins import cumulative, smoothed_targets
from aqfusion.training import calibration as module
from aqfusion.training.calibration import Calibration, CalibrationBatch, calibrate, pooled
from aqfusion.training.holdout_predictions import ALL_SHOWN, HoldoutPredictions

SIGMA = 15.0
SESSIONS = 250


@pytest.fixture(autouse=True)
def _few_steps(monkeypatch):
    monkeypatch.setattr(module, "_STEPS", 80)


def planted(cnn: float, sensors: float, haze: float = 150, width: float = 25, seed: int = 0):
    """Sessions of 2 photos; each opinion has an error of its own and is `width` wide, in AQI."""
    generator = torch.Generator().manual_seed(seed)
    aqi = torch.empty(SESSIONS).uniform_(60, 440, generator=generator)
    session = torch.arange(SESSIONS).repeat_interleave(2)

    def logits(truth: torch.Tensor, error: float) -> torch.Tensor:
        said = truth + error * torch.randn(truth.shape, generator=generator)
        return smoothed_targets(said.clamp(0, 500), width).log()

    return HoldoutPredictions(
        cnn_logits=logits(aqi[session], cnn),
        haze_logits=logits(aqi[session], haze),
        session=session,
        sensor_logits=logits(aqi, sensors)[:, None].repeat(1, 64, 1),
        present=torch.ones(SESSIONS, 6, dtype=torch.bool),
        aqi=aqi,
        fold=torch.zeros(SESSIONS, dtype=torch.long),
    )


def shown_as(kind: str, held_out: HoldoutPredictions) -> CalibrationBatch:
    mask = ALL_SHOWN if kind in ("fused", "sensors_only") else 0
    return CalibrationBatch.from_mask(len(held_out.session), mask, kind in ("fused", "image_only"))


def photo_weight(fitted: Calibration, held_out: HoldoutPredictions) -> float:
    shown = shown_as("fused", held_out)
    return pooled(fitted.gate, fitted.haze_share, held_out, shown)[1].mean().item()


def place(fitted: Calibration, kind: str, held_out: HoldoutPredictions) -> torch.Tensor:
    """Where the measured AQI lies in each photo's calibrated distribution, 0 to 1."""
    logits, _ = pooled(fitted.gate, fitted.haze_share, held_out, shown_as(kind, held_out))
    calibrated = (logits / fitted.temperature[kind]).softmax(1)
    return cumulative(calibrated, held_out.aqi[held_out.session])


def test_the_gate_leans_on_the_modality_that_knows():
    photo_knows, sensors_know = planted(cnn=10, sensors=150), planted(cnn=150, sensors=10)
    assert photo_weight(calibrate(photo_knows, SIGMA, seed=0), photo_knows) > 0.8
    assert photo_weight(calibrate(sensors_know, SIGMA, seed=0), sensors_know) < 0.2


def test_the_image_leans_on_the_branch_that_knows():
    assert calibrate(planted(cnn=10, sensors=80, haze=150), SIGMA, seed=0).haze_share < 0.2
    assert calibrate(planted(cnn=150, sensors=80, haze=10), SIGMA, seed=0).haze_share > 0.8


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_photos_logits_are_the_branches_by_their_shares(monkeypatch, share):
    monkeypatch.setattr(module, "_STEPS", 1)
    held_out = planted(cnn=10, sensors=80, haze=150)
    gate = calibrate(held_out, SIGMA, seed=0).gate
    torch.nn.init.zeros_(gate.sharpness.weight)
    logits, weight = pooled(gate, share, held_out, shown_as("image_only", held_out))
    mixed = (1 - share) * held_out.cnn_logits + share * held_out.haze_logits
    assert torch.allclose(logits, mixed)
    assert weight.unique().tolist() == [1.0]


def test_all_is_the_same_for_the_same_seed(monkeypatch):
    monkeypatch.setattr(module, "_STEPS", 20)
    held_out = planted(30, 40)
    one, same, other = (calibrate(held_out, SIGMA, seed) for seed in (0, 0, 1))
    assert torch.equal(one.gate.weight.weight, same.gate.weight.weight)
    assert (one.haze_share, one.temperature, one.reach) == (
        same.haze_share,
        same.temperature,
        same.reach,
    )
    assert not torch.equal(one.gate.weight.weight, other.gate.weight.weight)
    assert not one.gate.weight.weight.requires_grad
    assert not one.gate.training


def test_every_kind_of_input_has_a_temperature_and_a_reach(monkeypatch):
    monkeypatch.setattr(module, "_STEPS", 1)
    fitted = calibrate(planted(30, 40), SIGMA, seed=0)
    assert KINDS == ("fused", "image_only", "sensors_only", "nothing")
    assert tuple(fitted.temperature) == tuple(fitted.reach) == KINDS


def test_who_is_too_sure_is_cooled_down_and_who_is_too_vague_sharpened(monkeypatch):
    """`nothing` is pooled without a photo: there the sensor encoder's word stands as it is."""
    monkeypatch.setattr(module, "_STEPS", 1)
    sure, vague, honest = (
        calibrate(planted(60, error, width=width, seed=1), SIGMA, seed=0).temperature["nothing"]
        for error, width in ((60, 20), (20, 60), (40, 40))
    )
    assert sure > 1.8
    assert vague < 0.6
    assert 0.7 < honest < 1.4


def test_few_sessions_leave_the_temperature_nearer_to_1_than_many(monkeypatch):
    """Among what cannot be told apart, the logits as they are: little is known of 12 sessions."""
    monkeypatch.setattr(module, "_STEPS", 1)
    many = planted(60, 60, width=30, seed=3)
    few = many.where(torch.arange(SESSIONS) < 12)
    of_few, of_many = (calibrate(h, SIGMA, seed=0).temperature["nothing"] for h in (few, many))
    assert 1 <= of_few < of_many


def test_intervals_cover_fresh_sessions_nine_times_in_ten():
    fitted = calibrate(planted(40, 60, haze=80, seed=1), SIGMA, seed=0)
    fresh = planted(40, 60, haze=80, seed=2)
    for kind in KINDS:
        within = (place(fitted, kind, fresh) - 0.5).abs() <= fitted.reach[kind]
        assert within.float().mean().item() == pytest.approx(0.9, abs=0.05), kind


def test_a_session_with_many_photos_counts_once():
    """One session is far off, of 600 photos or of one; 100 sessions of one photo are right."""
    many, one = (with_one_far_off(photos) for photos in (600, 1))
    fitted, same = calibrate(many, SIGMA, seed=0), calibrate(one, SIGMA, seed=0)
    assert fitted.reach["image_only"] < 0.1
    assert fitted.reach["image_only"] == pytest.approx(same.reach["image_only"], abs=0.01)
    assert fitted.temperature["image_only"] == pytest.approx(same.temperature["image_only"], 0.1)
    assert photo_weight(fitted, many) > 0.6


def with_one_far_off(photos: int) -> HoldoutPredictions:
    count = 101
    session = torch.cat([torch.zeros(photos, dtype=torch.long), torch.arange(1, count)])
    said = smoothed_targets(torch.where(session == 0, 405.5, 205.5), SIGMA).log()
    return HoldoutPredictions(
        cnn_logits=said,
        haze_logits=said,
        session=session,
        sensor_logits=torch.zeros(count, 64, 50),
        present=torch.ones(count, 6, dtype=torch.bool),
        aqi=torch.full((count,), 205.5),
        fold=torch.zeros(count, dtype=torch.long),
    )


def test_few_sessions_make_the_reach_whole(monkeypatch):
    monkeypatch.setattr(module, "_STEPS", 1)
    few = planted(40, 60).where(torch.arange(SESSIONS) < 5)
    fitted = calibrate(few, SIGMA, seed=0)
    for kind in ("image_only", "nothing"):
        worst = (place(fitted, kind, few) - 0.5).abs().max().item()
        assert fitted.reach[kind] == pytest.approx(worst, abs=1e-4)
