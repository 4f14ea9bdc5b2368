"""A site's days, each told from the others: the days of its own date never help."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from aqfusion.air.readings import Reading
from aqfusion.evaluation.leave_one_day_out import DayScores, SiteDaysError, leave_one_day_out
from aqfusion.model.predictor import Predictor
from aqfusion.network.checkpoint import load_checkpoint, served
from aqfusion.sites.landmark import Box, Landmark
from aqfusion.sites.site import Day, DayPhoto, Site
from tests.planted_sites import START, site_of, with_sites

METHODS = ["all", "without the history", "without the photo", "without the readings"]
HISTORY, MEAN = "the history alone", "mean of the other days"
EMBEDDING = (0.5,) * 128


@pytest.fixture(scope="module")
def predictor(checkpoint_folder):
    return Predictor("planted", served(with_sites(load_checkpoint(checkpoint_folder))))


def full(predictor, *aqis, model=None):
    """A site whose days have photo and readings."""
    photo = DayPhoto("ab" * 32, model or predictor.checkpoint.sha256, EMBEDDING, 40)
    site = site_of(*aqis)
    return replace(
        site,
        days=tuple(replace(day, photo=photo, reading=Reading(pm25=80)) for day in site.days),
    )


def test_the_mean_of_the_other_days_is_exact(predictor):
    found = leave_one_day_out(predictor, site_of(100, 200, 300))
    assert [day.predictions[MEAN][0] for day in found.days] == [250, 200, 150]
    assert found.scores[MEAN] == DayScores((45000 / 3) ** 0.5, 100, 1 / 3, None)


def test_all_days_of_a_date_are_left_out_together(predictor):
    site = site_of(100, 300)
    again = Day(110, "monitor", START + timedelta(hours=2))
    found = leave_one_day_out(predictor, replace(site, days=(*site.days, again)))
    assert [day.predictions[MEAN][0] for day in found.days] == [300, 105, 300]
    assert (len(found.days), found.dates) == (3, 2)


def test_the_last_days_are_told_from_all_others_where_only_those_are_asked_for(predictor):
    found = leave_one_day_out(predictor, site_of(100, 200, 300), most=1)
    assert [(day.day.aqi, day.predictions[MEAN][0]) for day in found.days] == [(300, 150)]


def test_what_the_history_says_is_that_of_the_site_without_the_day(predictor):
    site = full(predictor, 100, 200, 300)
    heard = []
    found = leave_one_day_out(predictor, site, lambda *progress: heard.append(progress))
    assert (list(found.scores), heard[-1]) == ([*METHODS, HISTORY, MEAN], (3, 3))
    for day in found.days:
        there = predictor.at(site.without_date_of(day.day), day.day.taken_at)
        alone = there.predict(Reading()).fused
        told = day.predictions[HISTORY]
        assert (round(told[0]), *told[1:]) == (alone.aqi, alone.low, alone.high)


def test_methods_show_what_they_say(predictor):
    site = full(predictor, 100, 200, 300)
    day = site.days[0]
    told = leave_one_day_out(predictor, site).days[0].predictions
    there = predictor.at(site.without_date_of(day), day.taken_at)
    alone = there.predict(day.reading).fused
    assert (round(told["without the photo"][0]), told["without the photo"][1]) == (
        alone.aqi,
        alone.low,
    )
    assert told["without the history"] != told["all"] != told["without the readings"]


def test_without_photos_and_readings_the_history_is_judged_beside_an_unknown_place(predictor):
    found = leave_one_day_out(predictor, site_of(100, 200))
    assert list(found.scores) == ["all", "without the history", HISTORY, MEAN]
    assert found.scores["all"].rmse == pytest.approx(found.scores[HISTORY].rmse)


def test_photos_that_another_model_saw_are_counted_and_not_used(predictor):
    found = leave_one_day_out(predictor, full(predictor, 100, 200, model="ef" * 32))
    assert found.foreign_photos == 2
    left = ["all", "without the history", "without the readings"]
    assert list(found.scores) == [*left, HISTORY, MEAN]


def test_a_model_of_before_sites_is_judged_without_history(checkpoint_folder):
    older = Predictor("older", served(load_checkpoint(checkpoint_folder)))
    found = leave_one_day_out(older, full(older, 100, 200))
    assert list(found.scores) == ["all", "without the photo", "without the readings", MEAN]
    assert list(leave_one_day_out(older, site_of(100, 200)).scores) == [MEAN]


@pytest.mark.parametrize(
    "site",
    [
        Site("x"),
        site_of(100),
        Site("x", days=(site_of(100).days[0], replace(site_of(100).days[0], aqi=90))),
        Site("x", days=tuple(replace(day, standard="india") for day in site_of(1, 2).days)),
    ],
)
def test_one_date_is_too_few(predictor, site):
    with pytest.raises(SiteDaysError, match="2 different days of the model's standard or more"):
        leave_one_day_out(predictor, site)


def test_figures_are_told_with_four_digits(predictor):
    said = leave_one_day_out(predictor, site_of(100, 200, 300)).as_json()
    assert said["scores"][MEAN] == {
        "rmse": 122.4745,
        "mae": 100.0,
        "accuracy": 0.3333,
        "coverage": None,
    }
    assert (said["days"], said["dates"], said["foreign_photos"]) == (3, 3, 0)


def watched(slope):
    """A site whose AQI follows the extinction of a tower by `slope`, and nothing else."""
    generator = np.random.default_rng(3)
    seen = generator.normal(1.2, 0.5, 16)
    aqis = 110 * np.exp(slope * (seen - 1.2) + generator.normal(0, 0.04, 16))
    days = [
        replace(day, photo=DayPhoto("ab" * 32, "cd" * 32, EMBEDDING, 40, {"tower": value}))
        for day, value in zip(site_of(*aqis).days, seen.tolist(), strict=True)
    ]
    tower = Landmark.from_boxes("tower", Box(0.4, 0.4, 0.5, 0.6))
    return replace(site_of(), days=tuple(days), landmarks=(tower,))


def test_landmarks_are_judged_by_what_the_days_are_told_without_them(predictor):
    helps, useless = (leave_one_day_out(predictor, watched(slope)) for slope in (0.3, 0.0))
    assert list(helps.scores) == [
        *("all", "without the history", "without the landmarks", HISTORY, MEAN),
    ]
    assert helps.scores["all"].rmse < 0.75 * helps.scores["without the landmarks"].rmse
    assert useless.scores["all"].rmse < 1.15 * useless.scores["without the landmarks"].rmse
    assert vars(helps.scores[HISTORY]) == pytest.approx(vars(helps.scores["without the landmarks"]))
    assert helps.foreign_photos == 16  # what was measured in a photo does not depend on a model


def test_a_landmark_that_was_removed_says_nothing(predictor):
    site = watched(0.3)
    found = leave_one_day_out(predictor, replace(site, landmarks=()))
    assert "without the landmarks" not in found.scores
    without = leave_one_day_out(predictor, site).scores["without the landmarks"]
    assert vars(found.scores["all"]) == pytest.approx(vars(without))
