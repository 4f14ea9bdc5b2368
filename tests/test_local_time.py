"""Times and zones as people write them: a moment, or a rule that tells what is missing."""

import pytest

from aqfusion.time_zones import TimeError, read_time, zone


@pytest.mark.parametrize(
    ("text", "local", "told"),
    [
        ("2023-02-01T08:30Z", None, "2023-02-01T08:30:00+00:00"),
        ("2023-02-01 08:30:15.5 +0545", None, "2023-02-01T08:30:15.500000+05:45"),
        ("2023-02-01t08:30z", None, "2023-02-01T08:30:00+00:00"),
        ("2023-02-01T08:30", "Asia/Kathmandu", "2023-02-01T08:30:00+05:45"),
        ("2023-02-01T08:30Z", "asia/kolkata", "2023-02-01T14:00:00+05:30"),
        ("2023-07-01T08:30", "America/New_York", "2023-07-01T08:30:00-04:00"),
        ("2023-07-01T08:30", "-3", "2023-07-01T08:30:00-03:00"),
        ("2023-07-01T08:30", "UTC+05:30", "2023-07-01T08:30:00+05:30"),
        ("2023-10-29T02:30+02:00", "Europe/Berlin", "2023-10-29T02:30:00+02:00"),
        ("2023-10-29T02:30+01:00", "Europe/Berlin", "2023-10-29T02:30:00+01:00"),
    ],
)
def test_a_time_keeps_the_offset_of_its_place(text, local, told):
    assert read_time(text, local and zone(local)).isoformat() == told


def test_the_hour_that_comes_twice_is_two_moments():
    berlin = zone("Europe/Berlin")
    first, second = (read_time(f"2023-10-29T02:30+0{n}:00", berlin) for n in (2, 1))
    assert first != second
    assert first < second


@pytest.mark.parametrize("text", ["2023-10-29T02:30", "2023-03-26T02:30"])
def test_a_clock_that_shows_an_hour_twice_or_never_needs_an_offset(text):
    with pytest.raises(TimeError, match="the clocks of Europe/Berlin are changed at that hour"):
        read_time(text, zone("Europe/Berlin"))


@pytest.mark.parametrize(
    "text", ["", "IST ", "../UTC", "/etc/passwd", "Asia", "\0", "+14:01", "x" * 999]
)
def test_what_is_no_zone_is_refused_and_never_a_path(text):
    with pytest.raises(TimeError, match="must be a time zone"):
        zone(text)
