"""What is left out is named, and no row says the same as another."""

import pytest

from aqfusion.air.readings import Reading
from aqfusion.explain.attribution import ablations, coalitions
from aqfusion.ui.explain.charts import name_of
from tests.explain.planted_model import PlantedAsk

THREE = Reading(pm25=100, o3=20, no2=3)
ONE = Reading(co=2)


@pytest.mark.parametrize(
    ("reading", "has_photo", "rows"),
    [
        (
            THREE,
            True,
            [
                (("photo", "pm25", "o3", "no2"), (), 130),
                (("photo",), ("pm25", "o3", "no2"), 7),
                (("pm25", "o3", "no2"), ("photo",), 123),
                (("photo", "o3", "no2"), ("pm25",), 30),
                (("photo", "pm25", "no2"), ("o3",), 110),
                (("photo", "pm25", "o3"), ("no2",), 127),
            ],
        ),
        (
            THREE,
            False,
            [
                (("pm25", "o3", "no2"), (), 123),
                (("o3", "no2"), ("pm25",), 23),
                (("pm25", "no2"), ("o3",), 103),
                (("pm25", "o3"), ("no2",), 120),
            ],
        ),
        (
            ONE,
            True,
            [(("photo", "co"), (), 9), (("photo",), ("co",), 7), (("co",), ("photo",), 2)],
        ),
        (Reading(), True, [(("photo",), (), 7)]),
        (ONE, False, [(("co",), (), 2)]),
        (Reading(), False, []),
    ],
    ids=["all", "readings only", "photo and one reading", "photo only", "one reading", "nothing"],
)
def test_rows_are_all_then_each_side_alone_then_all_but_one(reading, has_photo, rows):
    ask = PlantedAsk()
    found = ablations(coalitions(ask, reading, has_photo))
    assert [(row.left, row.without, row.prediction.aqi) for row in found] == rows
    assert len(ask.asked) == 1


@pytest.mark.parametrize(
    ("reading", "has_photo", "rows"),
    [
        (
            Reading(pm25=100, o3=20),
            True,
            [
                (("photo", "pm25", "o3", "site"), 157),
                (("photo",), 7),
                (("pm25", "o3"), 120),
                (("site",), 30),
                (("photo", "pm25", "o3"), 127),
                (("photo", "site"), 37),
                (("pm25", "o3", "site"), 150),
                (("photo", "o3", "site"), 57),
                (("photo", "pm25", "site"), 137),
            ],
        ),
        (ONE, False, [(("co", "site"), 32), (("co",), 2), (("site",), 30)]),
        (Reading(), True, [(("photo", "site"), 37), (("photo",), 7), (("site",), 30)]),
        (Reading(), False, [(("site",), 30)]),
    ],
    ids=["all", "one reading", "photo only", "site only"],
)
def test_a_site_has_its_row_alone_and_the_row_without_it(reading, has_photo, rows):
    known = coalitions(PlantedAsk(), reading, has_photo, has_site=True)
    found = ablations(known)
    assert [(row.left, row.prediction.aqi) for row in found] == rows
    assert all({*row.left, *row.without} == {*known.present} for row in found)


def test_landmarks_go_with_photo_and_site_and_are_left_out_once_alone():
    reading = Reading(pm25=100, o3=20)
    known = coalitions(PlantedAsk(), reading, True, has_site=True, has_landmarks=True)
    found = ablations(known)
    assert [(row.lacking, row.prediction.aqi) for row in found] == [
        ((), 207),
        (("pm25", "o3", "site"), 7),
        (("photo", "site"), 120),
        (("photo", "pm25", "o3"), 30),
        (("site",), 127),
        (("pm25", "o3"), 87),
        (("photo",), 150),
        (("landmarks",), 157),
        (("pm25",), 107),
        (("o3",), 187),
    ]
    assert [name_of(row) for row in found[3:8]] == [
        *("This place only", "Without this place's history", "Without the readings"),
        *("Without the photo", "Without the landmarks"),
    ]
    assert all({*row.left, *row.without} == {*known.present} for row in found)
