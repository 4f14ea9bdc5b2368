"""The land outline: a planted world comes out as it must, and the shipped one is whole."""

import json
from itertools import pairwise

import pytest

from aqfusion.cli import main
from aqfusion.settings import ASSETS
from aqfusion.stations.outline import outline_of
from aqfusion.stations.polygon import area, clip, simplify

BOX = (0, 0, 10, 10)
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
    (polygon,) = polygons(outline_of(topology(square(70, 10, 5))))
    assert sorted(map(tuple, polygon[0][1:])) == [(70, 10), (70, 15), (75, 10), (75, 15)]


def test_land_across_the_edge_is_cut_there_and_loses_nothing():
    parts = polygons(outline_of(topology(square(95, 10, 10))))
    assert sum(abs(area(polygon[0])) for polygon in parts) == 100
    assert all({x for x, _ in polygon[0]} in ({95, 100}, {100, 105}) for polygon in parts)


def test_land_across_the_180th_meridian_lies_on_both_sides_of_it():
    fiji = [[178, -18], [-178, -18], [-178, -14], [178, -14], [178, -18]]
    parts = polygons(outline_of(topology(fiji)))
    assert sorted({x for x, _ in polygon[0]} for polygon in parts) == [{-180, -178}, {178, 180}]


def test_what_lies_outside_the_box_is_gone():
    assert clip([(20, 20), (30, 20), (30, 30), (20, 20)], BOX) == []


def test_simplify_drops_what_is_small_and_holds_the_edge_of_the_box():
    line = [(0, 0), (5, 0.01), (9, 0), (9, 5), (9.01, 7), (9, 9), (0, 9), (0, 5), (0, 0)]
    kept = [(0, 0), (9, 0), (9, 9), (0, 9), (0, 5), (0, 0)]
    assert simplify(line, 0.1, (0, -1, 20, 20)) == kept


@pytest.mark.parametrize("content", ["{}", "[]", "not json", '{"transform": 3}'])
def test_another_file_is_refused_in_one_sentence(tmp_path, capsys, content):
    source = tmp_path / "other.json"
    source.write_text(content, encoding="utf-8")
    assert main(["outline", "--source", str(source), "--out", str(tmp_path / "out")]) == 2
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
