"""Extinction at a site's landmarks in a new photo, from their contrast to the sky above.

Koschmieder (1924): of the contrast of a dark thing at the horizon exp(-beta x) is left after x of
air, so minus its logarithm grows in step with the haze between. Both are linear light, in which
exposure is a factor and cancels.

A dark thing's contrast is its intrinsic one times exp(-extinction x distance). The intrinsic one
is not measured: 0.8 to 1 is assumed, so 0.9, of which black would be 1.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aqfusion.images import opencv
from aqfusion.images.photo import Photo
from aqfusion.sites.image_registration import register
from aqfusion.sites.landmark import Box, Landmark, LandmarkError
from aqfusion.sites.site import Site
from aqfusion.synthetic_scenes.atmosphere import CONTRAST_LIMIT

FAINTEST = 0.02  # the contrast at which the eye gives up (Koschmieder); less is called hidden
_DARK_PART = 15  # percentile of the box: windows, sunlit walls and gaps are brighter
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)  # of linear sRGB (IEC 61966-2-1)
_LINEAR = np.array(
    [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in np.arange(256) / 255],
    np.float32,
)
_SATURATED = 251  # a channel's value; above it the light is not known
_MOST_SATURATED = 0.1  # of the sky's pixels
_DARKEST_SKY = 0.03  # linear light; sRGB 49 of 255
_LEAST_UNIFORM = 0.12  # spread over level, after the sky's own gradient was removed
_MOST_GRADIENT = 0.35  # in log light: how far the sky's gradient is followed down to the horizon
_GRADIENT_DOUBT = 0.3  # the share of it that may be wrong
_FEWEST_PIXELS = 12


@dataclass(frozen=True)
class Contrast:
    """`sky` and `dark` in linear light of 0 to 1; `extinction` is -log((sky - dark) / sky).

    `std` is its standard deviation by the unrest of the sky and the noise of the dark part. A
    hidden landmark has the extinction of the faintest contrast, which is a lower bound.
    """

    sky: float
    dark: float
    extinction: float
    std: float
    is_hidden: bool


def measure(image: Image.Image, box: Box, sky: Box) -> Contrast:
    """Measure the landmark in `box` against the patch `sky`; one that cannot be used is refused."""
    patch = _pixels(image, sky, "the sky patch")
    level, unrest = _sky_level(patch, box, sky)
    part = _smooth(_light(_pixels(image, box, "the box")))
    dark = float(np.percentile(part, _DARK_PART))
    noise = _noise(_light(patch)) / 3  # by the smoothing
    contrast = (level - dark) / level
    spread = math.hypot(unrest * dark / level, noise) / level
    if contrast < -(FAINTEST + 3 * spread):
        rule = "the landmark must be darker than the sky above it"
        raise LandmarkError(f"{rule}, got {dark / level:.2f} times its light")
    seen = max(contrast, FAINTEST)
    return Contrast(
        level, dark, -math.log(seen), spread / seen, contrast < max(FAINTEST, 2 * spread)
    )


def _sky_level(patch: NDArray[np.uint8], box: Box, sky: Box) -> tuple[float, float]:
    """The sky's light at the foot of the box, the airlight there, and its standard deviation."""
    saturated = float((patch.max(2) >= _SATURATED).mean())
    if saturated > _MOST_SATURATED:
        rule = f"the sky above the landmark must be overexposed in at most {_MOST_SATURATED:.0%}"
        raise LandmarkError(f"{rule}, got {saturated:.0%}: too bright, or the sun is in it")
    light = _smooth(_light(patch))
    middle = float(np.median(light))
    if middle < _DARKEST_SKY:
        rule = f"the sky above the landmark must have at least {_DARKEST_SKY:.0%} of full light"
        raise LandmarkError(
            f"{rule}, got {middle:.1%}: the photo is too dark or was taken at night"
        )
    heights = (np.arange(len(light)) + 0.5) / len(light)  # 0 is the top of the patch, 1 its bottom
    slope = _robust_slope(heights, np.log(np.maximum(np.median(light, 1), 1e-4)))
    flat = light * np.exp(-slope * (heights - 0.5))[:, None]
    unrest = _robust_spread(flat)
    if unrest > _LEAST_UNIFORM * middle:
        rule = f"the sky above the landmark must vary by at most {_LEAST_UNIFORM:.0%}"
        raise LandmarkError(
            f"{rule}, got {unrest / middle:.0%}: there are clouds, or something is in front of it"
        )
    down = (box.bottom - (sky.top + sky.bottom) / 2) / (sky.bottom - sky.top)
    change = min(max(slope * down, -_MOST_GRADIENT), _MOST_GRADIENT)
    level = float(np.median(flat)) * math.exp(change)
    return level, math.hypot(unrest, _GRADIENT_DOUBT * change * level)


def _pixels(image: Image.Image, box: Box, name: str) -> NDArray[np.uint8]:
    width, height = image.size
    left, right = round(box.left * width), round(box.right * width)
    top, bottom = round(box.top * height), round(box.bottom * height)
    if (right - left) * (bottom - top) < _FEWEST_PIXELS:
        rule = f"{name} must have at least {_FEWEST_PIXELS} pixels"
        raise LandmarkError(f"{rule}, got {right - left} x {bottom - top}")
    return np.asarray(image.crop((left, top, right, bottom)).convert("RGB"))


def _light(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Luminance (h, w) in linear light of pixels (h, w, 3)."""
    return np.asarray(_LINEAR[pixels] @ _LUMINANCE)


def _smooth(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of 3 x 3 pixels: an extreme of single pixels would be an extreme of their noise."""
    cv2 = opencv.load()
    return np.asarray(cv2.blur(light, (3, 3), borderType=cv2.BORDER_REFLECT))


def _robust_slope(places: NDArray[np.float64], values: NDArray[np.float32]) -> float:
    """The median of the slopes between all pairs (Theil 1950, Sen 1968); 0 for too few."""
    if len(places) < 5:
        return 0.0
    first, second = np.triu_indices(len(places), 1)
    return float(np.median((values[second] - values[first]) / (places[second] - places[first])))


def _noise(light: NDArray[np.float32]) -> float:
    """Standard deviation of a pixel's noise, by differences of neighbours."""
    return _robust_spread(np.diff(light, axis=1)) / math.sqrt(2) if light.shape[1] > 1 else 0.0


def _robust_spread(values: NDArray[np.float32]) -> float:
    """The standard deviation of a normal distribution with the same quartiles."""
    low, high = np.percentile(values, (25, 75))
    return float(high - low) / 1.349


@dataclass(frozen=True)
class Sighting:
    """One landmark in one photo: `box` and `sky` are where they are in that photo, upright.

    They are `None` where the photo could not be matched; either `contrast` or `refused` is given.
    """

    landmark: Landmark
    box: Box | None = None
    sky: Box | None = None
    contrast: Contrast | None = None
    refused: str | None = None


@dataclass(frozen=True)
class Extinctions:
    """A sighting for each landmark, in the site's order; `refused` holds for all of the photo."""

    sightings: tuple[Sighting, ...] = ()
    refused: str | None = None

    @property
    def values(self) -> Mapping[str, float]:
        """The extinctions that were measured, by landmark: what a `DayPhoto` keeps."""
        return {
            sighting.landmark.name: sighting.contrast.extinction
            for sighting in self.sightings
            if sighting.contrast is not None
        }

    @property
    def refusals(self) -> tuple[str, ...]:
        """A sentence for the photo or for each landmark that could not be measured."""
        if self.refused is not None:
            return (self.refused,)
        return tuple(
            f"{sighting.landmark.name}: {sighting.refused}"
            for sighting in self.sightings
            if sighting.refused
        )


def extinctions(site: Site, photo: Photo) -> Extinctions:
    """Match a photo to the site's reference photo and measure each landmark."""
    if not site.landmarks:
        return Extinctions()
    if site.reference is None:
        return _refused(site, "the site has no reference photo; add one before its landmarks")
    try:
        registration = register(site.reference, photo)
    except LandmarkError as error:
        return _refused(site, str(error))
    return Extinctions(
        tuple(_sighting(landmark, photo, registration.place) for landmark in site.landmarks)
    )


def _refused(site: Site, sentence: str) -> Extinctions:
    return Extinctions(
        tuple(Sighting(landmark, refused=sentence) for landmark in site.landmarks), sentence
    )


def _sighting(landmark: Landmark, photo: Photo, place: Callable[[Box], Box]) -> Sighting:
    try:
        box, sky = place(landmark.box), place(landmark.sky)
    except LandmarkError as error:
        return Sighting(landmark, refused=str(error))
    try:
        return Sighting(landmark, box, sky, measure(photo.image, box, sky))
    except LandmarkError as error:
        return Sighting(landmark, box, sky, refused=str(error))


INTRINSIC = (0.8, 0.9, 1.0)  # contrast without any air between: lowest, assumed, black
_Z90 = 1.645  # of a normal distribution, both sides together


@dataclass(frozen=True)
class VisualRange:
    """`per_km` is the extinction coefficient, `km` the visual range, with what 90 % lie between.

    Where the landmark is too near to show any loss, `km` or `high_km` is `None`: no upper end.
    """

    per_km: float
    low_per_km: float
    high_per_km: float
    km: float | None
    low_km: float
    high_km: float | None
    is_hidden: bool


def visual_range(contrast: Contrast, distance_km: float) -> VisualRange:
    """Visual range by one landmark; of a hidden one it is an upper bound, and 0 the lower end."""
    lowest, assumed, black = (math.log(intrinsic) for intrinsic in INTRINSIC)
    spread = _Z90 * contrast.std
    middle = max(contrast.extinction + assumed, 0.0) / distance_km
    low = max(contrast.extinction - spread + lowest, 0.0) / distance_km
    high = max(contrast.extinction + spread + black, 0.0) / distance_km
    if contrast.is_hidden:
        high = math.inf
    return VisualRange(
        middle, low, high, _range(middle), _range(high) or 0.0, _range(low), contrast.is_hidden
    )


def _range(per_km: float) -> float | None:
    return CONTRAST_LIMIT / per_km if per_km > 0 else None
