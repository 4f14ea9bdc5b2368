"""The gate and the intervals, fitted on planted answers of two imaginary encoders."""

import pytest
import torch

from aqfusion.model import calibrate
from aqfusion.model.bins import cumulative, smoothed_targets
from aqfusion.model.calibrate import KINDS, fit_gate, fit_intervals, pooled
from aqfusion.model.held_out import ALL_SHOWN, HeldOut
from aqfusion.model.network import AlignedGate

SIGMA = 15.0
SESSIONS = 250


def planted(image_error: float, sensor_error: float, seed: int = 0) -> HeldOut:
    """Sessions of 2 photos; each modality says the AQI with an error of its own, in AQI."""
    generator = torch.Generator().manual_seed(seed)
    aqi = torch.empty(SESSIONS).uniform_(60, 440, generator=generator)
    session = torch.arange(SESSIONS).repeat_interleave(2)

    def logits(truth: torch.Tensor, error: float) -> torch.Tensor:
        said = truth + error * torch.randn(truth.shape, generator=generator)
        return smoothed_targets(said.clamp(0, 500), 25.0).log()

    return HeldOut(
        logits(aqi[session], image_error),
        session,
        logits(aqi, sensor_error)[:, None].expand(-1, 64, -1),
        torch.ones(SESSIONS, 6, dtype=torch.bool),
        aqi,
        torch.zeros(SESSIONS, dtype=torch.long),
    )


def photo_weight(gate: AlignedGate, held_out: HeldOut) -> float:
    photo = torch.arange(len(held_out.session))
    everything = torch.full_like(photo, ALL_SHOWN)
    return pooled(gate, held_out, photo, everything, photo >= 0)[1].mean().item()


def test_the_gate_leans_on_the_modality_that_knows(monkeypatch):
    monkeypatch.setattr(calibrate, "_STEPS", 150)
    photo_knows, sensors_know = planted(10, 150), planted(150, 10)
    assert photo_weight(fit_gate(photo_knows, SIGMA, seed=0), photo_knows) > 0.8
    assert photo_weight(fit_gate(sensors_know, SIGMA, seed=0), sensors_know) < 0.2


def test_the_gate_is_the_same_for_the_same_seed(monkeypatch):
    monkeypatch.setattr(calibrate, "_STEPS", 20)
    held_out = planted(30, 40)
    one, same, other = (fit_gate(held_out, SIGMA, seed) for seed in (0, 0, 1))
    assert torch.equal(one.weight.weight, same.weight.weight)
    assert not torch.equal(one.weight.weight, other.weight.weight)
    assert not one.weight.weight.requires_grad


def test_intervals_cover_fresh_sessions_nine_times_in_ten():
    gate = AlignedGate().requires_grad_(False)
    reach = fit_intervals(gate, planted(40, 60, seed=1), seed=0)
    fresh = planted(40, 60, seed=2)
    photo = torch.arange(len(fresh.session))
    for kind in KINDS:
        mask = torch.full_like(photo, 0 if kind == "image_only" else ALL_SHOWN)
        has_image = torch.full(photo.shape, kind != "sensors_only")
        logits, _ = pooled(gate, fresh, photo, mask, has_image)
        place = cumulative(logits.softmax(1), fresh.aqi[fresh.session])
        covered = ((place - 0.5).abs() <= reach[kind]).float().mean().item()
        assert covered == pytest.approx(0.9, abs=0.04), kind


def test_a_surer_modality_needs_no_wider_reach_than_it_earns():
    gate = AlignedGate().requires_grad_(False)
    reach = fit_intervals(gate, planted(5, 120), seed=0)
    assert reach["image_only"] < 0.3 < reach["sensors_only"] <= 0.5


def test_a_session_with_many_photos_counts_once():
    """One session of 600 photos is far off, 100 sessions of one photo are right."""
    count = 101
    aqi = torch.full((count,), 205.5)
    session = torch.cat([torch.zeros(600, dtype=torch.long), torch.arange(1, count)])
    said = torch.where(session == 0, 405.5, 205.5)
    held_out = HeldOut(
        smoothed_targets(said, SIGMA).log(),
        session,
        torch.zeros(count, 64, 50),
        torch.ones(count, 6, dtype=torch.bool),
        aqi,
        torch.zeros(count, dtype=torch.long),
    )
    reach = fit_intervals(AlignedGate().requires_grad_(False), held_out, seed=0)
    assert reach["image_only"] < 0.1
    assert photo_weight(fit_gate(held_out, SIGMA, seed=0), held_out) > 0.6


def test_few_sessions_make_the_reach_whole():
    held_out = planted(40, 60)
    few = held_out.where(torch.arange(SESSIONS) < 5)
    reach = fit_intervals(AlignedGate().requires_grad_(False), few, seed=0)
    photos = few.image_logits.softmax(1)
    worst = (cumulative(photos, few.aqi[few.session]) - 0.5).abs().max().item()
    assert reach["image_only"] == pytest.approx(worst, abs=1e-4)
