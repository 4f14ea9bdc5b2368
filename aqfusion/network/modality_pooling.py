"""Pool what photo and readings say, with gradients: what trainings and measurements fit."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from aqfusion.model.fusion import Fused
from aqfusion.model.prediction import KINDS
from aqfusion.network.aqfusion_net import AlignedGate, AQFusionNet


@dataclass(frozen=True, eq=False)
class ModalityPredictions:
    """Logits (B, 50) of the photo and of the readings alone, and which of them are shown.

    `has_image` (B,) and `present` (B, 6) are boolean; what is not shown may hold anything finite.
    """

    image: Tensor
    sensors: Tensor
    has_image: Tensor
    present: Tensor

    @cached_property
    def kinds(self) -> Tensor:
        """The number in `KINDS` of each input (B,)."""
        return kind_numbers(self.present.any(1), self.has_image)

    def by_kind(self, table: Mapping[str, float]) -> Tensor:
        """The entry of each input's kind (B,)."""
        return torch.tensor([table[kind] for kind in KINDS], dtype=torch.float64)[self.kinds]


def kind_numbers(any_reading: Tensor, has_image: Tensor) -> Tensor:
    """The number in `KINDS` (B,) of inputs with any reading and with the photo shown, (B,) each."""
    fused, image_only, sensors_only, nothing = range(len(KINDS))
    with_photo = torch.where(any_reading, fused, image_only)
    return torch.where(has_image, with_photo, torch.where(any_reading, sensors_only, nothing))


def modality_logits(
    network: AQFusionNet, image: Tensor | None, readings: Tensor, has_image: Tensor
) -> ModalityPredictions:
    """Logits of photos embedded as (B, 128), or (1, 128) for all, and of readings (B, 6)."""
    encoder = network.sensor_encoder
    sensors = network.head(encoder(encoder.standardise(readings)))  # (B, 50)
    # Where no photo is shown, any logits may stand in its place.
    photo = sensors[:1] if image is None else network.head(image)
    return ModalityPredictions(
        photo.expand(len(readings), -1), sensors, has_image, ~readings.isnan()
    )


def calibrated_logits(
    gate: AlignedGate, temperature: Mapping[str, float], modalities: ModalityPredictions
) -> tuple[Tensor, Tensor]:
    """Pooled logits (B, 50) over the temperature of the input's kind; the photo's weight (B,)."""
    logits, share = gate(
        modalities.image, modalities.sensors, modalities.has_image, modalities.present
    )
    return logits.double() / modalities.by_kind(temperature)[:, None], share


def fuse_modalities(
    gate: AlignedGate,
    temperature: Mapping[str, float],
    reach: Mapping[str, float],
    modalities: ModalityPredictions,
) -> Fused:
    """The calibrated distribution of photo and readings, where no site has a part in it."""
    logits, share = calibrated_logits(gate, temperature, modalities)
    probabilities, half, photo = (
        tensor.detach().double().numpy()
        for tensor in (logits.softmax(1), modalities.by_kind(reach), share)
    )
    return Fused(probabilities, half, photo, np.zeros_like(photo))
