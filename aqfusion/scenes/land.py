"""The ground without buildings: ranges of hills, the plain, and the bushes before the viewer."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aqfusion.scenes.canvas import CAMERA_M, Canvas
from aqfusion.scenes.noise import fractal, sample

Floats = NDArray[np.floating[Any]]
# distance km, crest m, share of the width that a ridge takes, colour of the slopes
RANGES = (
    (34.0, 3000.0, 0.34, (0.12, 0.12, 0.125)),
    (21.0, 1500.0, 0.26, (0.075, 0.095, 0.07)),
    (12.0, 520.0, 0.20, (0.06, 0.09, 0.045)),
    (7.5, 170.0, 0.15, (0.05, 0.085, 0.035)),
)
MEADOW = np.array([0.115, 0.155, 0.055])
EARTH = np.array([0.25, 0.20, 0.14])
WOOD = np.array([0.035, 0.065, 0.022])


def paint_hills(canvas: Canvas, light: Floats, sky: Floats, generator: np.random.Generator) -> None:
    """Four ranges, the farthest first; `light` and `sky` are the two light colours, (3,)."""
    first, last = int(canvas.horizon * 0.5), int(canvas.horizon + 0.03 * canvas.height) + 1
    rows = canvas.rows[first:last]
    for distance_km, crest_m, ridge, colour in RANGES:
        cell = max(4, int(canvas.width * ridge))
        profile = fractal(generator, (4, canvas.width), cell, 0.5)[1]
        height_m = crest_m * (0.06 + np.logaddexp(0, 2.2 + 1.5 * profile) / 4)
        top = canvas.horizon + canvas.focal * (CAMERA_M - height_m) / (1000 * distance_km)
        relief = fractal(generator, (len(rows), canvas.width), max(4, cell // 4), 0.6)
        shade = np.clip(0.62 + 0.26 * relief, 0.12, 1.3)[..., None]
        lit = np.array(colour) * (light * shade * 1.3 + sky * 0.55)
        canvas.paint(rows >= top, np.asarray(lit, np.float32), distance_km, first)


def paint_plain(canvas: Canvas, light: Floats, sky: Floats, generator: np.random.Generator) -> None:
    """Fields, copses and bare earth up to 7 km, in true perspective."""
    below = np.maximum(canvas.rows - canvas.horizon, 0.5)
    distance_m = np.maximum(canvas.focal * CAMERA_M / below, 30.0)
    right_m = (canvas.columns - canvas.width / 2) * distance_m / canvas.focal
    fields = fractal(generator, (256, 512), 32, 0.6)
    patches = sample(fields, distance_m / 14, right_m / 9)[..., None]
    trees = sample(fields, distance_m / 5 + 99, right_m / 3.5)[..., None]
    ground = MEADOW + (EARTH - MEADOW) * np.clip(0.45 + 0.5 * patches, 0, 1)
    cover = np.clip(0.75 + 1.3 * trees + distance_m[..., None] / 5000, 0, 1)
    ground = ground + (WOOD * (1 + 0.3 * patches) - ground) * cover
    grass = sample(fields, 1.6 * distance_m, 1.6 * right_m)[..., None]
    lit = np.asarray(ground * (1 + 0.13 * grass) * (light + sky), np.float32)
    distance_km = np.broadcast_to(distance_m / 1000, canvas.distance_km.shape)
    canvas.paint(distance_km < 7.4, lit, np.asarray(distance_km, np.float32))


def paint_bushes(
    canvas: Canvas, light: Floats, sky: Floats, generator: np.random.Generator
) -> None:
    """A dark hedge along the lower edge, 50 m away: the nearest thing in the picture."""
    unit = canvas.height / 600
    edge = fractal(generator, (4, canvas.width), max(4, int(90 * unit)), 0.55)[1]
    lift = np.abs(canvas.columns / canvas.width - 0.5) ** 2 * 150
    top = canvas.height - unit * (26 + 7 * edge + lift)
    leaves = fractal(generator, (canvas.height // 3, canvas.width), max(4, int(12 * unit)), 0.8)
    row = np.clip(canvas.rows - top, 0, canvas.height // 3 - 1)
    leaf = sample(leaves, np.asarray(row), np.broadcast_to(canvas.columns, row.shape))
    depth = row / (60 * unit)
    shade = np.clip(0.75 + 0.36 * leaf - 0.55 * depth, 0.06, 1.7)[..., None]
    colour = np.array([0.06, 0.095, 0.026]) * shade * (0.8 * light + sky)
    mask = canvas.rows + 3.2 * unit * leaf >= top
    canvas.paint(np.asarray(mask), np.asarray(colour, np.float32), 0.05)
