"""The land outline: a planted world comes out as it must, and the shipped one is whole."""

import json
from itertools import pairwise

import pytest

from aqfusion.cli.main import run_command
from aqfusion.settings import ASSETS, ROOT

shapely = pytest.importorskip("shapely")
from tools.land_outline import _polygons, _simplified, land_outline, main  # noqa: E402

LAND = ASSETS / "stations" / "land.geojson"


def topology(*rings):
    """A world of whole degrees; each ring is one arc, told by steps as TopoJSON does."""
    arcs = [
        [ring[0]] + [[bx - ax, by - ay] for (ax, ay), (bx, by) in pairwise(ring)] for ring in rings
    ]
    land = {"type": "MultiPolygon", "arcs": [[[number]] for number in range(len(rings))]}
    return {
        "transform": {"scale": [1, 1], "translate": [0, 0]},
        "arcs": arcs,
        "objects": {"land": {"geometries": [land]}},
    }


def square(west, south, size):
    east, north = west + size, south + size
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def polygons(text):
    return json.loads(text)["features"][0]["geometry"]["coordinates"]


def test_an_island_inside_the_region_keeps_its_corners():
    (polygon,) = polygons(land_outline(topology(square(70, 10, 5))))
    assert sorted(map(tuple, polygon[0][1:])) == [(70, 10), (70, 15), (75, 10), (75, 15)]


def test_land_across_the_edge_is_cut_there_and_loses_nothing():
    parts = polygons(land_outline(topology(square(95, 10, 10))))
    assert sum(shapely.Polygon(polygon[0]).area for polygon in parts) == 100
    assert all({x for x, _ in polygon[0]} in ({95, 100}, {100, 105}) for polygon in parts)


def test_land_across_the_180th_meridian_lies_on_both_sides_of_it():
    fiji = [[178, -18], [-178, -18], [-178, -14], [178, -14], [178, -18]]
    parts = polygons(land_outline(topology(fiji)))
    assert sorted({x for x, _ in polygon[0]} for polygon in parts) == [{-180, -178}, {178, 180}]


def test_small_islands_and_what_lies_south_of_the_map_are_gone():
    assert polygons(land_outline(topology(square(70, 10, 0.03), square(70, -80, 15)))) == []


def test_a_lake_stays_a_hole():
    land = square(70, 10, 10)
    world = topology(land, square(73, 13, 2)[::-1])
    world["objects"]["land"]["geometries"][0]["arcs"] = [[[0], [1]]]
    ((shell, lake),) = polygons(land_outline(world))
    assert (shapely.Polygon(shell).area, shapely.Polygon(lake).area) == (100, 4)


def test_simplify_drops_what_is_small_and_holds_the_edge_of_the_box():
    line = [(0, 0), (5, 0.01), (9, 0), (9, 5), (9.01, 7), (9, 9), (0, 9), (0, 5), (0, 0)]
    kept = [(0, 0), (9, 0), (9, 9), (0, 9), (0, 5), (0, 0)]
    assert _simplified(shapely.LinearRing(line), 0.1, (0, -1, 20, 20)) == kept


@pytest.mark.parametrize("content", ["{}", "[]", "not json", '{"transform": 3}'])
def test_another_file_is_refused_in_one_sentence(tmp_path, capsys, content):
    source = tmp_path / "other.json"
    source.write_text(content, encoding="utf-8")
    options = ["--source", str(source), "--out", str(tmp_path / "out")]
    assert run_command(main, "land_outline.py", options) == 2
    assert capsys.readouterr().err == "other.json must be world-atlas' land-50m.json\n"
    assert not (tmp_path / "out").exists()


def test_shipped_outline_is_small_and_names_its_source():
    text = LAND.read_text(encoding="utf-8")
    assert len(text) < 60_000
    assert "Natural Earth" in json.loads(text)["note"]
    assert "public domain" in json.loads(text)["note"]


@pytest.mark.parametrize(
    ("place", "longitude", "latitude", "is_land"),
    [
        ("Delhi", 77.2, 28.6, True),
        ("Kathmandu", 85.3, 27.7, True),
        ("Dhaka", 90.4, 23.8, True),
        ("Colombo, a little inland", 80.1, 6.9, True),
        ("Bay of Bengal", 88.0, 15.0, False),
        ("Arabian Sea", 65.0, 15.0, False),
        ("Palk Strait", 79.6, 9.4, False),
        ("Sahara", 5.0, 23.0, True),
        ("Caspian Sea", 51.0, 42.0, False),
    ],
)
def test_shipped_outline_knows_land_from_sea(place, longitude, latitude, is_land):
    rings = [ring for polygon in polygons(LAND.read_text(encoding="utf-8")) for ring in polygon]
    assert sum(_crossings(ring, longitude, latitude) for ring in rings) % 2 == is_land, place


def _crossings(ring, x, y):
    """How often a ray to the east crosses the ring."""
    return sum(
        (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax)
        for (ax, ay), (bx, by) in pairwise(ring)
    )


def test_shipped_outline_is_what_the_tool_makes_of_its_source():
    """Sri Lanka and Sumatra, which two edges cut, as land-50m.json of world-atlas has them."""
    source = json.loads((ROOT / "tests" / "cases" / "two-islands.json").read_text(encoding="utf-8"))
    made, shipped = polygons(land_outline(source)), polygons(LAND.read_text(encoding="utf-8"))
    assert len(made) == 4
    assert all(polygon in shipped for polygon in made)


def test_no_point_of_a_coast_is_further_off_than_its_box_allows():
    source = json.loads((ROOT / "tests" / "cases" / "two-islands.json").read_text(encoding="utf-8"))
    (_, island), *_ = sorted(
        (polygon.bounds[1], polygon)
        for polygon in _polygons(source)
        if 79 < polygon.bounds[0] < 81  # Sri Lanka
    )
    (made,) = (
        shapely.Polygon(*rings) for rings in polygons(land_outline(source)) if rings[0][0][0] < 83
    )
    off = 0.03 + 0.5 * 0.01 * 2**0.5  # simplified, then rounded
    assert made.difference(island.buffer(off)).is_empty
    assert island.difference(made.buffer(off)).is_empty
    assert made.symmetric_difference(island).area < 0.02 * island.area
