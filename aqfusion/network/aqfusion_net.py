"""AQFusionNet (arXiv 2509.00353): two encoders, one embedding space, one head, read top down.

The paper names the parts but not their layers; each choice here has its reason beside it.
B is the batch, E = 128 the embedding, 6 the sensors in the order of `POLLUTANTS`.
"""

import torch
from torch import Tensor, nn

from aqfusion.model.architecture import EMBED_DIM, SENSOR_COUNT, Architecture
from aqfusion.model.bins import BIN_COUNT
from aqfusion.network.image_encoder import ImageEncoder


class SensorEncoder(nn.Module):
    """Readings as one token each; a missing one has a learned token of its own.

    Zero or the mean in place of a missing reading would be a claim about the air; a learned
    token means "unknown", and the mask repeats it for the layers above.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        token, hidden = architecture.sensor_token_dim, architecture.sensor_hidden_dim
        self.register_buffer("mean", torch.tensor(architecture.sensor_mean))
        self.register_buffer("std", torch.tensor(architecture.sensor_std))
        self.slope = nn.Parameter(torch.randn(SENSOR_COUNT, token) * 0.5)
        self.offset = nn.Parameter(torch.randn(SENSOR_COUNT, token) * 0.5)
        self.missing = nn.Parameter(torch.randn(SENSOR_COUNT, token) * 0.5)
        self.mlp = nn.Sequential(
            nn.Linear(SENSOR_COUNT * (token + 1), hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, EMBED_DIM),
            nn.LayerNorm(EMBED_DIM),
        )

    def standardise(self, readings: Tensor) -> Tensor:
        """log(1 + x), then zero mean and unit variance; (B, 6), NaN stays NaN."""
        return (torch.log1p(readings) - self.mean) / self.std

    def forward(self, standardised: Tensor) -> Tensor:
        """Embed standardised readings (B, 6), NaN where missing, as (B, E)."""
        present = ~standardised.isnan()  # (B, 6)
        values = standardised.nan_to_num(0.0)[:, :, None]  # (B, 6, 1)
        present_tokens = values * self.slope + self.offset  # (B, 6, 16)
        tokens = torch.where(present[:, :, None], present_tokens, self.missing)  # (B, 6, 16)
        mask = present.to(tokens.dtype)  # (B, 6)
        embedding: Tensor = self.mlp(torch.cat([tokens.flatten(1), mask], 1))  # (B, E)
        return embedding


class AlignedGate(nn.Module):
    """How much the fused embedding leans on the photo, and how sure the outcome may be.

    The head is linear, so a convex mix of two embeddings is a logarithmic opinion pool of their
    single distributions. That makes the weight honest to show as "share of the photo". It
    depends on which readings are there and on how decided (entropy) each modality is; with 20
    weights it can be fitted on held-out sessions, where training sessions would teach it to trust
    a photo that the network merely remembers.
    """

    FEATURES = SENSOR_COUNT + 4

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Linear(self.FEATURES, 1, bias=False)
        self.sharpness = nn.Linear(self.FEATURES, 1, bias=False)
        nn.init.zeros_(self.weight.weight)
        nn.init.zeros_(self.sharpness.weight)

    def forward(
        self, image_logits: Tensor, sensor_logits: Tensor, has_image: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Pooled logits (B, 50) of two opinions (B, 50), and the photo's weight (B,) in 0..1."""
        any_sensor = present.any(1, keepdim=True)  # (B, 1)
        image = has_image[:, None]  # (B, 1)
        features = torch.cat(
            [
                (present & image).to(image_logits.dtype),  # (B, 6)
                _decidedness(image_logits) * image,
                _decidedness(sensor_logits) * any_sensor,
                image.to(image_logits.dtype),
                any_sensor.to(image_logits.dtype),
            ],
            1,
        )  # (B, 10)
        weight = torch.sigmoid(self.weight(features))
        weight = torch.where(any_sensor, weight, 1.0)
        weight = torch.where(image, weight, 0.0)
        opinion = weight * image_logits + (1 - weight) * sensor_logits  # (B, 50)
        return torch.exp(self.sharpness(features)) * opinion, weight[:, 0]


class AQFusionNet(nn.Module):
    """Photo and readings, any of them absent, to logits over the AQI bins."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.image_encoder = ImageEncoder(architecture.backbone)
        self.sensor_encoder = SensorEncoder(architecture)
        self.head = nn.Linear(EMBED_DIM, BIN_COUNT)
        self.gate = AlignedGate()

    def fuse(
        self, image_embedding: Tensor, sensor_embedding: Tensor, has_image: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Logits (B, 50) and the photo's weight (B,) from the two embeddings (B, E).

        `has_image` (B,) and `present` (B, 6) are boolean; an absent modality's embedding may hold
        anything finite. With neither, the output is only what the sensor encoder learned for
        "nothing known".
        """
        # A linear head: the mix of two embeddings' logits is the logits of their mix.
        pooled: tuple[Tensor, Tensor] = self.gate(
            self.head(image_embedding), self.head(sensor_embedding), has_image, present
        )
        return pooled

    def forward(self, images: Tensor, readings: Tensor) -> Tensor:
        """Logits (B, 50) from pixels 0..255 (B, 3, H, W) and readings (B, 6), NaN where missing."""
        has_image = torch.ones(len(images), dtype=torch.bool, device=images.device)
        sensors = self.sensor_encoder(self.sensor_encoder.standardise(readings))
        logits, _ = self.fuse(self.image_encoder(images), sensors, has_image, ~readings.isnan())
        return logits


def _decidedness(logits: Tensor) -> Tensor:
    """1 for a single certain bin, 0 for all bins alike: one minus the normalised entropy (B, 1)."""
    log_p = logits.log_softmax(1)
    entropy = -(log_p.exp() * log_p).sum(1, keepdim=True)
    return 1 - entropy / torch.log(torch.tensor(float(BIN_COUNT)))
