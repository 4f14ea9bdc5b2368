"""Rendered views of one town, with its dark buildings at known distances behind known haze.

Koschmieder's law in linear light, then what a camera does: a small turn, exposure, noise, sRGB and
JPEG. The sky is brighter at the horizon and towards the sun; the near houses change with the sun.
"""

import io
from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import Image

from aqfusion.images.photo import Photo
from aqfusion.sites.landmark import Box, Landmark
from aqfusion.sites.reference_photo import ReferencePhoto
from aqfusion.sites.site import DayPhoto, Site
from tests.planted_sites import site_of

WIDTH, HEIGHT, HORIZON, FOCAL = 1024, 768, 430, 1280
CONTRAST_OF_BLACK = 0.95  # what the buildings reflect is a twentieth of the sky's light
# name: distance in km, left, top and right in pixels; all end below the horizon
TOWERS = {
    "mill": (1.0, 150, 330, 215),
    "tower": (3.0, 480, 345, 545),
    "ridge": (8.0, 760, 375, 940),
}
TOWN = 3
_ENDLESS_KM = 1e9
SLOPE = 0.3  # log AQI per unit of extinction, in `watched_town`
AQIS = (85, 95, 105, 115, 125, 80, 100, 120)


@dataclass(frozen=True)
class View:
    """What one picture was taken in; the turn is in degrees, shifts are in pixels."""

    visibility_km: float
    exposure: float = 0.75
    sun: float = 0.5  # across the picture, 0 is left
    glow: float = 0.3
    noise: float = 0.008
    turn: float = 0.0
    right: float = 0.0
    down: float = 0.0
    seed: int = 1


def truth(view: View, name: str) -> float:
    """Minus the logarithm of the building's contrast to the horizon."""
    return 3.912 / view.visibility_km * TOWERS[name][0] - np.log(CONTRAST_OF_BLACK)


def landmarks() -> tuple[Landmark, ...]:
    """The three buildings as a careful person would draw them: a little inside the outline."""
    return tuple(
        Landmark.from_boxes(name, _box(left + 4, top + 5, right - 4, HORIZON - 12), distance_km=km)
        for name, (km, left, top, right) in TOWERS.items()
    )


def watched_town(model: str) -> Site:
    """A site whose AQI rises with the light that is lost on the way from its tower and its mill.

    Its photos were seen by the weights `model`, an SHA-256.
    """
    marks = tuple(landmark for landmark in landmarks() if landmark.name != "ridge")
    days = []
    for day in site_of(*AQIS).days:
        lost = 1.3 + np.log(day.aqi / 100) / SLOPE  # on the way from the tower, 3 km
        extinction = {mark.name: mark.distance_km * lost / 3 for mark in marks}
        days.append(replace(day, photo=DayPhoto("ab" * 32, model, (0.5,) * 128, 40, extinction)))
    reference = ReferencePhoto.from_photo(photo(View(60.0)))
    return replace(site_of(), days=tuple(days), landmarks=marks, reference=reference)


def photo(view: View, town: int = TOWN) -> Photo:
    """Take the picture; another `town` has other houses and towers."""
    light = _light(view, town)
    about = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), view.turn, 1.0)
    about[:, 2] += view.right, view.down
    moved = cv2.warpAffine(
        light, about, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    generator = np.random.default_rng(view.seed)
    seen = np.clip(moved * view.exposure, 0, 1)
    shown = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    shown = shown + generator.normal(0, view.noise, shown.shape)
    pixels = (np.clip(shown, 0, 1) * 255 + 0.5).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=85)
    return Photo.decode(stream.getvalue())


def _light(view: View, town: int) -> np.ndarray:
    """Linear light (HEIGHT, WIDTH, 3) that reaches the camera."""
    colour, km = _town(view.sun, town)
    beta = 3.912 / view.visibility_km
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    elevation = np.arctan(np.clip(HORIZON - rows, 0, None) / FOCAL)
    sideways = np.abs(columns / WIDTH - view.sun)
    glow = (1 + view.glow * np.exp(-sideways / 0.4)) / (1 + view.glow)
    veil = (glow * (1 - 0.3 * np.sin(elevation)))[..., None] * np.array([0.85, 0.9, 0.95])
    low = np.exp(-elevation / 0.15)[..., None]
    clear = np.array([0.03, 0.13, 0.42]) * (1 - low) + np.array([0.6, 0.75, 0.9]) * low
    through = np.exp(-0.6 * beta / (np.sin(elevation) + 0.02))[..., None]  # of a layer of 0.6 km
    sky = clear * through * glow[..., None] + veil * (1 - through)
    level = veil[HORIZON][None]
    kept = np.exp(-3.912 / view.visibility_km * km)[..., None]
    return np.where(km[..., None] < _ENDLESS_KM, colour * level * kept + level * (1 - kept), sky)


def _town(sun: float, town: int) -> tuple[np.ndarray, np.ndarray]:
    """Colours as shares of the sky's light, and distances in km; far away is the sky."""
    generator = np.random.default_rng(town)
    colour = np.zeros((HEIGHT, WIDTH, 3))
    km = np.full((HEIGHT, WIDTH), 2 * _ENDLESS_KM)
    moved = 0 if town == TOWN else 90
    for tower_km, left, top, right in sorted(TOWERS.values(), reverse=True):
        left, right = left - moved, right + moved // 2
        colour[top:HORIZON, left:right], km[top:HORIZON, left:right] = 0.05, tower_km
    colour[HORIZON:], km[HORIZON:] = 0.25, 0.4
    for row in np.linspace(HORIZON, HEIGHT - 60, 9).astype(int):
        for _ in range(14):
            left, wide = generator.integers(-30, WIDTH), generator.integers(40, 110)
            top, tall = row - generator.integers(0, 25), generator.integers(40, 120)
            if top < HORIZON - 10:
                continue
            side = 0.75 + 0.5 * (sun - 0.5) * generator.choice([-1, 1])
            wall = generator.uniform(0.1, 0.7, 3) * 0.3 + generator.uniform(0.05, 0.5)
            place = (slice(top, top + tall), slice(max(left, 0), left + wide))
            colour[place], km[place] = wall * side, 0.4 * (HORIZON / row) ** 4
            for y in range(top + 6, top + tall - 6, 14):
                for x in range(max(left, 0) + 5, left + wide - 7, 12):
                    if generator.random() < 0.7:
                        colour[y : y + 7, x : x + 5] = wall * generator.choice([0.3, 1.5])
    return colour, km


def _box(left: float, top: float, right: float, bottom: float) -> Box:
    return Box(left / WIDTH, top / HEIGHT, right / WIDTH, bottom / HEIGHT)
