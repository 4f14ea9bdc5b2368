"""All 128 choices of inputs are asked about at once, and nothing is shown that is not there."""

import numpy as np
import pytest

from aqfusion.air.sensors import POLLUTANTS, Reading
from aqfusion.explain.coalitions import INPUTS, SHOWN, coalitions
from tests.explain.planted_ask import PlantedAsk

READING = Reading(pm25=80.5, o3=0.0, no2=40)


def test_rows_are_all_choices_from_nothing_to_all():
    assert ("photo", *POLLUTANTS) == INPUTS
    assert SHOWN.shape == (128, 7)
    assert len(np.unique(SHOWN, axis=0)) == 128
    assert (SHOWN[0].sum(), SHOWN[127].sum()) == (0, 7)
    assert SHOWN[1].tolist() == [True] + 6 * [False]  # the photo is bit 0


@pytest.mark.parametrize("has_photo", [True, False])
def test_the_model_is_asked_once_and_shown_only_what_is_given(has_photo):
    ask = PlantedAsk()
    known = coalitions(ask, READING, has_photo)
    ((photo_shown, readings),) = ask.asked
    assert photo_shown.tolist() == (SHOWN[:, 0] & has_photo).tolist()
    given = [name in READING.present for name in POLLUTANTS]
    assert (~np.isnan(readings) == (SHOWN[:, 1:] & given)).all()
    for number, name in enumerate(POLLUTANTS):
        column = readings[:, number]
        shown = set(column[~np.isnan(column)].tolist())
        assert shown == ({getattr(READING, name)} if name in READING.present else set())
    assert known.given == (*(["photo"] if has_photo else []), "pm25", "o3", "no2")


def test_a_row_is_found_by_the_names_of_what_it_shows():
    def by_names(photo_shown, readings):
        value = 10.0 * photo_shown + 100.0 * ~np.isnan(readings[:, 0]) + ~np.isnan(readings[:, 5])
        return PlantedAsk.told(value)

    known = coalitions(by_names, READING, has_photo=True)
    found = {
        names: known.showing(names).aqi
        for names in [(), ("photo",), ("pm25",), ("no2", "photo"), ("photo", "pm25", "no2")]
    }
    assert found == {
        (): 0,
        ("photo",): 10,
        ("pm25",): 100,
        ("no2", "photo"): 11,
        ("photo", "pm25", "no2"): 111,
    }


def test_what_is_not_given_changes_no_row():
    known = coalitions(PlantedAsk(), READING, has_photo=False)
    for names in [(), ("pm25",), ("o3", "no2")]:
        with_more = (*names, "photo", "pm10", "co", "so2")
        assert known.showing(names) == known.showing(with_more)
