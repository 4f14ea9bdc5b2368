"""The local day of a photo: what the clock of its place shows, never silently UTC."""

from datetime import UTC, datetime

import pytest

from aqfusion.labels.capture_time import local_days, local_time, time_text, zone_of
from aqfusion.labels.item import ItemError, Task
from tests.labels.planted import add, new_item

MORNING = datetime(2026, 1, 4, 23, 30, tzinfo=UTC)  # 05:00 of the 5th in India


@pytest.mark.parametrize(
    ("time_zone", "place", "text", "days"),
    [
        ("Asia/Kolkata", "Chennai", "5 Jan 2026, 05:00 (UTC+05:30)", [5]),
        ("+05:45", None, "5 Jan 2026, 05:15 (UTC+05:45)", [5]),
        (None, "Biratnagar, Nepal", "5 Jan 2026, 05:15 (UTC+05:45)", [5]),
        ("America/Chicago", "ITO, Delhi", "4 Jan 2026, 17:30 (UTC-06:00)", [4]),
        ("UTC", "Chennai", "4 Jan 2026, 23:30 (UTC+00:00)", [4]),
        (None, "Chennai", "4 Jan 2026, 23:30 UTC (local time not known)", [4, 5]),
        ("Mars/Base", "Chennai", "4 Jan 2026, 23:30 UTC (local time not known)", [4, 5]),
    ],
)
def test_a_time_is_told_on_the_clock_of_its_place(time_zone, place, text, days):
    assert time_text(MORNING, time_zone, place) == text
    assert [day.day for day in local_days(MORNING, time_zone, place)] == days


def test_summer_time_is_that_of_the_moment():
    july = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    assert time_text(july, "America/Chicago", None) == "1 Jul 2026, 07:00 (UTC-05:00)"


def test_without_a_time_there_is_no_day():
    assert local_days(None, "Asia/Kolkata", "Chennai") == ()
    assert local_time(None, "Asia/Kolkata", "Chennai") is None
    assert zone_of(None, None) is None


def test_the_store_keeps_the_zone_beside_the_moment(store, admin, expert):
    item = add(store, admin, 1, place="Chennai", taken_at=MORNING, time_zone="Asia/Kolkata")
    task: Task = store.review.view(expert, item).item.task
    assert (task.taken_at, task.time_zone) == (MORNING, "Asia/Kolkata")
    assert task.taken_text == "5 Jan 2026, 05:00 (UTC+05:30)"


def test_what_is_no_zone_is_refused():
    with pytest.raises(ItemError, match=r"time zone must be a time zone as in .*, got 'Mars/Base'"):
        new_item(1, time_zone="Mars/Base")
