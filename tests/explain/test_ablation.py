"""What is left out is named, and no row says the same as another."""

import pytest

from aqfusion.air.sensors import Reading
from aqfusion.explain.ablation import ablations
from aqfusion.explain.coalitions import coalitions
from tests.explain.planted_ask import PlantedAsk

THREE = Reading(pm25=100, o3=20, no2=3)
ONE = Reading(co=2)


@pytest.mark.parametrize(
    ("reading", "has_photo", "rows"),
    [
        (
            THREE,
            True,
            [
                (("photo", "pm25", "o3", "no2"), None, 130),
                (("photo",), None, 7),
                (("pm25", "o3", "no2"), "photo", 123),
                (("photo", "o3", "no2"), "pm25", 30),
                (("photo", "pm25", "no2"), "o3", 110),
                (("photo", "pm25", "o3"), "no2", 127),
            ],
        ),
        (
            THREE,
            False,
            [
                (("pm25", "o3", "no2"), None, 123),
                (("o3", "no2"), "pm25", 23),
                (("pm25", "no2"), "o3", 103),
                (("pm25", "o3"), "no2", 120),
            ],
        ),
        (
            ONE,
            True,
            [(("photo", "co"), None, 9), (("photo",), "co", 7), (("co",), "photo", 2)],
        ),
        (Reading(), True, [(("photo",), None, 7)]),
        (ONE, False, [(("co",), None, 2)]),
        (Reading(), False, []),
    ],
    ids=["all", "readings only", "photo and one reading", "photo only", "one reading", "nothing"],
)
def test_rows_are_all_then_each_side_alone_then_all_but_one(reading, has_photo, rows):
    ask = PlantedAsk()
    found = ablations(coalitions(ask, reading, has_photo))
    assert [(row.left, row.without, row.prediction.aqi) for row in found] == rows
    assert len(ask.asked) == 1
