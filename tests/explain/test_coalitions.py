"""All choices of inputs are asked about at once, and nothing is shown that is not there."""

import numpy as np
import pytest

from aqfusion.air.readings import POLLUTANTS, Reading
from aqfusion.explain.attribution import INPUTS, SHOWN, coalitions
from tests.explain.planted_model import PlantedAsk

READING = Reading(pm25=80.5, o3=0.0, no2=40)


def test_rows_are_all_choices_from_nothing_to_all():
    assert ("photo", *POLLUTANTS, "site", "landmarks") == INPUTS
    assert SHOWN.shape == (512, 9)
    assert len(np.unique(SHOWN, axis=0)) == 512
    assert (SHOWN[0].sum(), SHOWN[511].sum()) == (0, 9)
    assert SHOWN[1].tolist() == [True] + 8 * [False]  # the photo is bit 0
    assert not SHOWN[:128, 7].any()  # site and landmarks come last
    assert not SHOWN[:256, 8].any()


@pytest.mark.parametrize("has_photo", [True, False])
@pytest.mark.parametrize(
    ("has_site", "has_landmarks", "rows"),
    [(False, False, 128), (True, False, 256), (True, True, 512)],
)
def test_the_model_is_asked_once_and_shown_only_what_is_given(
    has_photo, has_site, has_landmarks, rows
):
    ask = PlantedAsk()
    known = coalitions(ask, READING, has_photo, has_site, has_landmarks)
    ((photo_shown, readings),) = ask.asked
    ((site_shown),) = ask.sites
    assert ask.landmarks[0].tolist() == SHOWN[:rows, 8].tolist()
    choices = SHOWN[:rows]
    assert photo_shown.tolist() == (choices[:, 0] & has_photo).tolist()
    assert site_shown.tolist() == choices[:, 7].tolist()
    given = [name in READING.present for name in POLLUTANTS]
    assert (~np.isnan(readings) == (choices[:, 1:7] & given)).all()
    for number, name in enumerate(POLLUTANTS):
        column = readings[:, number]
        shown = set(column[~np.isnan(column)].tolist())
        assert shown == ({getattr(READING, name)} if name in READING.present else set())
    assert known.present == (
        *(["photo"] if has_photo else []),
        *("pm25", "o3", "no2"),
        *(["site"] if has_site else []),
        *(["landmarks"] if has_landmarks else []),
    )


def test_landmarks_are_refused_without_their_site():
    with pytest.raises(ValueError, match="has_landmarks must be false where there is no site"):
        coalitions(PlantedAsk(), READING, has_photo=True, has_landmarks=True)


def test_a_row_is_found_by_the_names_of_what_it_shows():
    def by_names(photo_shown, readings, site_shown, landmarks_shown):
        value = 10.0 * photo_shown + 100.0 * ~np.isnan(readings[:, 0]) + ~np.isnan(readings[:, 5])
        return PlantedAsk.told(value + 200.0 * site_shown)

    known = coalitions(by_names, READING, has_photo=True, has_site=True)
    found = {
        names: known.showing(names).aqi
        for names in [
            (),
            ("photo",),
            ("pm25",),
            ("no2", "photo"),
            ("photo", "pm25", "no2"),
            ("site", "pm25"),
        ]
    }
    assert found == {
        (): 0,
        ("photo",): 10,
        ("pm25",): 100,
        ("no2", "photo"): 11,
        ("photo", "pm25", "no2"): 111,
        ("site", "pm25"): 300,
    }


def test_what_is_not_given_changes_no_row():
    known = coalitions(PlantedAsk(), READING, has_photo=False)
    for names in [(), ("pm25",), ("o3", "no2")]:
        with_more = (*names, "photo", "pm10", "co", "so2", "site")
        assert known.showing(names) == known.showing(with_more)
