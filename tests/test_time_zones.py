"""Times and the zones of places: read, asked for, and never guessed at."""

import threading

import pytest

from aqfusion.time_zones import TimeError, date_order, read_time, zone, zone_at


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-01-05 08:00:00+00", "2026-01-05T08:00:00+00:00"),
        ("2026-01-05 08:00 UTC", "2026-01-05T08:00:00+00:00"),
        ("2026-01-05T08:00:00.123456789Z", "2026-01-05T08:00:00.123456+00:00"),
        ("2026-1-5 8:30 +0530", "2026-01-05T08:30:00+05:30"),
        ("2026/01/05 8:30 PM +05:30", "2026-01-05T20:30:00+05:30"),
        ("2026-01-05 12:10 am Z", "2026-01-05T00:10:00+00:00"),
        ("2026-12-31 24:00+05:45", "2027-01-01T00:00:00+05:45"),
        ("05-Jan-2026 08:30 GMT+5:30", "2026-01-05T08:30:00+05:30"),
        ("13-01-2026 08:30Z", "2026-01-13T08:30:00+00:00"),
        ("01/13/2026 08:30Z", "2026-01-13T08:30:00+00:00"),
        ("05.01.2026 08:30Z", "2026-01-05T08:30:00+00:00"),
        ("05/05/2026 08:30Z", "2026-05-05T08:30:00+00:00"),
    ],
)
def test_a_time_is_read_as_people_and_programs_write_it(text, told):
    assert read_time(text, None).isoformat() == told


@pytest.mark.parametrize(
    "text",
    ["2026-01-05 24:01Z", "2026-01-05 13:00 PM Z", "05-Foo-2026 08:00Z", "9999-12-31 24:00Z"],
)
def test_a_time_that_does_not_exist_is_refused(text):
    with pytest.raises(TimeError, match="must be a time that exists"):
        read_time(text, None)


def test_the_order_of_day_and_month_is_that_of_the_column():
    texts = ["05-01-2026 08:00", "31-01-2026 08:00"]
    order = date_order(texts)
    assert [read_time(f"{text}Z", None, order).day for text in texts] == [5, 31]
    assert date_order(["13-01-2026", "01-13-2026"]) is None
    with pytest.raises(TimeError, match="must have its year first as in 2026-01-05"):
        read_time("05-01-2026 08:00Z", None)


def test_a_time_without_a_zone_is_never_utc():
    with pytest.raises(TimeError, match="must name its offset"):
        read_time("2026-01-05 08:00", None)


def test_the_zone_of_a_place_is_found_by_many_threads_at_once():
    found: list[str] = []
    places = [(13.08, 80.27), (27.7, 85.3), (23.8, 90.4), (24.86, 67.0)] * 5
    threads = [
        threading.Thread(target=lambda at=at: found.append(str(zone_at(*at)))) for at in places
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = ["Asia/Dhaka", "Asia/Karachi", "Asia/Kathmandu", "Asia/Kolkata"]
    assert sorted(found) == [name for name in names for _ in range(5)]


def test_a_zone_is_an_offset_too():
    assert [str(zone(text)) for text in ("+05", "+0530", "-8", "UTC", "z")] == [
        "UTC+05:00",
        "UTC+05:30",
        "UTC-08:00",
        "UTC",
        "UTC",
    ]
