"""Photos to batches of pixels for trainings."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from aqfusion.images.photo import Photo
from aqfusion.model.pixels import STORED_SIZE, pixels

# Haze is read from contrast, colour and where in the frame they fade. So: no hue or saturation
# jitter, no blur, no vertical flip; a mild gain stands for exposure.
CROP_AREA = (0.5, 1.0)
GAIN = 0.12


def stack(photos: Sequence[Photo], size: int = STORED_SIZE) -> Tensor:
    """Several photos as uint8 (B, 3, size, size)."""
    return torch.stack([torch.from_numpy(pixels(photo, size)) for photo in photos])


def augment(images: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Random crop, mirror and gain of uint8 (B, 3, H, W) as float 0..255 (B, 3, size, size)."""
    count = len(images)
    area = torch.empty(count).uniform_(*CROP_AREA, generator=generator)
    ratio = torch.empty(count).uniform_(-0.2, 0.2, generator=generator).exp()
    width = (area * ratio).sqrt().clamp(max=1.0)
    height = (area / ratio).sqrt().clamp(max=1.0)
    x = (2 * torch.rand(count, generator=generator) - 1) * (1 - width)
    y = (2 * torch.rand(count, generator=generator) - 1) * (1 - height)
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    zero = torch.zeros(count)
    rows = [torch.stack([mirror * width, zero, x], 1), torch.stack([zero, height, y], 1)]
    grid = torch.nn.functional.affine_grid(
        torch.stack(rows, 1), [count, 3, size, size], align_corners=False
    )
    cropped = torch.nn.functional.grid_sample(images.float(), grid, align_corners=False)
    gain = torch.empty(count, 1, 1, 1).uniform_(-GAIN, GAIN, generator=generator).exp()
    return (cropped * gain).clamp(0, 255)


def batches(count: int, size: int) -> list[slice]:
    """Slices that cover `count` items in steps of `size`."""
    return [slice(i * size, (i + 1) * size) for i in range(math.ceil(count / size))]
