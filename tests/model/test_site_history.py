"""A site of any length is answered in time, and pages learn its days only once."""

from dataclasses import replace
from datetime import timedelta

import pytest
import streamlit as st

from aqfusion.air.readings import Reading
from aqfusion.model.fusion import MOST_DAYS, days_of
from aqfusion.model.predictor import Predictor
from aqfusion.network.checkpoint import load_checkpoint, served
from aqfusion.sites.site import Day
from aqfusion.ui import cached_models
from tests.planted_sites import START, site_of, with_sites


@pytest.fixture(scope="module")
def predictor(checkpoint_folder):
    return Predictor("planted", served(with_sites(load_checkpoint(checkpoint_folder))))


def test_of_a_very_long_history_the_newest_days_are_learned(predictor):
    newest = site_of(*[300.0] * MOST_DAYS, first=START + timedelta(days=365))
    longer = replace(newest, days=(*newest.days, *site_of(*[30.0] * 50).days))
    assert sorted(days_of(longer, 3).aqi.tolist()) == [300.0] * MOST_DAYS
    said = [predictor.at(site).predict(Reading()).site_only for site in (newest, longer)]
    assert said[0].aqi == pytest.approx(said[1].aqi, abs=1)
    timeless = replace(newest, days=(Day(10.0, "monitor"), *newest.days))
    assert 10.0 not in days_of(timeless, 3).aqi.tolist()


def test_a_page_learns_the_days_of_a_site_once(predictor):
    st.cache_resource.clear()
    site = site_of(90.0, 120.0)
    there = cached_models.at(predictor, site)
    assert cached_models.at(predictor, site_of(90.0, 120.0)) is there
    assert there.site == site
    changed = cached_models.at(predictor, site_of(90.0, 121.0))
    renamed = cached_models.at(predictor, replace(site, name="Roof"))
    assert (changed.site.history[1].aqi, renamed.site.name) == (121.0, "Roof")
    assert cached_models.at(predictor, None).site is None
    st.cache_resource.clear()
