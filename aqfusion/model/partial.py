"""What is left of a prediction when readings go missing: all 64 masks, with and without photo."""

from typing import Any

import torch
from torch import Tensor

from aqfusion.model import bins
from aqfusion.model.calibrate import pooled
from aqfusion.model.held_out import MASKS, HeldOut
from aqfusion.model.network import AlignedGate


def partial_sensors(parts: list[tuple[HeldOut, AlignedGate, dict[str, float]]]) -> dict[str, Any]:
    """Session RMSE by the number of readings shown, mean over the masks that show so many.

    Every session counts once, by the mean prediction over its photos. A mask shows at most what
    the session has. `mean_over_masks` is over the 63 masks that show something.
    """
    errors = {
        name: torch.stack(
            [
                torch.cat([_errors(*part[:2], mask, has_image) for part in parts])
                for mask in range(len(MASKS))
            ]
        )
        for name, has_image in (("sensors_only", False), ("fused", True))
    }  # (64, S) each
    rmse = {name: values.square().mean(1).sqrt() for name, values in errors.items()}  # (64,)
    shown = MASKS.sum(1)

    def average(masks: Tensor) -> dict[str, float]:
        return {name: round(values[masks].mean().item(), 2) for name, values in rmse.items()}

    return {
        "session_rmse_by_readings": [
            {"readings": count, **average(shown == count)} for count in range(MASKS.shape[1] + 1)
        ],
        "mean_over_masks": average(shown > 0),
    }


def _errors(held_out: HeldOut, gate: AlignedGate, mask: int, has_image: bool) -> Tensor:
    """Mean prediction minus measured AQI of each session (S,)."""
    count = torch.bincount(held_out.session, minlength=len(held_out.aqi))
    photo = torch.arange(len(held_out.session))
    with torch.no_grad():
        logits, _ = pooled(
            gate,
            held_out,
            photo,
            torch.full_like(photo, mask),
            torch.full(photo.shape, has_image),
        )
    predicted = bins.mean(logits.softmax(1))
    total = torch.zeros(len(held_out.aqi)).index_add(0, held_out.session, predicted)
    return total / count - held_out.aqi
