"""Sites count days by their local date, and judge a day as if its date had never been measured."""

from datetime import UTC, datetime

import pytest

from aqfusion.sites.landmark import Box, Landmark, LandmarkError
from aqfusion.sites.site import Day, DayPhoto, Site, SiteError


def day(aqi, *when, **kept):
    return Day(aqi, "monitor", datetime(*when, tzinfo=UTC) if when else None, **kept)


def photo(digest):
    return DayPhoto(digest, "abc", (0.0, 1.0), 40.0)


def test_days_of_one_local_date_count_once():
    evening, night = day(90, 2026, 3, 1, 16), day(110, 2026, 3, 1, 20)
    assert Site("Delhi", days=(evening, night)).day_count == 1
    assert Site("Delhi", timezone="Asia/Kolkata", days=(evening, night)).day_count == 2


def test_a_day_without_a_time_counts_for_itself():
    assert Site("Delhi", days=(day(90), day(90), day(95, 2026, 3, 1))).day_count == 3


def test_a_day_of_another_standard_is_kept_and_says_nothing():
    site = Site("Delhi", days=(day(90, 2026, 3, 1, standard="india"),))
    assert (len(site.days), site.history, site.day_count) == (1, (), 0)


def test_the_same_photo_again_takes_its_place():
    site = Site("Delhi").with_day(day(90, photo=photo("a"))).with_day(day(95, photo=photo("a")))
    assert [day.aqi for day in site.days] == [95]


def test_the_same_time_again_takes_its_place_but_unknown_times_do_not():
    site = Site("Delhi").with_day(day(90, 2026, 3, 1)).with_day(day(95, 2026, 3, 1))
    assert [one.aqi for one in site.with_day(day(70)).with_day(day(70)).days] == [95, 70, 70]


def test_without_a_date_all_its_hours_are_gone():
    hours = [day(90 + hour, 2026, 3, 1, hour) for hour in (4, 8)]
    site = Site("Delhi", days=(*hours, day(50, 2026, 3, 2), day(60)))
    assert [day.aqi for day in site.without_date_of(hours[0]).days] == [50, 60]
    assert [day.aqi for day in site.without_date_of(site.days[3]).days] == [94, 98, 50]


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: day(501), "aqi must be 0 to 500, got 501"),
        (lambda: day(float("nan")), "aqi must be 0 to 500, got nan"),
        (lambda: Day(5, "hearsay"), "source must be one of .*, got 'hearsay'"),
        (lambda: Day(5, "monitor", datetime(2026, 3, 1)), "time must name its time zone"),
        (lambda: day(5, 1969, 1, 1), "time must be of the years 1970 to 2199, got 1969"),
        (lambda: day(5, standard="mars"), "standard must be one of us, india, got 'mars'"),
        (lambda: Site(" "), "site name must have 1 to 80 printable characters"),
        (lambda: Site("a\nb"), "site name must have"),
        (lambda: Site("Delhi", latitude=1), "both or neither"),
        (lambda: Site("Delhi", 91, 0), "latitude must be -90 to 90 degrees, got 91"),
        (lambda: Site("Delhi", timezone="Mars"), "must be a time zone"),
    ],
)
def test_what_breaks_a_rule_is_told(build, says):
    with pytest.raises(ValueError, match=says):
        build()


def test_a_box_must_have_a_size():
    with pytest.raises(LandmarkError, match="left and right must be shares of 0 to 1"):
        Box(0.5, 0.1, 0.5, 0.2)
    box = Box(0.4, 0.1, 0.5, 0.2)
    with pytest.raises(LandmarkError, match=r"distance must be 0\.05 to 300 km, got 0"):
        Landmark("tower", box, box, 0)


def test_errors_of_sites_are_sentences_for_people():
    with pytest.raises(SiteError):
        Site("")
