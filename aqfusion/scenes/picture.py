"""Compose a scene: land, town, air, sky, clouds, then a camera's curve and noise."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aqfusion.scenes.air import KINDS, Air, through_air
from aqfusion.scenes.canvas import Canvas
from aqfusion.scenes.catalog import Scene
from aqfusion.scenes.city import House, Light, paint_house, plan
from aqfusion.scenes.land import paint_bushes, paint_hills, paint_plain
from aqfusion.scenes.noise import fractal, sample
from aqfusion.scenes.trees import Foliage, Tree, grove

Floats = NDArray[np.floating[Any]]
OVERSAMPLING = 2
SENSOR_NOISE = 0.0035  # of full scale


def render(scene: Scene, size: tuple[int, int] = (800, 600)) -> Image.Image:
    """Take the picture of a scene, `size` (width, height) in pixels; same scene, same pixels."""
    width, height = size
    light, _ = radiance(scene, (width * OVERSAMPLING, height * OVERSAMPLING))
    fine = light.reshape(height, OVERSAMPLING, width, OVERSAMPLING, 3)
    developed = develop(fine).mean((1, 3))
    generator = np.random.default_rng([scene.seed, 1])
    grain = generator.normal(0, SENSOR_NOISE, (height, width, 1))
    pixels = np.clip(255 * (developed + grain) + 0.5, 0, 255)
    return Image.fromarray(pixels.astype(np.uint8))


def radiance(scene: Scene, size: tuple[int, int]) -> tuple[Floats, Floats]:
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


def _clouds(sky: Floats, canvas: Canvas, air: Air, scene: Scene) -> Floats:
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
