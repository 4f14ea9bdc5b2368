"""Times and zones of stations, under their old address: `aqfusion.time_zones` has them."""

from aqfusion.time_zones import TimeError, at, on_the_clock_of, read_time, zone

__all__ = ["TimeError", "at", "on_the_clock_of", "read_time", "zone"]
