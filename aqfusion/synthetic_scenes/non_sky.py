"""Pictures that show no sky by day: a room, a town at night, mistakes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from aqfusion.synthetic_scenes.camera import CAMERA_M, Canvas, fractal
from aqfusion.synthetic_scenes.outdoor import (
    Light,
    develop,
    paint_hills,
    paint_house,
    paint_plain,
    plan,
)

Floats = NDArray[np.floating[Any]]
Point = tuple[float, float]
PAINTS = (
    (226, 214, 190), (205, 196, 180), (190, 175, 150), (214, 190, 170), (170, 182, 178),
    (235, 230, 222), (160, 120, 90), (150, 165, 130),
)  # fmt: skip
WOODS = ((120, 78, 45), (92, 58, 34), (150, 108, 66), (70, 62, 56), (60, 40, 30))
CLOTHS = ((140, 40, 35), (45, 70, 110), (60, 95, 60), (190, 150, 60), (90, 85, 95), (200, 190, 175))
LAMPLIGHT = ((1.0, 0.86, 0.62), (1.0, 0.93, 0.8), (0.96, 1.0, 0.98))


def indoor(seed: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """Take a picture of a room, `size` (width, height) in pixels; same seed, same pixels."""
    generator = np.random.default_rng([seed, 12])
    width, height = size
    image = Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    left, right = generator.uniform(0.1, 0.35) * width, generator.uniform(0.65, 0.9) * width
    top, floor = generator.uniform(0.1, 0.3) * height, generator.uniform(0.6, 0.78) * height
    wall = _tone(PAINTS, generator)
    _paint_room(draw, size, (left, top, right, floor), wall, generator)
    for _ in range(generator.integers(1, 4)):
        _hang_picture(draw, (left, top, right, floor), generator)
    for _ in range(generator.integers(2, 6)):
        _place_furniture(draw, size, floor, generator)
    return _lit(np.asarray(image, np.float32), generator)


def _tone(
    tones: tuple[tuple[int, int, int], ...], generator: np.random.Generator, low: float = 0.8
) -> tuple[int, int, int]:
    """One of the colours, a little lighter or darker."""
    chosen = np.array(tones[generator.integers(len(tones))]) * generator.uniform(low, 1.05)
    red, green, blue = np.clip(chosen, 0, 255).astype(int).tolist()
    return red, green, blue


def _shaded(colour: tuple[int, int, int], gain: float) -> tuple[int, int, int]:
    red, green, blue = (min(255, int(gain * value)) for value in colour)
    return red, green, blue


def _paint_room(
    draw: ImageDraw.ImageDraw,
    size: tuple[int, int],
    box: tuple[float, float, float, float],
    wall: tuple[int, int, int],
    generator: np.random.Generator,
) -> None:
    """Five faces: back wall `box` (left, top, right, floor), sides, ceiling and a boarded floor."""
    (width, height), (left, top, right, floor) = size, box
    boards = _tone(WOODS, generator)
    draw.polygon([(0, 0), (width, 0), (right, top), (left, top)], _shaded(wall, 1.08))
    draw.polygon([(0, 0), (left, top), (left, floor), (0, height)], _shaded(wall, 0.78))
    draw.polygon([(width, 0), (right, top), (right, floor), (width, height)], _shaded(wall, 0.88))
    draw.polygon([(0, height), (left, floor), (right, floor), (width, height)], boards)
    draw.rectangle([left, top, right, floor], wall)
    for share in np.linspace(0, 1, int(generator.integers(6, 16))):
        far, near = left + share * (right - left), -0.5 * width + share * 2 * width
        draw.line([(far, floor), (near, height)], _shaded(boards, 0.7), 2)
    draw.rectangle([left, floor - 5, right, floor], _shaded(wall, 0.6))


def _hang_picture(
    draw: ImageDraw.ImageDraw,
    box: tuple[float, float, float, float],
    generator: np.random.Generator,
) -> None:
    """A framed picture, a door or a shelf of books on the back wall."""
    left, top, right, floor = box
    wide, high = (right - left) * generator.uniform(0.12, 0.3), (floor - top) * 0.35
    x = generator.uniform(left, right - wide)
    y = generator.uniform(top + 0.05 * high, top + 0.8 * high)
    kind = generator.integers(3)
    if kind == 0:
        draw.rectangle([x, y, x + wide, y + high], _tone(CLOTHS, generator), (50, 35, 25), 4)
    elif kind == 1:
        draw.rectangle(
            [x, top + 0.4 * high, x + wide, floor], _tone(WOODS, generator), (40, 30, 25)
        )
    else:
        step = max(3.0, wide / 9)
        for i in range(int(wide / step)):
            closed_book = [
                x + i * step,
                y + generator.uniform(0, 0.3) * high,
                x + (i + 1) * step,
                y + high,
            ]
            draw.rectangle(closed_book, _tone(CLOTHS, generator, 0.5))
        draw.rectangle([x - 4, y + high, x + wide + 4, y + high + 6], _tone(WOODS, generator))


def _place_furniture(
    draw: ImageDraw.ImageDraw,
    size: tuple[int, int],
    floor: float,
    generator: np.random.Generator,
) -> None:
    """A box on the floor with a lighter top: table, bed, cupboard; or a round lampshade or pot."""
    width, height = size
    x, foot = generator.uniform(-0.1, 0.85) * width, generator.uniform(floor + 5, 1.05 * height)
    wide, high = generator.uniform(0.12, 0.4) * width, generator.uniform(0.12, 0.45) * height
    colour = _tone((*WOODS, *CLOTHS), generator)
    if generator.random() < 0.25:
        draw.ellipse([x, foot - high, x + high, foot], colour)
        return
    lid = 0.18 * high
    draw.rectangle([x, foot - high, x + wide, foot], colour)
    corners: list[Point] = [(x, foot - high), (x + wide, foot - high)]
    corners += [(x + 0.85 * wide, foot - high - lid), (x + 0.15 * wide, foot - high - lid)]
    draw.polygon(corners, _shaded(colour, 1.35))
    for share in (0.33, 0.66):
        row = foot - share * high
        draw.line([(x, row), (x + wide, row)], _shaded(colour, 0.6), 2)


def _lit(pixels: Floats, generator: np.random.Generator) -> Image.Image:
    """Lamplight that falls off with the distance, uneven paint, and the grain of a dim room."""
    height, width, _ = pixels.shape
    rows, columns = np.mgrid[0:height, 0:width]
    lamp_row, lamp_column = generator.uniform(0, 0.3) * height, generator.uniform(0.2, 0.8) * width
    away = np.hypot(rows - lamp_row, columns - lamp_column) / width
    fall = 1 / (1 + generator.uniform(0.5, 4) * away**2)
    light = np.array(LAMPLIGHT[generator.integers(len(LAMPLIGHT))]) * generator.uniform(0.65, 1.15)
    uneven = 1 + 0.03 * fractal(generator, (height, width), 64, 0.6)
    exposed = pixels * (fall * uneven)[..., None] * light
    if generator.random() < 0.6:
        exposed += 230 * np.exp(-((away / 0.05) ** 2))[..., None] * light
    exposed += generator.normal(0, generator.uniform(1, 5), exposed.shape)
    return Image.fromarray(np.clip(exposed, 0, 255).astype(np.uint8))


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


def nothing(seed: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """One exact colour, a covered lens, or a finger over the lens, in turn by `seed`.

    A grey wall is not among them: nobody could tell its picture from one of thick haze.
    """
    generator = np.random.default_rng([seed, 13])
    shape = (size[1], size[0], 3)
    colour = generator.uniform(0, 255, 3)
    if seed % 3 == 0:
        pixels = np.broadcast_to(colour, shape)
    elif seed % 3 == 1:
        pixels = generator.uniform(0, 22) + generator.normal(0, generator.uniform(0.5, 5), shape)
    else:
        skin = np.array([200, 80, 55]) * generator.uniform(0.4, 1.1)
        uneven = fractal(generator, shape[:2], 200, 0.3)[..., None]
        pixels = skin * (1 + 0.12 * uneven) + generator.normal(0, 2, shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
