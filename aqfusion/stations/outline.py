"""The land outline of the stations map, from a Natural Earth land file as world-atlas packs it.

Only coasts: no border of any country is drawn. South Asia keeps its detail; the rest of the world
is coarse, and there only because a wide window shows it too.
"""

import json
import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from aqfusion.errors import InputError
from aqfusion.files import replace_file
from aqfusion.stations.polygon import Box, Ring, area, clip, simplify

# Boxes that cover the world without gap or overlap: (west, south, east, north), the most that a
# coast may be off in degrees, the smallest island in square degrees, decimals.
_SOUTH_ASIA: Box = (60.0, 0.0, 100.0, 40.0)
_PARTS: tuple[tuple[Box, float, float, int], ...] = (
    (_SOUTH_ASIA, 0.03, 0.001, 2),
    ((30.0, -60.0, 60.0, 84.0), 0.12, 0.1, 2),
    ((100.0, -60.0, 130.0, 84.0), 0.12, 0.1, 2),
    ((60.0, -60.0, 100.0, 0.0), 0.1, 0.05, 2),
    ((60.0, 40.0, 100.0, 84.0), 0.35, 0.5, 1),
    ((-180.0, -60.0, 30.0, 84.0), 0.6, 3.0, 1),
    ((130.0, -60.0, 180.0, 84.0), 0.6, 1.0, 1),
)
_NOTE = (
    "Land of Natural Earth 1:50m (naturalearthdata.com, public domain), from the npm package "
    "world-atlas 2.0.2, clipped and simplified by `python -m aqfusion outline`. Coasts only, no "
    "borders between countries."
)


def write_outline(source: Path, out: Path) -> int:
    """Write the outline of `source` (TopoJSON, land-50m.json of world-atlas); return its size."""
    try:
        content = outline_of(json.loads(source.read_bytes())).encode()
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError(f"{source.name} must be world-atlas' land-50m.json") from error
    replace_file(out, content)
    return len(content)


def outline_of(topology: dict[str, Any]) -> str:
    """The outline as GeoJSON: one multipolygon, whose note names source and licence."""
    land = list(_polygons(topology))
    kept = [part for box in _PARTS for part in _part(land, *box)]
    feature = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "MultiPolygon", "coordinates": kept},
    }
    return json.dumps(
        {"type": "FeatureCollection", "note": _NOTE, "features": [feature]}, separators=(",", ":")
    )


def _part(
    land: Iterable[Sequence[Ring]], box: Box, off: float, smallest: float, decimals: int
) -> Iterable[list[list[list[float]]]]:
    """The land inside one box, each polygon as its rings of [longitude, latitude]."""
    for polygon in land:
        rings = [simplify(clip(ring, box), off, box) for ring in polygon]
        large = [ring for ring in rings if len(ring) > 3 and abs(area(ring)) >= smallest]
        if large and large[0] is rings[0]:  # a lake without its land would be land
            yield [[[round(x, decimals), round(y, decimals)] for x, y in ring] for ring in large]


def _polygons(topology: dict[str, Any]) -> Iterable[list[Ring]]:
    """Undo TopoJSON: arcs are steps on a grid, ~n is arc n backwards, and arcs share their ends."""
    (x_scale, y_scale), (x_start, y_start) = (
        topology["transform"]["scale"],
        topology["transform"]["translate"],
    )
    arcs: list[Ring] = []
    for steps in topology["arcs"]:
        x = y = 0
        arc = []
        for dx, dy in steps:
            x, y = x + dx, y + dy
            arc.append((x * x_scale + x_start, y * y_scale + y_start))
        arcs.append(arc)

    def ring(indices: Iterable[int]) -> Ring:
        points: Ring = []
        for index in indices:
            arc = arcs[index] if index >= 0 else arcs[~index][::-1]
            points += arc[1:] if points else arc
        return points

    for geometry in topology["objects"]["land"]["geometries"]:
        several = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for polygon in several:
            rings = [_unbroken(ring(indices)) for indices in polygon]
            # What runs over the 180th meridian is clipped once on each side of it.
            for turn in (-360.0, 0.0, 360.0):
                yield [[(x + turn, y) for x, y in ring] for ring in rings]


def _unbroken(ring: Ring) -> Ring:
    """The ring without jumps from 180 to -180: it goes on beyond, its middle within."""
    turn, points = 0.0, ring[:1]
    for (before, _), (x, y) in pairwise(ring):
        if abs(x - before) > 180:
            turn += math.copysign(360, before - x)
        points.append((x + turn, y))
    middle = (min(x for x, _ in points) + max(x for x, _ in points)) / 2
    return [(x - 360 * round(middle / 360), y) for x, y in points]
