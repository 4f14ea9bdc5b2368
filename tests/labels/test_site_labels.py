"""Settled labels of a place become days of its site; and which places have had their first days."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from aqfusion.air.readings import Reading
from aqfusion.labels.answer import Answer
from aqfusion.labels.item import Reason
from aqfusion.labels.item_insertion import ItemScore
from aqfusion.sites.site import Day, Site
from tests.labels.planted import NOW, add, request_id, say

MORNING = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
DAY = timedelta(days=1)
ROOF = Site("Roof", timezone="Asia/Kolkata")


def settled(store, admin, expert, number, answer, **more):
    """An item of the roof that an expert has decided."""
    columns = {"place": "Roof", "taken_at": MORNING, "time_zone": "Asia/Kolkata"} | more
    item = add(store, admin, number, **columns)
    store.review.overrule(expert, item, answer, "why", request_id(), NOW)
    return item


def test_a_settled_aqi_is_a_day_with_its_time_and_corrected_readings(store, admin, expert):
    settled(store, admin, expert, 7, Answer(aqi=180, corrections={"pm25": 99.0}))
    [day] = store.with_labels(ROOF).days
    assert day == Day(180, "label", MORNING, reading=Reading(pm25=99))
    assert day.taken_at.isoformat() == "2026-03-01T08:00:00+05:30"


def test_what_annotators_agree_on_counts_as_well(store, admin, ana, ben):
    item = add(store, admin, 1, place="Roof", taken_at=MORNING, overlap=2)
    say(store, ana, item, Answer(aqi=160))
    assert store.with_labels(ROOF) == ROOF  # one answer of two
    say(store, ben, item, Answer(aqi=170))
    assert [day.aqi for day in store.with_labels(ROOF).days] == [165]


@pytest.mark.parametrize(
    ("answer", "more"),
    [
        (Answer(category=3), {}),
        (Answer(cant_tell="not sky"), {}),
        (Answer(aqi=180), {"taken_at": None}),
        (Answer(aqi=180), {"place": "Other roof"}),
        (Answer(aqi=180), {"place": None}),
        (Answer(aqi=180), {"taken_at": datetime(1960, 1, 1, tzinfo=UTC)}),
    ],
)
def test_without_an_aqi_a_time_or_this_place_a_label_is_no_day(store, admin, expert, answer, more):
    settled(store, admin, expert, 1, answer, **more)
    assert store.with_labels(ROOF) == ROOF


def test_a_gold_item_that_measures_people_is_no_day(store, admin, ana):
    item = add(store, admin, 1, place="Roof", taken_at=MORNING, known_aqi=180)
    say(store, ana, item, Answer(aqi=180))
    assert store.with_labels(ROOF) == ROOF


def test_a_label_takes_the_place_of_a_day_of_its_time_and_the_last_one_wins(store, admin, expert):
    own = Site(
        "ROOF on top",
        learned_as="Roof",
        days=(Day(90, "data set", MORNING), Day(95, "data set", MORNING + DAY), Day(70, "table")),
    )
    first = settled(store, admin, expert, 1, Answer(aqi=180))
    settled(store, admin, expert, 2, Answer(aqi=190))
    assert [day.aqi for day in store.with_labels(own).days] == [70, 190, 95]
    store.review.overrule(expert, first, Answer(aqi=200), "again", request_id(), NOW)
    assert [day.aqi for day in store.with_labels(own).days] == [70, 200, 95]


def test_the_newest_days_stay_where_there_are_too_many(store, admin, expert, monkeypatch):
    monkeypatch.setattr("aqfusion.labels.sites.MOST_DAYS", 2)
    own = replace(ROOF, days=(Day(90, "monitor", MORNING - DAY), Day(95, "monitor", MORNING + DAY)))
    settled(store, admin, expert, 1, Answer(aqi=180))
    assert [day.aqi for day in store.with_labels(own).days] == [180, 95]


def test_labelled_days_are_told_by_place_on_its_own_clock(store, admin, expert):
    late = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)  # the next day in India
    settled(store, admin, expert, 1, Answer(aqi=180))
    settled(store, admin, expert, 2, Answer(category=2), taken_at=late)
    settled(store, admin, expert, 3, Answer(category=2), place="Other", taken_at=None)
    add(store, admin, 4, place="Waiting", taken_at=MORNING)
    expected = {"Roof": frozenset({date(2026, 3, 1), date(2026, 3, 2)})}
    assert store.unscored.labelled_days(admin) == expected


def test_items_are_found_by_their_reason_with_its_words(store, admin):
    item, other = (add(store, admin, n, place="Roof", taken_at=MORNING) for n in (1, 2))
    reasons = (Reason("model unsure", "It is"), Reason("first days of a place", "None yet"))
    store.items.set_views(
        admin, [ItemScore(item, 0.5, reasons), ItemScore(other, 0.5, reasons[:1])]
    )
    [entry] = store.unscored.of_places(admin, "first days of a place")
    assert (entry.item, entry.place, entry.words) == (item, "Roof", "None yet")
    assert date(2026, 3, 1) in entry.days
