"""The objectives: a distribution over AQI, its mean, and the alignment of the two embeddings."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.torch_bins import mean

TEMPERATURE = 0.2


def distribution_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of logits (B, 50) against target distributions (B, 50).

    Its bins add up to the categories, so it is the category loss too, with neighbours nearer.
    """
    return -(targets * logits.log_softmax(1)).sum(1).mean()


def mean_loss(logits: Tensor, aqi: Tensor) -> Tensor:
    """Squared error of the distribution's mean against AQI (B,), in units of 50 AQI.

    Likelihood alone would trade far misses of the number for a little sharpness.
    """
    return ((mean(logits.softmax(1)) - aqi) / 50).square().mean()


def alignment_loss(image_embedding: Tensor, sensor_embedding: Tensor, session: Tensor) -> Tensor:
    """Contrastive alignment of embeddings (B, E) whose sessions are `session` (B,).

    After CLIP (Radford et al. 2021) and supervised contrast (Khosla et al. 2020): all pairs of the
    same session are positives of each other, so that two frames of one sky do not repel.
    """
    image = torch.nn.functional.normalize(image_embedding, dim=1)
    sensors = torch.nn.functional.normalize(sensor_embedding, dim=1)
    similarity = image @ sensors.T / TEMPERATURE  # (B, B)
    positive = (session[:, None] == session[None, :]).to(similarity.dtype)
    positive = positive / positive.sum(1, keepdim=True)
    to_sensors = -(positive * similarity.log_softmax(1)).sum(1).mean()
    to_image = -(positive * similarity.T.log_softmax(1)).sum(1).mean()
    return (to_sensors + to_image) / 2


@dataclass(frozen=True, eq=False)
class EmbeddingBatch:
    """A batch of B photos that joins the readings' space: what belongs to each.

    `readings` (B, 6) are standardised, NaN where missing; `targets` (B, 50); `session` (B,).
    """

    readings: Tensor
    targets: Tensor
    session: Tensor


def photo_loss(
    network: AQFusionNet,
    image: Tensor,
    batch: EmbeddingBatch,
    alignment: float,
    generator: torch.Generator,
) -> Tensor:
    """Photo alone, photo with some of the readings at a random weight, and alignment.

    `image` (B, E) are the photos' embeddings. The random weight is modality dropout made
    continuous: the pooled embedding has to be right wherever the gate, fitted later on held-out
    sessions, will put it.
    """
    chance = torch.rand((len(image), 1), generator=generator)
    hidden = torch.rand(batch.readings.shape, generator=generator) > chance
    with torch.no_grad():
        some = network.sensor_encoder(batch.readings.masked_fill(hidden, math.nan))
        full = network.sensor_encoder(batch.readings)
    lean = torch.rand((len(image), 1), generator=generator)
    fused = lean * image + (1 - lean) * some
    return (
        distribution_loss(network.head(image), batch.targets)
        + 0.5 * distribution_loss(network.head(fused), batch.targets)
        + alignment * alignment_loss(image, full, batch.session)
    )
