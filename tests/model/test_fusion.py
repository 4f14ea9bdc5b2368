"""A prediction at a site: its days count, its photo and readings still do, and shares add up."""

from dataclasses import replace

import numpy as np
import pytest

from aqfusion import Photo, load_model
from aqfusion.air.readings import Reading
from aqfusion.model.prediction import KINDS
from aqfusion.model.predictor import NothingKnownError, PhotoRefusedError, Predictor
from aqfusion.network.checkpoint import served, trained
from tests.planted import sky
from tests.planted_sites import LEVELS, site_of, with_sites

READING = Reading(pm25=90, pm10=150, o3=30, co=1.5, so2=8, no2=30)
PHOTO = Photo.from_image(sky(200, seed=3))


@pytest.fixture(scope="module")
def older(checkpoint_folder) -> Predictor:
    return load_model(checkpoint_folder)


@pytest.fixture(scope="module")
def predictor(older) -> Predictor:
    return Predictor("sites", served(with_sites(trained(older.checkpoint))))


def test_days_of_a_site_move_every_kind_of_input(predictor):
    here = predictor.at(site_of(*[400.0] * 4))
    for reading, photo in ((Reading(), PHOTO), (READING, None), (READING, PHOTO)):
        unknown, known = predictor.predict(reading, photo), here.predict(reading, photo)
        assert known.fused.aqi > unknown.fused.aqi + 20
        assert known.site_days == 4
        assert known.site_only.aqi == pytest.approx(400, abs=60)
        # Alone, each is told as if nobody knew the site.
        assert (known.image_only, known.sensors_only) == (
            unknown.image_only,
            unknown.sensors_only,
        )


def test_a_site_without_days_is_an_unknown_place(predictor):
    empty = predictor.at(site_of()).predict(READING, PHOTO)
    unknown = predictor.predict(READING, PHOTO)
    assert empty.fused == unknown.fused
    assert empty.site_only == unknown.site_only
    assert "site" not in empty.modalities


def test_days_of_another_standard_say_nothing(predictor):
    site = site_of(400.0, 400.0)
    indian = replace(site, days=tuple(replace(day, standard="india") for day in site.days))
    assert predictor.at(indian).predict(READING).fused == predictor.predict(READING).fused


def test_a_site_with_days_needs_neither_photo_nor_reading(predictor):
    result = predictor.at(site_of(200.0, 220.0)).predict(Reading())
    assert result.modalities == ("site",)
    assert result.fused == result.site_only
    for other in (predictor, predictor.at(site_of())):
        with pytest.raises(NothingKnownError):
            other.predict(Reading())


def test_a_site_with_days_answers_though_the_photo_is_refused(predictor):
    here, refused = predictor.at(site_of(200.0)), replace(predictor.embed(PHOTO), problem="dark")
    told = here.predict(Reading(), refused)
    assert told == replace(here.predict(Reading()), photo_problem="dark")
    for other in (predictor, predictor.at(site_of())):
        with pytest.raises(PhotoRefusedError, match="left out: dark"):
            other.predict(Reading(), refused)


def test_the_photo_still_moves_the_answer_at_a_known_site(predictor):
    here = predictor.at(site_of(200.0, 220.0))
    told = [
        tuple(here.predict(Reading(), photo).fused.probabilities.values())
        for photo in (Photo.from_image(sky(200, seed=seed)) for seed in range(3))
    ]
    assert len(set(told)) == 3


def test_shares_add_up(predictor):
    result = predictor.at(site_of(200.0)).predict(READING, PHOTO)
    assert 0 < result.photo_share < 1
    assert 0 < result.site_share < 1
    assert result.photo_share + result.site_share < 1
    photo_only = predictor.predict(Reading(), PHOTO)
    assert photo_only.photo_share + photo_only.site_share == pytest.approx(1, abs=1e-6)


def test_where_the_site_is_hidden_it_is_as_if_nobody_knew_it(predictor):
    embedding = predictor.embed(PHOTO)
    readings = np.array([READING.values] * 2)
    shown = np.array([True, True])
    here = predictor.at(site_of(420.0, 410.0))
    hidden = here.ask(embedding, shown, readings, np.array([False, True]))
    unknown = predictor.ask(embedding, shown, readings)
    assert hidden.aqi[0] == pytest.approx(unknown.aqi[0])
    assert hidden.aqi[1] > hidden.aqi[0] + 20


def test_a_known_place_is_told_by_its_own_days(predictor):
    sites = {site.learned_as: site for site in predictor.known_sites()}
    assert set(sites) == set(LEVELS)
    for name, level in LEVELS.items():
        assert [round(day.aqi) for day in sites[name].days] == [
            round(level * factor) for factor in (0.85, 0.95, 1.05, 1.15)
        ]
        told = predictor.at(sites[name]).predict(Reading()).fused
        assert told.aqi == pytest.approx(level, rel=0.25)
    delhi = sites["ITO, Delhi"]
    assert delhi.timezone == "Asia/Kolkata"
    assert (round(delhi.latitude), round(delhi.longitude)) == (29, 77)
    assert delhi.days[0].taken_at.isoformat() == "2023-02-01T08:00:00+05:30"


def test_a_day_more_at_a_known_place_counts_beside_the_others(predictor):
    site = next(s for s in predictor.known_sites() if s.learned_as == "Alphaville")
    more = site
    for day in site_of(400.0, 420.0, 380.0).days:
        more = more.with_day(replace(day, taken_at=day.taken_at.replace(year=2025)))
    before, after = (predictor.at(one).predict(Reading()).fused.aqi for one in (site, more))
    assert after > before + 20
    assert len(more.days) == len(site.days) + 3


def test_the_interval_of_a_site_is_the_one_fitted_for_so_many_days(predictor):
    sites = predictor.checkpoint.config.sites
    narrow = {kind: (0.45, 0.45, 0.45, 0.01, 0.45) for kind in KINDS}
    config = replace(
        predictor.checkpoint.config,
        sites=replace(sites, reach={**sites.reach, "elsewhere": narrow}),
    )
    other = Predictor("narrow", served(replace(trained(predictor.checkpoint), config=config)))
    widths = [
        told.high - told.low
        for told in (
            other.at(site_of(*[200.0] * days)).predict(Reading()).fused for days in (3, 4, 7, 8)
        )
    ]
    assert widths[0] > 100
    assert max(widths[1], widths[2]) < 20
    assert widths[3] > 50


def test_models_from_before_there_were_sites_answer_as_they_did(older):
    here = older.at(site_of(400.0, 410.0))
    assert here.predict(READING, PHOTO).fused == older.predict(READING, PHOTO).fused
    result = here.predict(READING, PHOTO)
    assert (result.site_only, result.site_share, result.haze) == (None, 0.0, None)
    assert older.known_sites() == ()


def test_the_haze_of_a_photo_is_the_same_everywhere(predictor):
    here = predictor.at(site_of(400.0))
    result = here.predict(Reading(), PHOTO)
    assert result.haze == predictor.predict(READING, PHOTO).haze
    assert 0 <= result.haze.score <= 100
    assert predictor.predict(READING).haze is None


def test_what_is_kept_of_a_days_photo_names_the_photo_and_the_model(predictor):
    kept = predictor.day_photo(PHOTO)
    assert (kept.digest, kept.model) == (PHOTO.digest, predictor.checkpoint.sha256)
    assert len(kept.embedding) == 128
    assert kept.haze == predictor.haze(predictor.embed(PHOTO)).score
