"""Cut the land of the stations map out of a world file again.

    npm pack world-atlas@2.0.2 && tar -xzf world-atlas-2.0.2.tgz
    python tools/land_outline.py --source package/land-50m.json

The source is Natural Earth's land (public domain) as the npm package world-atlas packs it; the same
file gives the same outline. Only coasts: no border of any country is drawn. South Asia keeps its
detail; the rest of the world is coarse, and there only because a wide window shows it too.
"""

import json
import math
import sys
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
from shapely import LinearRing, LineString, Polygon, box, get_parts

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the package, when run as a script

from aqfusion.cli.main import run_command
from aqfusion.errors import InputError
from aqfusion.io.atomic_files import replace_file
from aqfusion.settings import ASSETS

OUTLINE = ASSETS / "stations" / "land.geojson"
Box = tuple[float, float, float, float]  # west, south, east, north
Ring = list[tuple[float, float]]  # closed: the last point is the first

# Boxes that cover the world without gap or overlap, the most that a coast may be off in degrees,
# the smallest island in square degrees, decimals.
SOUTH_ASIA: Box = (60.0, 0.0, 100.0, 40.0)
_PARTS: tuple[tuple[Box, float, float, int], ...] = (
    (SOUTH_ASIA, 0.03, 0.001, 2),
    ((30.0, -60.0, 60.0, 84.0), 0.12, 0.1, 2),
    ((100.0, -60.0, 130.0, 84.0), 0.12, 0.1, 2),
    ((60.0, -60.0, 100.0, 0.0), 0.1, 0.05, 2),
    ((60.0, 40.0, 100.0, 84.0), 0.35, 0.5, 1),
    ((-180.0, -60.0, 30.0, 84.0), 0.6, 3.0, 1),
    ((130.0, -60.0, 180.0, 84.0), 0.6, 1.0, 1),
)
_NOTE = (
    "Land of Natural Earth 1:50m (naturalearthdata.com, public domain), from the npm package "
    "world-atlas 2.0.2, clipped and simplified by tools/land_outline.py. Coasts only, no borders "
    "between countries."
)


def write_outline(source: Path, out: Path) -> int:
    """Write the outline of `source` (TopoJSON, land-50m.json of world-atlas); return its size."""
    try:
        content = land_outline(json.loads(source.read_bytes())).encode()
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError(f"{source.name} must be world-atlas' land-50m.json") from error
    replace_file(out, content)
    return len(content)


def land_outline(topology: dict[str, Any]) -> str:
    """The outline as GeoJSON: one multipolygon, whose note names source and licence."""
    land = list(_polygons(topology))
    feature = {
        "type": "Feature",
        "properties": {},
        "geometry": {
            "type": "MultiPolygon",
            "coordinates": [rings for part in _PARTS for rings in _part(land, *part)],
        },
    }
    return json.dumps(
        {"type": "FeatureCollection", "note": _NOTE, "features": [feature]}, separators=(",", ":")
    )


def _part(
    land: Iterable[Polygon], bounds: Box, off: float, smallest: float, decimals: int
) -> Iterator[list[list[list[float]]]]:
    """The land inside one box, each polygon as its rings of [longitude, latitude]."""
    inside = box(*bounds)
    for polygon in land:
        for piece in get_parts(polygon.intersection(inside)):
            if piece.area == 0:
                continue  # nothing is inside, or a coast only touches the box
            rings = [_simplified(ring, off, bounds) for ring in (piece.exterior, *piece.interiors)]
            large = [ring for ring in rings if len(ring) > 3 and Polygon(ring).area >= smallest]
            if large and large[0] is rings[0]:  # a lake without its land would be land
                yield [
                    [[round(x, decimals), round(y, decimals)] for x, y in ring] for ring in large
                ]


def _simplified(ring: LinearRing, off: float, bounds: Box) -> Ring:
    """Fewer points, none of the dropped ones further than `off` away (Douglas and Peucker, 1973).

    Points on the edge of the box stay, so that neighbouring boxes still meet.
    """
    west, south, east, north = bounds
    points: Ring = [(x, y) for x, y in ring.coords]
    on_edge = {i for i, (x, y) in enumerate(points) if x in (west, east) or y in (south, north)}
    # A ring has no ends to hold on to: its point furthest from the first is taken as an end.
    far = max(range(len(points)), key=lambda index: math.dist(points[0], points[index]))
    ends = sorted({0, far, len(points) - 1, *on_edge})
    simple = points[:1]
    for start, end in pairwise(ends):
        line = LineString(points[start : end + 1]).simplify(off, preserve_topology=False)
        simple += [(x, y) for x, y in line.coords][1:]
    return simple


def _polygons(topology: dict[str, Any]) -> Iterator[Polygon]:
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
                shell, *holes = [[(x + turn, y) for x, y in ring] for ring in rings]
                # buffer(0) mends coasts that cross themselves on the grid of the file
                yield Polygon(shell, holes).buffer(0)


def _unbroken(ring: Ring) -> Ring:
    """The ring without jumps from 180 to -180: it goes on beyond, its middle within."""
    turn, points = 0.0, ring[:1]
    for (before, _), (x, y) in pairwise(ring):
        if abs(x - before) > 180:
            turn += math.copysign(360, before - x)
        points.append((x + turn, y))
    middle = (min(x for x, _ in points) + max(x for x, _ in points)) / 2
    return [(x - 360 * round(middle / 360), y) for x, y in points]


@click.command()
@click.option("--source", required=True, type=click.Path(path_type=Path), help="land-50m.json")
@click.option("--out", default=OUTLINE, type=click.Path(path_type=Path), help="where to")
def main(source: Path, out: Path) -> None:
    """Cut the land of the stations map out of land-50m.json of the npm package world-atlas."""
    size = write_outline(source, out)
    click.echo(f"wrote {size} bytes to {out}", err=True)


if __name__ == "__main__":
    sys.exit(run_command(main, "tools/land_outline.py"))
