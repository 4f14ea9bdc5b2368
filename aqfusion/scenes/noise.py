"""Seeded fractal noise: the roughness of hills, leaves and clouds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.floating[Any]]


def fractal(
    generator: np.random.Generator, shape: tuple[int, int], cell: int, fade: float = 0.5
) -> Floats:
    """Noise of `shape` with mean 0 and spread 1, from cells of `cell` px down to single pixels.

    Each octave halves the cell and weighs `fade` times the one before.
    """
    height, width = shape
    total, weight = np.zeros(shape, np.float32), 1.0
    while cell >= 1:
        grid = generator.normal(size=(height // cell + 3, width // cell + 3)).astype(np.float32)
        box = (1, 1, 1 + width / cell, 1 + height / cell)
        layer = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC, box)
        total += weight * np.asarray(layer)
        weight *= fade
        cell //= 2
    return np.asarray((total - total.mean()) / total.std(), np.float32)


def sample(texture: Floats, row: Floats, column: Floats) -> Floats:
    """Look a texture up at fractional positions (bilinear); outside it repeats as in a mirror."""
    (r0, r1, fr), (c0, c1, fc) = (
        _mirrored(position, size)
        for position, size in zip((row, column), texture.shape, strict=True)
    )
    top = texture[r0, c0] * (1 - fc) + texture[r0, c1] * fc
    bottom = texture[r1, c0] * (1 - fc) + texture[r1, c1] * fc
    return np.asarray(top * (1 - fr) + bottom * fr, np.float32)


def _mirrored(position: Floats, size: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    folded = size - 1 - np.abs((np.abs(position) % (2 * (size - 1))) - (size - 1))
    first = np.minimum(folded.astype(np.intp), size - 2)
    return first, first + 1, np.asarray(folded - first, np.float32)
