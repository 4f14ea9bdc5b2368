"""A landmark: something dark and far away in a site's photos, whose contrast measures the haze."""

from dataclasses import dataclass
from typing import Any

from aqfusion.errors import InputError
from aqfusion.io.json_models import Number, ReadAs, Text

LONGEST_NAME = 40
_SMALLEST = 0.005  # of the picture's width or height
_GAP, _SMALLEST_GAP = 0.15, 0.015  # of the box's and the picture's height: boxes cut roofs off
_LOWEST_SKY, _TALLEST_SKY = 0.02, 0.08  # of the picture's height


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

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> dict[str, Any]:
        """Read [left, top, right, bottom]."""
        read = ReadAs(tuple[Number, ...], _box)
        return read.__get_pydantic_core_schema__(source, handler)


def _box(sides: tuple[float, ...]) -> Box:
    if len(sides) != 4:
        raise ValueError("must be left, top, right and bottom")
    return Box(*sides)


@dataclass(frozen=True)
class Landmark:
    """A dark thing in the distance on the reference photo, and the patch of sky above it.

    `distance_km` is `None` where unknown.
    """

    name: Text
    box: Box
    sky: Box
    distance_km: Number | None = None

    @classmethod
    def from_boxes(
        cls, name: str, box: Box, sky: Box | None = None, distance_km: float | None = None
    ) -> "Landmark":
        """A landmark whose sky, where none is given, is the patch just above the box."""
        return cls(name, box, sky or sky_above(box), distance_km)

    def __post_init__(self) -> None:
        """Check name and distance."""
        if not self.name.strip() or len(self.name) > LONGEST_NAME or not self.name.isprintable():
            rule = f"landmark name must have 1 to {LONGEST_NAME} printable characters"
            raise LandmarkError(f"{rule}, got {self.name[:LONGEST_NAME]!r}")
        if self.distance_km is not None and not 0.05 <= self.distance_km <= 300:
            raise LandmarkError(f"distance must be 0.05 to 300 km, got {self.distance_km:g}")


def sky_above(box: Box) -> Box:
    """The patch just above a box: as wide, and half as high but no flat strip and no tall tower.

    >>> sky_above(Box(0.4, 0.5, 0.5, 0.6))
    Box(left=0.4, top=0.435, right=0.5, bottom=0.485)
    """
    gap = max(_GAP * (box.bottom - box.top), _SMALLEST_GAP)
    height = min(max((box.bottom - box.top) / 2, _LOWEST_SKY), _TALLEST_SKY)
    bottom = box.top - gap
    if bottom < _LOWEST_SKY / 2:
        rule = "the box must leave some sky above it"
        raise LandmarkError(f"{rule}, got a top at {box.top:.1%} of the picture's height")
    return Box(box.left, round(max(bottom - height, 0), 6), box.right, round(bottom, 6))
