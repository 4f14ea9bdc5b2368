"""What-ifs against planted models: rising, falling, with islands, and out of reach."""

import numpy as np
import pytest

from aqfusion.air.aqi import Category, standard
from aqfusion.air.readings import POLLUTANTS, Reading
from aqfusion.explain.what_if import SearchResult, WhatIfInput, grid, search
from tests.explain.planted_model import PHOTO_POINTS, PlantedAsk

READING = Reading(pm25=50.0, o3=20.0)
CATEGORIES = {category.name: category for category in standard("us").categories}
GOOD, MODERATE, HAZARDOUS = (CATEGORIES[name] for name in ("Good", "Moderate", "Hazardous"))


def pm25(readings: np.ndarray) -> np.ndarray:
    return readings[:, POLLUTANTS.index("pm25")]


def islands(*spans: tuple[float, float]):
    """Good within the spans of PM2.5 and Hazardous elsewhere."""

    def says(readings: np.ndarray) -> np.ndarray:
        value = pm25(readings)
        inside = np.any([(low <= value) & (value <= high) for low, high in spans], axis=0)
        return np.where(inside, 20.0, 400.0)

    return says


def scene(says=None, reading: Reading = READING, has_photo: bool = False) -> WhatIfInput:
    return WhatIfInput(PlantedAsk(says), reading, has_photo)


def assert_says(found: SearchResult, category: Category) -> None:
    assert found.reached
    assert found.prediction.category == category


def test_a_sweep_changes_what_it_names_and_nothing_else():
    start = scene(has_photo=True)
    told = start.changed({"o3": np.array([1.0, 2.0, 3.0])})
    ((photo_shown, readings),) = start.ask.asked
    assert photo_shown.tolist() == [True] * 3
    nan = np.nan
    planted = [[50, nan, o3, nan, nan, nan] for o3 in (1, 2, 3)]
    assert np.array_equal(readings, planted, equal_nan=True)
    assert told.aqi.tolist() == [51 + PHOTO_POINTS, 52 + PHOTO_POINTS, 53 + PHOTO_POINTS]


def test_a_grid_has_what_goes_across_in_columns_and_what_goes_up_in_rows():
    start = scene(lambda readings: pm25(readings) + 10 * readings[:, POLLUTANTS.index("co")])
    found = grid(start, ("pm25", np.array([1.0, 2.0, 3.0])), ("co", np.array([0.0, 5.0])))
    assert found.tolist() == [[1, 2, 3], [51, 52, 53]]
    assert len(start.ask.asked) == 1
    assert set(start.ask.asked[0][1][:, POLLUTANTS.index("o3")].tolist()) == {20.0}


def test_where_the_index_rises_the_value_just_below_the_border_is_found():
    found = search(scene(pm25), "pm25", MODERATE, start=180.0)
    assert_says(found, MODERATE)
    assert (found.value, found.prediction.aqi) == (100.4, 100)  # 100.5 would be 101
    found = search(scene(pm25), "pm25", MODERATE, start=3.0)
    assert_says(found, MODERATE)
    assert (found.value, found.prediction.aqi) == (50.5, 51)


@pytest.mark.parametrize(
    ("start", "value"),
    [(100.0, 90.0), (118.0, 130.3), (111.0, 130.3), (105.0, 90.0), (500.0, 140.7), (0.0, 60.2)],
)
def test_of_two_islands_the_nearer_wins_on_either_side(start, value):
    found = search(scene(islands((60.2, 90.0), (130.3, 140.7))), "pm25", GOOD, start)
    assert_says(found, GOOD)
    assert found.value == value


@pytest.mark.parametrize("start", [60.2, 75.0, 90.0, 1.3])
def test_where_it_begins_inside_it_stays(start):
    found = search(scene(islands((1.3, 1.3), (60.2, 90.0))), "pm25", GOOD, start)
    assert_says(found, GOOD)
    assert found.value == start


def test_out_of_reach_is_said_with_what_comes_nearest():
    def dips(readings: np.ndarray) -> np.ndarray:
        return 80 + np.abs(pm25(readings) - 33.3)

    found = search(scene(dips), "pm25", GOOD, start=200.0)
    assert (found.reached, found.value, found.prediction.aqi) == (False, 33.3, 80)
    found = search(scene(lambda readings: 300 - pm25(readings) * 0), "pm25", HAZARDOUS, 7.0)
    assert (found.reached, found.prediction.aqi) == (False, 300)


def test_carbon_monoxide_is_told_to_two_digits_and_others_to_one():
    def co(readings: np.ndarray) -> np.ndarray:
        return 100 * readings[:, POLLUTANTS.index("co")]

    found = search(scene(co), "co", MODERATE, start=9.0)
    assert (found.value, found.prediction.aqi) == (1.0, 100)
    found = search(scene(co), "co", MODERATE, start=0.0)
    assert (found.value, found.prediction.aqi) == (0.51, 51)


@pytest.mark.parametrize("name", POLLUTANTS)
@pytest.mark.parametrize("start", [0.0, 12.3, 480.0])
def test_a_found_value_can_be_typed_and_says_the_category_when_it_is(name, start):
    def waves(readings: np.ndarray) -> np.ndarray:
        value = readings[:, POLLUTANTS.index(name)]
        return 250 + 240 * np.sin(np.log1p(value) * 2)

    for category in CATEGORIES.values():
        told = scene(waves)
        found = search(told, name, category, start)
        digits = 2 if name == "co" else 1
        assert found.value == round(found.value, digits)
        again = told.changed({name: np.array([found.value])})[0]
        assert found.reached
        assert found.prediction == again
        assert again.category == category


def test_other_readings_and_the_photo_stay_while_one_is_searched():
    start = scene(has_photo=True)
    search(start, "pm25", GOOD, 50.0)
    for photo_shown, readings in start.ask.asked:
        assert photo_shown.all()
        assert set(readings[:, POLLUTANTS.index("o3")].tolist()) == {20.0}
        assert np.isnan(np.delete(readings, [0, 2], axis=1)).all()


def test_a_reading_that_was_not_given_can_be_searched_too():
    found = search(scene(), "no2", MODERATE, start=0.0)  # pm25 and o3 are 70 already
    assert (found.reached, found.value) == (True, 0.0)
