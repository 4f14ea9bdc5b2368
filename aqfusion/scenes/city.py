"""A town on the plain: houses and towers in true perspective, far to near, with trees between."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aqfusion.scenes.canvas import Canvas

Floats = NDArray[np.floating[Any]]
FLOOR_M, BAY_M = 3.2, 3.4
WALLS = (
    (0.62, 0.58, 0.50), (0.55, 0.47, 0.36), (0.48, 0.46, 0.43), (0.66, 0.62, 0.56),
    (0.44, 0.27, 0.19), (0.58, 0.50, 0.33), (0.40, 0.44, 0.46), (0.52, 0.38, 0.30),
)  # fmt: skip
GLASS = np.array([0.045, 0.06, 0.075])
LAMP = np.array([1.0, 0.62, 0.25])
ROOF = np.array([0.36, 0.34, 0.31])


@dataclass(frozen=True)
class Light:
    """Sun and sky on walls (3,); `side` is -1 for sun from the left, `dusk` 0 to 1 lights lamps."""

    sun: Floats
    sky: Floats
    side: float
    dusk: float


@dataclass(frozen=True)
class House:
    """A box on the plain, all in metres; `right` is its left edge, `away` its front wall."""

    right: float
    away: float
    width: float
    deep: float
    tall: float


def plan(generator: np.random.Generator) -> list[House]:
    """Blocks at 0.2 to 6 km, farthest first; towers stand in two clusters."""
    houses = []
    centres = generator.uniform(-0.25, 0.25, 2)
    away = 6000.0
    while away > 230:
        right = -0.47 * away
        while right < 0.47 * away:
            near = np.exp(-(((right / away - centres) / 0.09) ** 2)).sum() * (away > 900)
            tall = generator.lognormal(2.35, 0.32) + generator.random() ** 2 * 75 * near
            width = generator.uniform(11, 26)
            houses.append(
                House(right, away * generator.uniform(0.94, 1.06), width, width, min(tall, 115))
            )
            crowded = 0.9 + 1.6 * (away < 700)
            right += width + generator.exponential(14) * crowded
        away *= 0.87
    return sorted(houses, key=lambda house: -house.away)


def paint_house(canvas: Canvas, house: House, light: Light, generator: np.random.Generator) -> None:
    """Front wall with windows, the side wall that faces the viewer, and the roof with its tanks."""
    front, back = house.away, house.away + house.deep
    wall = np.array(WALLS[generator.integers(len(WALLS))]) * generator.uniform(0.75, 1.05)
    left = canvas.column_of(house.right, front)
    wide = canvas.focal * house.width / front
    if left + wide < 0 or left > canvas.width or wide < 1.5:
        return
    top, foot = canvas.row_of(house.tall, front), canvas.row_of(0, front)
    _paint_side(canvas, house, wall, light)
    roof = canvas.row_of(house.tall, back)
    if roof < top:
        slab = np.ones((max(1, round(top - roof)), max(1, round(wide))), np.float32)
        colour = ROOF * generator.uniform(0.7, 1.2) * (0.9 * light.sun + light.sky)
        canvas.patch(roof, left, np.asarray(colour, np.float32), slab, front / 1000)
    shape = (max(1, round(foot) - round(top)), max(1, round(wide)))
    tile = _front(shape, canvas.focal / front, wall, light, generator)
    canvas.patch(round(top), left, tile, np.ones(shape, np.float32), front / 1000)
    _paint_tanks(canvas, house, wall, light, generator)


def _front(
    shape: tuple[int, int],
    scale: float,
    wall: Floats,
    light: Light,
    generator: np.random.Generator,
) -> Floats:
    """The front wall as a tile (h, w, 3); `scale` is pixels per metre."""
    rows, columns = ((np.arange(size) + 0.5) / scale for size in shape)
    facing = 0.42 + 0.2 * generator.random()
    stain = generator.normal(0, 0.03, shape[1])[None, :, None]
    fall = 1 - 0.22 * (rows / rows[-1])[:, None, None]
    tile = wall * (facing * light.sun + 0.8 * light.sky) * fall * (1 + stain)
    blur = min(1.0, scale * 0.55)  # windows smaller than a pixel melt into the wall
    across, down = (columns - 0.4) % BAY_M, (rows - 0.9) % FLOOR_M
    pane = ((down > 0.7) & (down < 2.2))[:, None] & ((across > 0.8) & (across < 2.5))[None, :]
    floors, bays = (rows / FLOOR_M).astype(int), (columns / BAY_M).astype(int)
    each = generator.random((floors[-1] + 1, bays[-1] + 1))[floors][:, bays][..., None]
    glass = GLASS + 0.32 * each**3 * light.sky
    glass = np.where(each > 1 - 0.35 * light.dusk, LAMP * (0.45 + 0.4 * each), glass)
    ledge = (down > FLOOR_M - 0.35)[:, None, None] * 0.12 * min(1, blur)
    cover = (pane * 0.9 * blur)[..., None]
    return np.asarray(tile * (1 - ledge) * (1 - cover) + glass * cover, np.float32)


def _paint_side(canvas: Canvas, house: House, wall: Floats, light: Light) -> None:
    """The wall that runs away from the viewer, column by column."""
    seen_left = house.right > 0
    corner = house.right if seen_left else house.right + house.width
    front = canvas.column_of(corner, house.away)
    behind = canvas.column_of(corner, house.away + house.deep)
    towards_sun = (light.side < 0) == seen_left
    colour = wall * ((0.75 if towards_sun else 0.08) * light.sun + 0.6 * light.sky)
    for column in range(round(min(front, behind)), round(max(front, behind))):
        offset = column + 0.5 - canvas.width / 2
        away = canvas.focal * corner / offset if offset * corner > 0 else house.away
        away = float(np.clip(away, house.away, house.away + house.deep))
        top, foot = canvas.row_of(house.tall, away), canvas.row_of(0, away)
        strip = np.ones((max(1, round(foot) - round(top)), 1), np.float32)
        canvas.patch(round(top), column, np.asarray(colour, np.float32), strip, away / 1000)


def _paint_tanks(
    canvas: Canvas, house: House, wall: Floats, light: Light, generator: np.random.Generator
) -> None:
    """Stair heads, water tanks and masts on the roof."""
    scale = canvas.focal / house.away
    if scale < 0.5:
        return
    for width, height, share in ((4.0, 2.6, 0.7), (1.8, 1.6, 1.6), (0.14, 5.0, 0.8)):
        for _ in range(generator.poisson(share)):
            at = house.right + generator.uniform(0.05, 0.75) * house.width
            size = (max(1, round(height * scale)), max(1, round(width * scale)))
            tone = wall if width > 3 else np.array([0.06, 0.06, 0.065])
            colour = np.asarray(tone * (0.5 * light.sun + 0.8 * light.sky), np.float32)
            alpha = np.full(size, min(1.0, width * scale), np.float32)
            top = canvas.row_of(house.tall + height, house.away)
            left = canvas.column_of(at, house.away)
            canvas.patch(round(top), left, colour, alpha, house.away / 1000)
