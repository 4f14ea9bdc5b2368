"""Each date is judged by the others alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from aqfusion.evaluation.left_out_days import kept_embedding, left_out_days, root_mean_squares
from aqfusion.model.predict import load_model
from aqfusion.photo import Photo
from aqfusion.sites.site import Day
from tests.planted import sky
from tests.planted_sites import START, site_of


@pytest.fixture
def model(site_model_folder):
    return load_model(site_model_folder)


def test_what_is_said_of_a_day_does_not_depend_on_that_day(model):
    one, other = (left_out_days(model, site_of(100, 110, last))[-1] for last in (20, 400))
    assert one.predicted == other.predicted
    assert (one.mean_of_others, other.mean_of_others) == (105, 105)


def test_days_of_one_date_are_left_out_together(model):
    site = site_of(100, 110)
    twin = replace(site.days[0], aqi=400.0, taken_at=START + timedelta(hours=3))
    assert left_out_days(model, site.with_day(twin))[0].mean_of_others == 110


def test_one_date_cannot_be_judged(model):
    assert left_out_days(model, site_of(100)) == ()
    assert left_out_days(model, site_of()) == ()


def test_days_of_another_standard_neither_count_nor_are_judged(model):
    site = site_of(100, 110).with_day(Day(300, "monitor", standard="india"))
    assert [one.mean_of_others for one in left_out_days(model, site)] == [110, 100]


def test_at_an_even_place_its_days_beat_an_unknown_place(model):
    found = root_mean_squares(left_out_days(model, site_of(300, 310, 305, 295, 300)))
    assert found["mean_of_others"] < 10
    assert found["predicted"] < found["elsewhere"] / 2


def test_the_last_days_are_asked_about_where_there_are_many(model):
    asked = left_out_days(model, site_of(10, 20, 30, 40), most=2)
    assert [one.day.aqi for one in asked] == [30, 40]


def test_a_photo_counts_where_this_model_looked_at_it(model):
    photo = model.day_photo(Photo.of(sky(200, 1)))
    assert kept_embedding(model, Day(100, "monitor", photo=photo)) is not None
    assert kept_embedding(model, Day(100, "monitor", photo=replace(photo, model="0" * 64))) is None
