"""A town at night: lit windows and street lamps before a sky that glows with their light."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aqfusion.scenes.canvas import CAMERA_M, Canvas
from aqfusion.scenes.city import Light, paint_house, plan
from aqfusion.scenes.land import paint_hills, paint_plain
from aqfusion.scenes.picture import develop

Floats = NDArray[np.floating[Any]]
GLOWS = ((0.9, 0.5, 0.2), (0.6, 0.55, 0.5), (0.25, 0.35, 0.7))  # sodium, LED, late dusk
LAMPS = ((1.0, 0.55, 0.16), (1.0, 0.9, 0.7), (0.75, 0.88, 1.0))
FARTHEST_M = 2500  # houses beyond it are specks that nobody sees in the dark
STARLIGHT = np.array([0.004, 0.006, 0.012])


def night(seed: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """Take a picture at night, `size` (width, height) in pixels; same seed, same pixels."""
    generator = np.random.default_rng([seed, 11])
    canvas = Canvas(*size)
    exposure = np.exp(generator.uniform(np.log(0.4), np.log(4)))
    glow = np.array(GLOWS[generator.integers(len(GLOWS))]) * generator.uniform(0.005, 0.06)
    ambient = np.asarray(0.3 * glow + STARLIGHT, np.float32)
    # Twice as dusky as dusk: two windows in three are lit.
    light = Light(ambient, ambient, 1.0, generator.uniform(0.3, 2.0))
    paint_hills(canvas, ambient, ambient, generator)
    paint_plain(canvas, ambient, ambient, generator)
    for house in plan(generator):
        if house.away < FARTHEST_M:
            paint_house(canvas, house, light, generator)
    sky = _sky(canvas, glow, generator)
    canvas.colour = np.where(np.isinf(canvas.distance_km)[..., None], sky, canvas.colour)
    _light_streets(canvas, generator)
    developed = develop(exposure * canvas.colour)
    grain = generator.normal(0, generator.uniform(0.01, 0.04), developed.shape)
    return Image.fromarray(np.clip(255 * (developed + grain), 0, 255).astype(np.uint8))


def _sky(canvas: Canvas, glow: Floats, generator: np.random.Generator) -> Floats:
    """Stars, perhaps a moon, and the town's light, brightest at the horizon; (h, w, 3)."""
    low = np.exp(-np.maximum(canvas.elevation, 0) / 0.2)[..., None]
    sky = np.broadcast_to(STARLIGHT + glow * low, canvas.colour.shape).copy()
    stars = generator.random(canvas.distance_km.shape) < generator.uniform(0, 0.002)
    sky[stars] += generator.uniform(0.05, 0.6, (int(stars.sum()), 1))
    if generator.random() < 0.4:
        row, column = generator.uniform(0.05, 0.4), generator.uniform(0.1, 0.9)
        away = np.hypot(
            canvas.rows - row * canvas.height, canvas.columns - column * canvas.width
        ) / (0.015 * canvas.width)
        sky += (np.clip(2 - 2 * away, 0, 1) + 0.04 * np.exp(-away / 3))[..., None]
    return sky


def _light_streets(canvas: Canvas, generator: np.random.Generator) -> None:
    """Rows of lamps that run away from the viewer, each with a halo."""
    for _ in range(generator.integers(2, 7)):
        lamp = np.array(LAMPS[generator.integers(len(LAMPS))]) * generator.uniform(0.5, 2)
        start, slope = generator.uniform(-0.45, 0.45), generator.uniform(-80, 80)
        away = generator.uniform(150, 400)
        while away < 3000:
            row = canvas.row_of(min(9.0, CAMERA_M), away)
            column = canvas.column_of(start * away + slope, away)
            _shine(canvas, row, column, lamp, 500 / away)
            away += 45


def _shine(canvas: Canvas, row: float, column: float, lamp: Floats, near: float) -> None:
    """Add one lamp with its halo; `near` is 1 at 500 m."""
    reach = max(3, int(8 * near * canvas.width / 400))
    first_row, first_column = max(0, int(row) - reach), max(0, int(column) - reach)
    rows = canvas.rows[first_row : max(0, int(row) + reach)]
    columns = canvas.columns[:, first_column : max(0, int(column) + reach)]
    away = np.hypot(rows - row, columns - column) / (reach / 4)
    light = (np.exp(-(away**2)) + 0.12 * np.exp(-away))[..., None] * lamp
    last_row, last_column = first_row + light.shape[0], first_column + light.shape[1]
    canvas.colour[first_row:last_row, first_column:last_column] += light.astype(np.float32)
