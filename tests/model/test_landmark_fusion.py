"""What a photo shows at a site's landmarks moves the answer there, and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest

from aqfusion.air.readings import Reading
from aqfusion.model.predictor import Embedding, Predictor
from aqfusion.network.checkpoint import load_checkpoint, served
from aqfusion.sites.site import Site
from tests.planted_sites import site_of, with_sites
from tests.sites.views import AQIS, View, photo, watched_town

READING = Reading(pm25=90, pm10=150, o3=30, co=1.5, so2=8, no2=30)
CLEAR = View(60.0)


@pytest.fixture(scope="module")
def predictor(checkpoint_folder) -> Predictor:
    return Predictor("sites", served(with_sites(load_checkpoint(checkpoint_folder))))


@pytest.fixture(scope="module")
def site(predictor) -> Site:
    return watched_town(predictor.checkpoint.sha256)


def seen(extinction: float) -> dict[str, float]:
    return {"mill": extinction / 3, "tower": extinction}


def embedding(predictor: Predictor) -> Embedding:
    return Embedding(predictor.embed(photo(CLEAR)).vector, None)


@pytest.mark.parametrize("reading", [Reading(), READING])
def test_more_light_lost_is_dirtier_air_and_none_known_changes_nothing(predictor, site, reading):
    look = embedding(predictor)
    clear, hazy = (
        predictor.at(site, None, seen(value)).predict(reading, look) for value in (0.5, 2.2)
    )
    plain = predictor.at(site, None, {}).predict(reading, look)
    assert clear.fused.aqi + 20 < hazy.fused.aqi
    if not reading.present:  # which may say themselves that it is dirtier than that
        assert clear.fused.aqi + 10 < plain.fused.aqi < hazy.fused.aqi - 10
    assert (clear.landmarks.days, hazy.landmarks.days, plain.landmarks) == (8, 8, None)
    assert clear.landmarks.shift < 0 < hazy.landmarks.shift
    # They join what the site says: alone, each is told as before.
    for one in (clear, hazy):
        assert (one.image_only, one.sensors_only, one.site_only) == (
            *(plain.image_only, plain.sensors_only, plain.site_only),
        )
    width = hazy.fused.high - hazy.fused.low, plain.fused.high - plain.fused.low
    assert hazy.landmarks.std > 0
    assert width[0] < 1.5 * width[1]


def test_landmarks_say_nothing_without_photo_or_days_of_their_own(predictor, site):
    here = predictor.at(site, None, seen(1.6))
    assert here.predict(READING).landmarks is None
    assert here.predict(READING).fused == predictor.at(site).predict(READING).fused
    strange = replace(site, days=site_of(*AQIS).days)
    assert predictor.at(strange, None, seen(1.6)).landmarks is None
    assert predictor.at(replace(site, days=site.days[:1]), None, seen(1.6)).landmarks is None
    assert predictor.at(None, None, seen(1.6)).landmarks is None


def test_they_are_shown_only_beside_their_site(predictor, site):
    here, look = predictor.at(site, None, seen(2.2)), embedding(predictor)
    shown, readings = np.array([True] * 4), np.full((4, 6), np.nan)
    both, days, neither, lost = here.ask(
        look,
        shown,
        readings,
        np.array([True, True, False, False]),
        np.array([True, False, False, True]),
    ).aqi
    assert both > days + 5
    assert neither == pytest.approx(lost, abs=1e-9)
    default = here.ask(look, shown, readings).aqi
    assert default == pytest.approx([days] * 4, abs=1e-9)


def test_predict_looks_for_them_in_the_photo_itself(predictor, site):
    here = predictor.at(site)
    hazy, clear = (here.predict(Reading(), photo(View(km)), trust_photo=True) for km in (6.0, 60.0))
    assert hazy.landmarks.shift > clear.landmarks.shift + 0.2
    assert hazy.fused.aqi > clear.fused.aqi + 10
    other = here.predict(Reading(), photo(View(20.0), town=9), trust_photo=True)
    assert other.landmarks is None  # another view: nothing is measured
    known = here.seeing(photo(View(6.0)))
    assert known.seeing(photo(CLEAR)) is known


def test_a_photo_that_is_refused_shows_no_landmarks(predictor, site):
    refused = Embedding(embedding(predictor).vector, "it is dark")
    here = predictor.at(site, None, seen(1.6))
    assert here.predict(READING, refused).landmarks is None
    assert here.predict(READING, refused, trust_photo=True).landmarks is not None
