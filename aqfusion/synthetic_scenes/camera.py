"""A pinhole camera on a roof, its picture with colour and distance, and fractal noise.

Objects are painted far to near without any air; the air comes in one step at the end.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.floating[Any]]
CAMERA_M = 42.0  # height of the viewer above the plain
HORIZON = 0.60  # of the picture's height, from the top
FOCAL = 1.25  # focal length in picture widths: a view 44 degrees wide


class Canvas:
    """`colour` (height, width, 3) in linear light and `distance_km` (height, width), inf is sky."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.focal = FOCAL * width
        self.horizon = HORIZON * height
        self.colour = np.zeros((height, width, 3), np.float32)
        self.distance_km = np.full((height, width), np.inf, np.float32)
        self.rows = np.arange(height, dtype=np.float32)[:, None] + 0.5
        self.columns = np.arange(width, dtype=np.float32)[None, :] + 0.5

    @property
    def elevation(self) -> Floats:
        """Angle above the horizon, radians, (height, 1)."""
        return np.asarray(np.arctan((self.horizon - self.rows) / self.focal), np.float32)

    @property
    def azimuth(self) -> Floats:
        """Angle to the right of straight ahead, radians, (1, width)."""
        return np.asarray(np.arctan((self.columns - self.width / 2) / self.focal), np.float32)

    def row_of(self, height_m: float, distance_m: float) -> float:
        """The row where something `height_m` above the plain appears."""
        return self.horizon + self.focal * (CAMERA_M - height_m) / distance_m

    def column_of(self, right_m: float, distance_m: float) -> float:
        """The column where something `right_m` to the right appears."""
        return self.width / 2 + self.focal * right_m / distance_m

    def paint(
        self,
        mask: NDArray[np.bool_],
        colour: Floats,
        distance_km: Floats | float,
        first_row: int = 0,
    ) -> None:
        """Cover the pixels of `mask` (h, width), which begins at `first_row`, with a near thing."""
        rows = slice(first_row, first_row + mask.shape[0])
        self.colour[rows][mask] = np.broadcast_to(colour, (*mask.shape, 3))[mask]
        self.distance_km[rows][mask] = np.broadcast_to(distance_km, mask.shape)[mask]

    def patch(
        self, top: float, left: float, colour: Floats, alpha: Floats, distance_km: float
    ) -> None:
        """Blend in a tile `colour` (h, w, 3) with `alpha` (h, w) at a corner; the rest is cut off.

        The distance changes where the tile covers more than half.
        """
        y, x = round(top), round(left)
        y0, x0 = max(y, 0), max(x, 0)
        y1, x1 = min(y + alpha.shape[0], self.height), min(x + alpha.shape[1], self.width)
        if y0 >= y1 or x0 >= x1:
            return
        colour = np.broadcast_to(colour, (*alpha.shape, 3))[y0 - y : y1 - y, x0 - x : x1 - x]
        alpha = alpha[y0 - y : y1 - y, x0 - x : x1 - x]
        behind = self.colour[y0:y1, x0:x1]
        self.colour[y0:y1, x0:x1] = behind + (colour - behind) * alpha[..., None]
        self.distance_km[y0:y1, x0:x1][alpha > 0.5] = distance_km


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
