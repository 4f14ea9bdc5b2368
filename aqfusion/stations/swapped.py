"""Places that cannot be meant: latitude and longitude in each other's column, or 0, 0."""

from functools import lru_cache

from aqfusion.csv_table.fault import CellError
from aqfusion.time_zones import zone_at

__all__ = ["SWAPPED", "refuse_swapped"]

SWAPPED = "are lat and lon swapped?"


@lru_cache(maxsize=4096)
def refuse_swapped(latitude: float, longitude: float) -> None:
    """Raise `CellError` for 0, 0, and for a place at sea that would be on land the other way.

    77.2, 28.6 lies in the Barents Sea, and 28.6, 77.2 is Delhi.
    """
    if abs(latitude) < 0.01 and abs(longitude) < 0.01:
        raise CellError("and lon must be those of a place, 0, 0 is written where it is not known")
    if abs(longitude) > 90 or zone_at(latitude, longitude) is not None:
        return
    if zone_at(longitude, latitude) is not None:
        raise CellError(f"must be on land: {SWAPPED}")
