"""Compose an outdoor scene: land, trees, town, air, sky, clouds, and a camera's curve."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aqfusion.io.atomic_files import replace_file
from aqfusion.synthetic_scenes.atmosphere import KINDS, Air, through_air
from aqfusion.synthetic_scenes.camera import CAMERA_M, Canvas, fractal, sample
from aqfusion.synthetic_scenes.catalog import SCENES, SyntheticScene, scenes

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


LEAF = ((0.05, 0.085, 0.024), (0.062, 0.095, 0.028), (0.04, 0.07, 0.025), (0.075, 0.09, 0.03))


@dataclass(frozen=True)
class Tree:
    """Position and height of a tree in metres; about as wide as tall."""

    right: float
    away: float
    tall: float


class Foliage:
    """One sheet of leaf noise, from which each tree cuts its own piece."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.lumps = fractal(generator, (256, 256), 64, 0.62)
        self.leaves = fractal(generator, (256, 256), 8, 0.8)

    def paint(
        self,
        canvas: Canvas,
        tree: Tree,
        light: Light,
        generator: np.random.Generator,
    ) -> None:
        """Paint one tree; crowns of less than a pixel are not drawn."""
        away, tall = tree.away, tree.tall
        scale = canvas.focal / away
        wide = tall * generator.uniform(0.75, 1.1) * scale / 2
        high = tall * scale / 2
        if high < 0.8:
            return
        rows, columns = (
            np.arange(-int(1.5 * size) - 1, int(1.5 * size) + 2) for size in (high, wide)
        )
        v, u = np.asarray(rows[:, None] / high), np.asarray(columns[None, :] / wide)
        corner = generator.uniform(0, 256, 2)
        grain = np.clip(high, 4, 60)
        r, c = np.broadcast_arrays(corner[0] + v * grain, corner[1] + u * grain)
        lumps = sample(self.lumps, r, c)
        leaves = sample(self.leaves, 2.2 * r, 2.2 * c)
        body = 1 - np.hypot(u, v) ** 2 + 0.5 * lumps + 0.2 * leaves
        alpha = np.clip(body * np.clip(high / 3, 1, 6) + 0.3, 0, 1)
        lit = 0.62 - 0.42 * v + 0.28 * light.side * u + 0.24 * lumps + 0.2 * leaves
        shade = np.clip(lit, 0.1, 1.6)[..., None]
        tone = np.array(LEAF[generator.integers(len(LEAF))])
        colour = tone * (light.sun * shade * 1.25 + light.sky * (0.3 + 0.5 * shade))
        top = canvas.row_of(tall / 2, away) + rows[0]
        left = canvas.column_of(tree.right, away) + columns[0]
        canvas.patch(
            top, left, np.asarray(colour, np.float32), np.asarray(alpha, np.float32), away / 1000
        )


def grove(generator: np.random.Generator) -> list[Tree]:
    """Trees between 0.18 and 2.5 km, in clumps, and some alone."""
    clumps = np.exp(generator.uniform(np.log(185), np.log(2500), 130))
    aside = generator.uniform(-0.46, 0.46, 130)
    trees = []
    for away, side in zip(clumps, aside, strict=True):
        for _ in range(1 + generator.poisson(7)):
            there = max(180.0, away + generator.normal(0, 12))
            right = side * away + generator.normal(0, 14)
            trees.append(Tree(float(right), float(there), float(generator.gamma(16, 0.55))))
    return trees


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


OVERSAMPLING = 2
SENSOR_NOISE = 0.0035  # of full scale
JPEG_QUALITY = 85


def write_scenes(folder: Path, catalog: Path = SCENES, size: tuple[int, int] = (800, 600)) -> None:
    """Render each scene of the catalog's folder to `<id>.jpg`, `size` (width, height) in pixels."""
    for scene in scenes(catalog):
        jpeg = io.BytesIO()
        render(scene, size).save(jpeg, "JPEG", quality=JPEG_QUALITY, optimize=True)
        replace_file(folder / scene.file, jpeg.getvalue())


def render(scene: SyntheticScene, size: tuple[int, int] = (800, 600)) -> Image.Image:
    """Take the picture of a scene, `size` (width, height) in pixels; same scene, same pixels."""
    width, height = size
    light, _ = radiance(scene, (width * OVERSAMPLING, height * OVERSAMPLING))
    fine = light.reshape(height, OVERSAMPLING, width, OVERSAMPLING, 3)
    developed = develop(fine).mean((1, 3))
    generator = np.random.default_rng([scene.seed, 1])
    grain = generator.normal(0, SENSOR_NOISE, (height, width, 1))
    pixels = np.clip(255 * (developed + grain) + 0.5, 0, 255)
    return Image.fromarray(pixels.astype(np.uint8))


def radiance(scene: SyntheticScene, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Linear light (height, width, 3) that reaches the viewer, and distance in km, inf for sky."""
    air = Air(
        KINDS[scene.kind],
        scene.visibility_km,
        float(np.deg2rad(scene.sun_elevation_deg)),
        float(np.deg2rad(scene.sun_azimuth_deg)),
    )
    canvas = _land(air, scene.seed, size)
    ground = np.isfinite(canvas.distance_km)
    path_km = air.slanted_km(np.where(ground, canvas.distance_km, 0), canvas.elevation)
    veil = air.airlight(*np.broadcast_arrays(np.maximum(canvas.elevation, 0), canvas.azimuth))
    light = through_air(canvas.colour, path_km, air.beta, veil)
    above = slice(0, int(canvas.horizon) + 1)  # land covers all that is lower
    sky = air.sky(*np.broadcast_arrays(canvas.elevation[above], canvas.azimuth))
    if scene.clouds:
        sky = _clouds(sky, canvas, air, scene)
    light[above] = np.where(ground[above, :, None], light[above], sky)
    return light, canvas.distance_km


def _land(air: Air, seed: int, size: tuple[int, int]) -> Canvas:
    generator = np.random.default_rng([seed, 0])
    canvas = Canvas(*size)
    overhead = air.sky(np.full(1, 0.9, np.float32), np.full(1, air.sun_azimuth + 1, np.float32))[0]
    level = air.airlight(np.zeros(1, np.float32), np.full(1, air.sun_azimuth + 1, np.float32))[0]
    ambient = np.asarray(0.25 * overhead + 0.45 * level, np.float32)
    sun = air.sunlight()
    light = Light(sun, ambient, -1.0 if air.sun_azimuth < 0 else 1.0, air.dusk)
    paint_hills(canvas, sun, ambient, generator)
    paint_plain(canvas, sun, ambient, generator)
    foliage = Foliage(generator)
    things: list[House | Tree] = [*plan(generator), *grove(generator)]
    for thing in sorted(things, key=lambda thing: -thing.away):
        if isinstance(thing, Tree):
            foliage.paint(canvas, thing, light, generator)
        else:
            paint_house(canvas, thing, light, generator)
    paint_bushes(canvas, sun, ambient, generator)
    return canvas


def _clouds(sky: Floats, canvas: Canvas, air: Air, scene: SyntheticScene) -> Floats:
    """A sheet of fair-weather cloud 1 km up; `scene.clouds` 0 to 1 is how much it covers."""
    texture = fractal(np.random.default_rng([scene.seed, 2]), (512, 1024), 64, 0.55)
    elevation = canvas.elevation[: len(sky)]
    reach = 1 / (np.tan(np.maximum(elevation, 0)) + 0.05)
    row, column = np.broadcast_arrays(34 * reach, 34 * np.tan(canvas.azimuth) * reach + 512)
    here = sample(texture, row, column)
    sunward = sample(texture, row - 3, column + 6 * np.sign(air.sun_azimuth))
    cover = np.clip((here - 1.3 + 1.8 * scene.clouds) / 1.1, 0, 1)[..., None]
    cover = cover * cover * (3 - 2 * cover)
    bright = np.clip(0.86 + 0.16 * (here - sunward) - 0.1 * cover[..., 0], 0.5, 1.1)[..., None]
    tint = np.array([1.0, 0.99, 0.97]) * (1 - air.dusk) + np.array([1.0, 0.62, 0.45]) * air.dusk
    left = air.upward(elevation)[..., None]
    cloud = bright * tint * left + air.airlight(elevation, canvas.azimuth) * (1 - left)
    return np.asarray(sky + (cloud - sky) * cover * 0.9 * left**0.5, np.float32)


def develop(light: Floats) -> Floats:
    """A camera's shoulder, then the sRGB curve (IEC 61966-2-1): linear light -> 0 to 1."""
    exposed = (1 - np.exp(-1.9 * np.maximum(light, 0))) ** 1.25
    low, high = 12.92 * exposed, 1.055 * np.power(exposed, 1 / 2.4) - 0.055
    return np.asarray(np.where(exposed <= 0.0031308, low, high), np.float32)
