"""The naive way, which every ratio is against: what an ordinary implementation of the paper does.

    python benchmarks/naive.py sky.jpg 48 95       a photo, and readings in the order of POLLUTANTS

Pillow decodes the whole photo, converts and resizes it as torchvision's `Resize` and `ToTensor` do
with a Pillow image; the network runs in torch, eager, under `no_grad`, with torch's own number of
threads. It is the very network that is served, so that all differences lie in how it is run.
"""

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the package, when run as a script

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.network.checkpoint import load_checkpoint
from aqfusion.settings import ASSETS, DEFAULT_MODEL

_EDGE, _BIN = 0.5, 10.0  # AQI: where the network's first bin begins, and what a bin spans


class NaiveModel:
    """The network in torch, and the way from bytes and numbers to an AQI."""

    def __init__(self, name: str = DEFAULT_MODEL) -> None:
        """Load a shipped model by its name."""
        checkpoint = load_checkpoint(ASSETS / "models" / name)
        self.network, self.size = checkpoint.network, checkpoint.config.image_size

    def decode(self, data: bytes) -> Tensor:
        """The photo as pixels 0..255 (1, 3, S, S)."""
        image = Image.open(io.BytesIO(data)).convert("RGB")
        resized = image.resize((self.size, self.size), Image.Resampling.BILINEAR)
        return torch.from_numpy(np.array(resized)).permute(2, 0, 1)[None].float()

    def embed(self, pixels: Tensor) -> Tensor:
        """The image embedding (1, 128)."""
        with torch.no_grad():
            embedding: Tensor = self.network.image_encoder(pixels)
        return embedding

    def predict(self, pixels: Tensor, readings: Sequence[float]) -> float:
        """The AQI, by the whole network; `readings` (6,) are NaN where missing."""
        with torch.no_grad():
            logits = self.network(pixels, torch.tensor([readings], dtype=torch.float32))
            probabilities = logits.softmax(1)[0]  # (50,)
            centres = _EDGE + _BIN * (torch.arange(len(probabilities)) + 0.5)
        return float(probabilities @ centres)


def readings_of(values: Sequence[float | None]) -> list[float]:
    """As many values as there are pollutants, NaN where missing."""
    filled = [*values, *[None] * (len(POLLUTANTS) - len(values))]
    return [float("nan") if value is None else value for value in filled]


def main(arguments: Sequence[str]) -> None:
    """Predict once in a process of its own, as JSON."""
    file, *values = arguments
    model = NaiveModel()
    readings = readings_of([float(value) for value in values])
    answer: dict[str, Any] = {"aqi": model.predict(model.decode(Path(file).read_bytes()), readings)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1:])
