"""Light through air: Koschmieder's law, the colour of the sky, and the sun behind haze.

All colours are linear light, shape (..., 3), where 1 is a white wall in full sun.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
CONTRAST_LIMIT = 3.912  # -ln 0.02, the contrast at which the eye gives up (Koschmieder 1924)
SUN_RADIUS = np.deg2rad(0.27)
CLEAR_ZENITH = np.array([0.03, 0.13, 0.42])
CLEAR_HORIZON = np.array([0.44, 0.62, 0.86])
DUSK_ZENITH = np.array([0.13, 0.19, 0.38])
DUSK_HORIZON = np.array([1.1, 0.45, 0.12])
SUNLIGHT = np.array([1.0, 0.94, 0.84])
REDDENING = np.array([0.82, 1.0, 1.3])  # aerosol takes more blue than red out of the beam


@dataclass(frozen=True)
class HazeKind:
    """One type of haze: colour of the airlight by day, and the depth of the layer in km."""

    airlight: tuple[float, float, float]
    layer_km: float


KINDS = {
    "clear": HazeKind((0.60, 0.71, 0.85), 0.6),
    "haze": HazeKind((0.63, 0.67, 0.71), 0.6),
    "smog": HazeKind((0.50, 0.455, 0.395), 0.40),
    "dust": HazeKind((0.62, 0.46, 0.275), 0.9),
}


def extinction_per_km(visibility_km: float) -> float:
    """Koschmieder's relation between visual range and extinction: beta = 3.912 / visibility."""
    return CONTRAST_LIMIT / visibility_km


def through_air(light: Floats, distance_km: Floats, beta_per_km: float, airlight: Floats) -> Floats:
    """The rest of `light` (..., 3) after `distance_km` (...), with the airlight added."""
    kept = np.exp(-beta_per_km * distance_km)[..., None]
    return np.asarray(light * kept + airlight * (1 - kept), np.float32)


@dataclass(frozen=True)
class Air:
    """The air of one scene; angles in radians, azimuth 0 is straight ahead, right is positive."""

    kind: HazeKind
    visibility_km: float
    sun_elevation: float
    sun_azimuth: float

    @property
    def beta(self) -> float:
        """Extinction per km along the ground."""
        return extinction_per_km(self.visibility_km)

    @property
    def dusk(self) -> float:
        """0 by day, towards 1 when the sun is on the horizon."""
        return float(np.exp(-((max(self.sun_elevation, 0.0) / np.deg2rad(10)) ** 2)))

    def slanted_km(self, distance_km: Floats, elevation: Floats) -> Floats:
        """The path at ground density that equals a slanted one: crests rise above the haze."""
        layers = distance_km * np.tan(np.maximum(elevation, 0)) / self.kind.layer_km
        thin = -np.expm1(-layers) / np.maximum(layers, 1e-6)
        return np.asarray(distance_km * np.where(layers > 1e-6, thin, 1), np.float32)

    def upward(self, elevation: Floats) -> Floats:
        """The share of light that comes down through the whole haze layer at an elevation."""
        depth = self.beta * self.kind.layer_km / (np.sin(np.maximum(elevation, 0)) + 0.02)
        return np.asarray(np.exp(-depth), np.float32)

    def sunlight(self) -> Floats:
        """Colour and strength of the direct sun on a wall, (3,)."""
        thick = self.beta * self.kind.layer_km * 0.6 + 0.07
        path = thick / (np.sin(max(self.sun_elevation, 0.02)) + 0.05)
        return np.asarray(SUNLIGHT * np.exp(-path * REDDENING), np.float32)

    def airlight(self, elevation: Floats, azimuth: Floats) -> Floats:
        """Light scattered towards the viewer by an endless path through the haze, (..., 3)."""
        day, evening = np.array(self.kind.airlight), np.array(self.kind.airlight) * DUSK_HORIZON
        glow = self._glow(elevation, azimuth)[..., None]
        warm = self.dusk * (0.7 + 0.3 * np.minimum(glow, 1))
        base = day * (1 - warm) + 1.35 * evening * warm
        height = 0.62 + 0.38 * np.sin(np.deg2rad(8) + self.sun_elevation) ** 0.35
        rise = 1 + 0.45 * np.maximum(elevation, 0)[..., None]
        return np.asarray(base * height * rise * (1 + 0.35 * glow), np.float32)

    def sky(self, elevation: Floats, azimuth: Floats) -> Floats:
        """Sky with the haze before it and the sun in it, (..., 3)."""
        low = np.exp(-np.maximum(elevation, 0) / 0.15)[..., None]
        blue = CLEAR_ZENITH * (1 - low) + CLEAR_HORIZON * low
        dusk = DUSK_ZENITH * (1 - low**1.4) + DUSK_HORIZON * low**1.4
        glow = self._glow(elevation, azimuth)[..., None]
        clear = blue * (1 - self.dusk) + dusk * self.dusk + 0.3 * glow * SUNLIGHT
        left = self.upward(elevation)[..., None]
        sky = clear * left + self.airlight(elevation, azimuth) * (1 - left)
        return np.asarray(sky + self._sun(elevation, azimuth), np.float32)

    def _angle(self, elevation: Floats, azimuth: Floats) -> Floats:
        return np.asarray(np.hypot(elevation - self.sun_elevation, azimuth - self.sun_azimuth))

    def _glow(self, elevation: Floats, azimuth: Floats) -> Floats:
        """Forward scattering: narrow in clean air, wide in thick haze."""
        angle, haze = self._angle(elevation, azimuth), 1 - np.exp(-self.beta / 1.5)
        narrow, wide = np.exp(-angle / 0.07), np.exp(-angle / 0.38)
        return np.asarray(narrow * (1 - haze) + wide * (0.35 + 0.55 * haze), np.float32)

    def _sun(self, elevation: Floats, azimuth: Floats) -> Floats:
        depth = -np.log(self.upward(np.full(1, self.sun_elevation)))
        beam = SUNLIGHT * np.exp(-(depth + 0.25) * REDDENING)
        angle = self._angle(elevation, azimuth)
        disc = np.clip((SUN_RADIUS - angle) / (0.1 * SUN_RADIUS) + 0.5, 0, 1)
        flare = 0.03 * np.exp(-angle / 0.012) + 0.006 * np.exp(-angle / 0.05)
        return np.asarray(40 * beam * (disc + flare)[..., None], np.float32)
