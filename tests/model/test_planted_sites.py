"""The planted model with sites does what the tests that use it rely on."""

from aqfusion.air.readings import Reading
from aqfusion.model.predictor import load_model
from tests.planted_sites import LEVELS, site_of


def test_days_of_a_site_move_what_is_said_of_it(site_model_folder):
    model = load_model(site_model_folder)
    unknown = model.at(site_of()).predict(Reading(pm25=60.0))
    dirty = model.at(site_of(300, 320, 310)).predict(Reading(pm25=60.0))
    clean = model.at(site_of(30, 40, 35)).predict(Reading(pm25=60.0))
    assert clean.fused.aqi < unknown.fused.aqi < dirty.fused.aqi
    assert dirty.site_days == 3
    assert abs(dirty.site_only.aqi - 310) < 60


def test_the_places_it_was_trained_on_are_known_with_their_days(site_model_folder):
    known = load_model(site_model_folder).known_sites()
    assert sorted(site.learned_as for site in known) == sorted(LEVELS)
    assert {site.day_count for site in known} == {4}
