"""Readings in an address: they come back as they went, and nonsense is told in a sentence."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqfusion.air.readings import (
    POLLUTANTS,
    Reading,
    ReadingError,
    link,
    pollutant,
    query_of,
    reading_of,
)

READINGS = st.builds(
    Reading,
    **{
        name: st.none() | st.floats(0, pollutant(name).limit, allow_subnormal=False)
        for name in POLLUTANTS
    },
)


@given(READINGS)
def test_readings_come_back_to_ten_digits_and_then_exactly(reading):
    back = reading_of(query_of(reading))
    assert back.present == reading.present
    assert back.masked(back.present).values == pytest.approx(reading.values, 1e-9, nan_ok=True)
    assert query_of(back) == query_of(reading)
    assert reading_of(query_of(back)) == back


@given(READINGS)
def test_an_address_brings_them_through_its_encoding(reading):
    address = urlsplit(link("https://example.org/a/predict", reading))
    assert (address.scheme, address.netloc, address.path) == ("https", "example.org", "/a/predict")
    query = dict(parse_qsl(address.query, keep_blank_values=True))
    assert query == query_of(reading)
    assert [*query] == [name for name in POLLUTANTS if name in query]


def test_numbers_are_as_short_as_they_can_be():
    reading = Reading(no2=40, pm25=80.0, pm10=10_000, co=0.9, so2=0, o3=58.86)
    assert list(query_of(reading).items()) == [
        ("pm25", "80"),
        ("pm10", "10000"),
        ("o3", "58.86"),
        ("co", "0.9"),
        ("so2", "0"),
        ("no2", "40"),
    ]


def test_no_reading_at_all_is_said_and_an_address_that_says_nothing_sets_nothing():
    assert reading_of(query_of(Reading())) == Reading()
    assert reading_of({}) is None
    assert reading_of({"utm_source": "mail", "PM25": "3"}) is None


def test_unknown_names_are_left_alone():
    assert reading_of({"pm25": "80", "embed": "true", "pm2.5": "x"}) == Reading(pm25=80)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"pm25": "80", "no2": "much"}, "no2 must be a number, got 'much'"),
        ({"o3": "-1"}, "o3 must be >= 0 ug/m3, got -1"),
        ({"co": "nan"}, "co must be a finite number, got nan"),
        ({"pm25": "1e9"}, "pm25 must be <= 5000 ug/m3, got 1e9"),
        ({"pm10": "<script>"}, "pm10 must be a number, got '<script>'"),
    ],
)
def test_a_bad_value_is_told_with_its_pollutant(query, sentence):
    with pytest.raises(ReadingError, match=f"^{re.escape(sentence)}$"):
        reading_of(query)
