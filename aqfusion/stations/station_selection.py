"""A few of many stations: those of a name, near a place or in an area, and groups of the rest."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aqfusion.stations.measurements import StationMeasurement

__all__ = ["Area", "StationGroup", "grouped", "matching", "within"]

_PLACE = re.compile(r"\s*([+-]?\d{1,2}(?:\.\d+)?)\s*[,;\s]\s*([+-]?\d{1,3}(?:\.\d+)?)\s*")
_COARSEST = 45.0  # degrees
_HALVINGS = 22  # of a cell, to some metres


@dataclass(frozen=True)
class Area:
    """A part of the map, in degrees; its edges belong to it."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True)
class StationGroup:
    """Several stations in a cell of a grid: their mean place and the area that they take."""

    count: int
    latitude: float
    longitude: float
    area: Area


def within(
    measurements: Sequence[StationMeasurement], area: Area
) -> tuple[StationMeasurement, ...]:
    """Return those in an area, in their order."""
    return tuple(
        measurement
        for measurement in measurements
        if area.south <= measurement.station.latitude <= area.north
        and area.west <= measurement.station.longitude <= area.east
    )


def matching(
    measurements: Sequence[StationMeasurement], text: str, most: int
) -> tuple[StationMeasurement, ...]:
    """Return those with a text in name or id; of `28.6, 77.2`, the `most` nearest ones first."""
    place = _PLACE.fullmatch(text)
    if place and abs(float(place[1])) <= 90 and abs(float(place[2])) <= 180:
        return _nearest(measurements, float(place[1]), float(place[2]), most)
    wanted = text.strip().casefold()
    return tuple(
        measurement
        for measurement in measurements
        if wanted in measurement.station.name.casefold()
        or wanted in measurement.station.id.casefold()
    )


def _nearest(
    measurements: Sequence[StationMeasurement], latitude: float, longitude: float, most: int
) -> tuple[StationMeasurement, ...]:
    lat, lon = np.radians(_places(measurements)).T
    here, there = np.radians(latitude), np.radians(longitude)
    # haversine of the distance, which grows with it
    far = np.sin((lat - here) / 2) ** 2
    far += np.cos(lat) * np.cos(here) * np.sin((lon - there) / 2) ** 2
    return tuple(measurements[index] for index in np.argsort(far, kind="stable")[:most])


def grouped(
    measurements: Sequence[StationMeasurement], most: int
) -> tuple[tuple[StationMeasurement, ...], tuple[StationGroup, ...]]:
    """Split stations into those that stand alone and groups, at most `most` of both together.

    The cells are as small as they can be for that.
    """
    if len(measurements) <= most:
        return tuple(measurements), ()
    places = _places(measurements)
    cells = _cells(places, _COARSEST)
    for halving in range(1, _HALVINGS):
        finer = _cells(places, _COARSEST / 2**halving)
        if finer.max() + 1 > most:
            break
        cells = finer
    order = np.argsort(cells, kind="stable")
    alone, groups = [], []
    for members in np.split(order, np.flatnonzero(np.diff(cells[order])) + 1):
        if len(members) == 1:
            alone.append(measurements[members[0]])
            continue
        own = places[members]
        (south, west), (north, east) = own.min(0).tolist(), own.max(0).tolist()
        latitude, longitude = own.mean(0).tolist()
        area = Area(south, west, north, east)
        groups.append(StationGroup(len(members), latitude, longitude, area))
    return tuple(alone), tuple(groups)


def _places(measurements: Sequence[StationMeasurement]) -> NDArray[np.float64]:
    """Latitude and longitude, (N, 2)."""
    flat = [(m.station.latitude, m.station.longitude) for m in measurements]
    return np.array(flat, dtype=np.float64).reshape(-1, 2)


def _cells(places: NDArray[np.float64], size: float) -> NDArray[np.int64]:
    """The number of each station's cell (N,), from 0 on and without gaps."""
    steps = np.floor((places + np.array([90.0, 180.0])) / size).astype(np.int64)
    _, numbers = np.unique(steps[:, 0] * 2**40 + steps[:, 1], return_inverse=True)
    return np.asarray(numbers, dtype=np.int64).reshape(-1)
