"""Partial sensors from planted answers."""

import torch

from aqfusion.model.bins import smoothed_targets
from aqfusion.model.held_out import MASKS, HeldOut
from aqfusion.model.network import AlignedGate
from aqfusion.model.partial import partial_sensors

AQI = torch.tensor([55.5, 205.5, 405.5])
CONSTANT = smoothed_targets(torch.full((1,), 205.5), 5.0).log()[0]


def planted() -> HeldOut:
    """Readings tell the AQI where the first is shown, else a constant; photos tell nothing."""
    known = smoothed_targets(AQI, 5.0).log()  # (3, 50)
    first = MASKS[:, 0][None, :, None]  # (1, 64, 1)
    return HeldOut(
        image_logits=CONSTANT.repeat(5, 1),
        session=torch.tensor([0, 0, 0, 1, 2]),
        sensor_logits=torch.where(first, known[:, None], CONSTANT),
        present=torch.ones(3, 6, dtype=torch.bool),
        aqi=AQI,
        fold=torch.zeros(3, dtype=torch.long),
    )


def test_error_falls_only_where_the_telling_reading_is_shown():
    figures = partial_sensors([(planted(), AlignedGate(), {})])
    by_count = figures["session_rmse_by_readings"]
    blind = ((AQI - 205.5).square().mean().sqrt()).item()
    assert [row["readings"] for row in by_count] == list(range(7))
    expected = [round(blind * (1 - count / 6), 2) for count in range(7)]
    measured = [row["sensors_only"] for row in by_count]
    assert all(abs(a - b) < 0.05 for a, b in zip(measured, expected, strict=True))
    assert abs(figures["mean_over_masks"]["sensors_only"] - blind * 31 / 63) < 0.05


def test_a_photo_that_tells_nothing_does_harm_at_even_weight():
    row = partial_sensors([(planted(), AlignedGate(), {})])["session_rmse_by_readings"][6]
    assert row["sensors_only"] < 0.05 < row["fused"]


def test_sessions_count_alike_however_many_photos_they_have():
    held_out = planted()
    one_each = HeldOut(
        held_out.image_logits[:3],
        torch.tensor([0, 1, 2]),
        held_out.sensor_logits,
        held_out.present,
        held_out.aqi,
        held_out.fold,
    )
    assert partial_sensors([(one_each, AlignedGate(), {})]) == partial_sensors(
        [(held_out, AlignedGate(), {})]
    )
