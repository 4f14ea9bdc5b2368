"""A landmark: something dark and far away in a site's photos, whose contrast tells the haze."""

from dataclasses import dataclass

from aqfusion.errors import InputError

LONGEST_NAME = 40
_SMALLEST = 0.005  # of the picture's width or height


class LandmarkError(InputError):
    """A landmark, or a photo for it, that breaks a rule."""


@dataclass(frozen=True)
class Box:
    """A part of a picture: left, top, right and bottom as shares of its width and height."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        """Check the order and the size."""
        for name, low, high in (
            ("left and right", self.left, self.right),
            ("top and bottom", self.top, self.bottom),
        ):
            if not (0 <= low <= 1 and 0 <= high <= 1 and high - low >= _SMALLEST):
                rule = f"box: {name} must be shares of 0 to 1, {_SMALLEST} apart or more"
                raise LandmarkError(f"{rule}, got {low:g} and {high:g}")


@dataclass(frozen=True)
class Landmark:
    """A dark thing in the distance on the reference photo, and the patch of sky above it.

    `distance_km` is `None` where nobody knows it.
    """

    name: str
    box: Box
    sky: Box
    distance_km: float | None = None

    def __post_init__(self) -> None:
        """Check name and distance."""
        if not self.name.strip() or len(self.name) > LONGEST_NAME or not self.name.isprintable():
            rule = f"landmark name must have 1 to {LONGEST_NAME} printable characters"
            raise LandmarkError(f"{rule}, got {self.name[:LONGEST_NAME]!r}")
        if self.distance_km is not None and not 0.05 <= self.distance_km <= 300:
            raise LandmarkError(f"distance must be 0.05 to 300 km, got {self.distance_km:g}")
