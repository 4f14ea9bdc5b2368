"""The objectives: a distribution over AQI, its mean, and the alignment of the two embeddings."""

import torch
from torch import Tensor

from aqfusion.model.bins import mean

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
