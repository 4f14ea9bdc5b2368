"""Hold-out predictions: a network's logits for sessions that it has not seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import Tensor

from aqfusion.air.readings import POLLUTANTS
from aqfusion.images.photo import Photo
from aqfusion.io.atomic_files import replace_file
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.image_features import BATCH, extract_features
from aqfusion.network.pixel_tensors import batches, stack
from aqfusion.training.sessions import Session, session_aqi, session_readings

MASKS = torch.tensor(
    [[bool(mask >> bit & 1) for bit in range(len(POLLUTANTS))] for mask in range(64)]
)  # (64, 6): which readings are shown; row 63 shows all
ALL_SHOWN = 63


@dataclass(frozen=True)
class HoldoutPredictions:
    """Logits of each modality alone, S sessions and N photos; the fusion follows from them.

    `cnn_logits` and `haze_logits` (N, 50) are of the image encoder's two branches; `session` (N,)
    is each photo's session; `sensor_logits` (S, 64, 50) has one row per mask; `present` (S, 6);
    `aqi` (S,); `fold` (S,).
    """

    cnn_logits: Tensor
    haze_logits: Tensor
    session: Tensor
    sensor_logits: Tensor
    present: Tensor
    aqi: Tensor
    fold: Tensor

    def save(self, path: Path) -> None:
        """Write as safetensors, whole or not at all."""
        tensors = {field.name: getattr(self, field.name).contiguous() for field in fields(self)}
        replace_file(path, save(tensors))

    @classmethod
    def load(cls, path: Path) -> "HoldoutPredictions":
        """Read what `save` wrote."""
        return cls(**load_file(path))

    def where(self, keep: Tensor) -> "HoldoutPredictions":
        """Only the sessions for which `keep` (S,) is true, with their photos."""
        photos = keep[self.session]
        number = keep.long().cumsum(0) - 1
        return HoldoutPredictions(
            self.cnn_logits[photos],
            self.haze_logits[photos],
            number[self.session[photos]],
            self.sensor_logits[keep],
            self.present[keep],
            self.aqi[keep],
            self.fold[keep],
        )


def concatenate(parts: Sequence[HoldoutPredictions]) -> HoldoutPredictions:
    """Several held-out parts as one."""
    offsets = torch.tensor([0, *[len(part.aqi) for part in parts]]).cumsum(0)
    return HoldoutPredictions(
        torch.cat([part.cnn_logits for part in parts]),
        torch.cat([part.haze_logits for part in parts]),
        torch.cat([part.session + offset for part, offset in zip(parts, offsets, strict=False)]),
        torch.cat([part.sensor_logits for part in parts]),
        torch.cat([part.present for part in parts]),
        torch.cat([part.aqi for part in parts]),
        torch.cat([part.fold for part in parts]),
    )


def predict_holdout(
    network: AQFusionNet,
    sessions: Sequence[Session],
    size: int,
    report: Callable[[str], None],
    limit: int | None = None,
) -> HoldoutPredictions:
    """Logits for every photo (or `limit` per session) and every mask of the readings."""
    rows = [row for session in sessions for row in session.rows[:limit]]
    owner = [i for i, session in enumerate(sessions) for _ in session.rows[:limit]]
    logits = []
    for part in batches(len(rows), BATCH):
        logits.append(
            image_logits(network, stack([Photo.open(row.photo) for row in rows[part]], size))
        )
        if part.stop % (160 * BATCH) == 0:
            report(f"predicted {part.stop} of {len(rows)} photos")
    cnn_logits, haze_logits = (torch.cat(branch) for branch in zip(*logits, strict=True))
    with torch.no_grad():
        readings = session_readings(sessions)  # (S, 6)
        masked = readings[:, None].masked_fill(~MASKS, float("nan"))  # (S, 64, 6)
        standardised = network.sensor_encoder.standardise(masked.flatten(0, 1))
        sensor_logits = network.head(network.sensor_encoder(standardised))
    return HoldoutPredictions(
        cnn_logits,
        haze_logits,
        torch.tensor(owner),
        sensor_logits.unflatten(0, (len(sessions), len(MASKS))),
        ~readings.isnan(),
        session_aqi(sessions),
        torch.tensor([session.fold for session in sessions]),
    )


def image_logits(network: AQFusionNet, images: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (B, 50) of each branch of the image encoder alone, of pixels uint8 (B, 3, H, W)."""
    encoder = network.image_encoder
    features, statistics = extract_features(encoder, images)
    with torch.no_grad():
        cnn: Tensor = network.head(encoder.norm(encoder.project(features)))
        haze: Tensor = network.head(encoder.haze(statistics))
    return cnn, haze
