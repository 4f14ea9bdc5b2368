"""Why an AQI is what it is: attribution and heat map, the naive way beside ours."""

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from aqfusion.evaluation.latency import READING
from aqfusion.explain.attribution import PHOTO, SHOWN, ablations, contributions, shapley_values
from aqfusion.explain.saliency import GradCAM, saliency_map
from aqfusion.explain.what_if import WhatIfInput
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import load_model
from aqfusion.network.aqfusion_net import AQFusionNet
from benchmarks.naive import NaiveModel
from benchmarks.photos import READINGS, picture
from benchmarks.timing import NAIVE, OURS, compare

_CACHED = "cached"  # the embedding is kept, coalitions are asked one by one
_PLAYERS = len((PHOTO, *READINGS))


def explain(quick: bool) -> dict[str, Any]:
    """Ablations and exact Shapley values of photo and six readings: 128 predictions.

    The naive way asks the whole network for one coalition after the other, a grey picture standing
    for a photo that is not shown.
    """
    naive, ours = NaiveModel(), load_model()
    scene = Photo.from_image(picture(0.5))
    pixels, embedding = naive.decode(scene.to_jpeg()), ours.embed(scene)
    rows = SHOWN[: 2**_PLAYERS, :_PLAYERS]
    grey = torch.full_like(pixels, 127.0)
    ask = partial(ours.ask, embedding)

    def one_by_one() -> object:
        return shapley_values(
            np.array(
                [
                    naive.predict(
                        pixels if row[0] else grey, np.where(row[1:], READINGS, np.nan).tolist()
                    )
                    for row in rows[: 4 if quick else None]
                ]
            )
        )

    def cached() -> object:
        return shapley_values(
            np.array(
                [
                    ask(row[:1], np.where(row[1:], READINGS, np.nan)[None]).aqi[0]
                    for row in rows[: 4 if quick else None]
                ]
            )
        )

    def one_batch() -> object:
        coalitions = WhatIfInput(ask, READING, has_photo=True).coalitions()
        return ablations(coalitions), contributions(coalitions)

    ways = {NAIVE: one_by_one, _CACHED: cached, OURS: one_batch}
    return {"predictions": len(rows)} | compare(ways, 1 if quick else 3)


class _PhotoNetwork(nn.Module):
    """The network as a function of the photo alone, as the grad-cam package wants one."""

    def __init__(self, network: AQFusionNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits (1, 50) of pixels (1, 3, H, W)."""
        logits: Tensor = self.network(pixels, torch.full((1, len(READINGS)), float("nan")))
        return logits


def heat_map(quick: bool) -> dict[str, Any]:
    """GradCAM of a photo: the package's hooks on the whole network, and ours."""
    naive, ours = NaiveModel(), load_model()
    scene = Photo.from_image(picture(0.5))
    pixels = naive.decode(scene.to_jpeg())
    network = _PhotoNetwork(naive.network)
    layers = [naive.network.image_encoder.trunk.bn2]

    def hooked() -> object:
        def aqi(logits: Tensor) -> Tensor:
            return logits.softmax(-1) @ torch.arange(logits.shape[-1], dtype=torch.float32)

        with GradCAM(network, layers) as cam:
            return cam(pixels.clone().requires_grad_(), [aqi])

    ways = {NAIVE: hooked, OURS: lambda: saliency_map(ours, scene)}
    return compare(ways, 1 if quick else 15)


PARTS = {"explain": explain, "heat_map": heat_map}
