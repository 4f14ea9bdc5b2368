"""A retrained version knows the base's places, and the corrected days beside them."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import torch

from aqfusion.air.readings import Reading
from aqfusion.explain.report import Inputs, as_json, report_of
from aqfusion.model.checkpoint import FEATURES
from aqfusion.model.predictor import Predictor, load_model
from aqfusion.model.site_process import clock_days
from aqfusion.network.checkpoint import load_checkpoint, save_checkpoint, served
from aqfusion.registry.registry import TERMINAL, Registry
from aqfusion.retraining.pipeline import register, train_candidate
from aqfusion.retraining.site_updates import places_with
from aqfusion.retraining.training_set import CorrectedSession
from aqfusion.sites.site import Site
from tests.planted_retrain import NOW, RECIPE, SHIFT, labelled_store, planted_model, shifted, shrink
from tests.planted_sites import LEVELS, START, with_sites

READING = Reading(pm25=80.0)


@pytest.fixture(scope="module")
def base(checkpoint_folder):
    return with_sites(load_checkpoint(checkpoint_folder))


def corrected(
    place: str,
    aqi: float,
    number: int = 0,
    clock: datetime | None = None,
    wide: float = 0.0,
    reading: Reading = READING,
) -> CorrectedSession:
    """One item of a day; `wide` is how far its label's band reaches."""
    return CorrectedSession(
        f"{place}|{number}",
        place,
        reading,
        (number,),
        ((aqi, aqi + wide),),
        torch.zeros(1, 4),
        torch.zeros(1, 108),
        clock,
    )


def on_days(place: str, count: int, aqi: float = 120.0) -> list[CorrectedSession]:
    return [
        corrected(place, aqi + number, number, datetime(2026, 1, 1 + number, 8, tzinfo=UTC))
        for number in range(count)
    ]


def served_sites(checkpoint) -> tuple[Site, ...]:
    return Predictor("m", served(checkpoint)).known_sites()


def at_first_site(checkpoint) -> Predictor:
    predictor = Predictor("m", served(checkpoint))
    return predictor.at(predictor.known_sites()[0])


def days_at(checkpoint, name: str) -> list[float]:
    place = checkpoint.config.sites.places.index(name)
    days = checkpoint.sites.process.days
    return sorted(days.aqi[days.place == place].tolist())


def test_without_corrections_nothing_changes(base):
    places = places_with(base, [])
    assert places.config == base.config.sites
    old, new = base.sites.state_dict(), places.sites.state_dict()
    assert old.keys() == new.keys()
    assert all(torch.equal(old[name].nan_to_num(), new[name].nan_to_num()) for name in old)


def test_a_corrected_day_of_a_known_place_counts_at_once(base):
    later = START + timedelta(days=400)
    known = places_with(base, [corrected(" alphaville ", 480.0, clock=later)]).applied_to(base)
    assert known.config.sites.places == tuple(LEVELS)
    assert days_at(known, "Alphaville") == [*days_at(base, "Alphaville"), 480.0]
    before, after = (at_first_site(one).predict(Reading()).fused.aqi for one in (base, known))
    assert after > before + 10


def test_what_standardises_and_weighs_stays(base):
    known = places_with(base, on_days("Alphaville", 9, 400.0))
    for name in ("process.theta", "process.mean", "process.std", "pool.share"):
        assert torch.equal(known.sites.state_dict()[name], base.sites.state_dict()[name])


@pytest.mark.parametrize(("count", "learned"), [(3, False), (4, True)])
def test_a_new_place_is_learned_from_four_days_on(base, count, learned):
    known = places_with(base, on_days("Deltapur", count)).applied_to(base)
    assert ("Deltapur" in known.config.sites.places) is learned
    if learned:
        site = next(site for site in served_sites(known) if site.name == "Deltapur")
        assert [day.aqi for day in site.days] == [120.0, 121.0, 122.0, 123.0]
        assert site.day_count == 4


def test_a_category_is_no_day_and_no_place_is_none(base):
    wide = [corrected("Alphaville", 101.0, number, wide=49.0) for number in range(5)]
    nowhere = [corrected("", 300.0, number) for number in range(5)]
    assert days_at(places_with(base, [*wide, *nowhere]).applied_to(base), "Alphaville") == days_at(
        base, "Alphaville"
    )
    assert places_with(base, nowhere).config.places == tuple(LEVELS)


def test_a_day_of_the_same_time_takes_the_place_of_what_was_known(base):
    first = places_with(base, [corrected("Alphaville", 480.0, clock=START)])
    lowest = days_at(base, "Alphaville")[0]
    expected = [*(aqi for aqi in days_at(base, "Alphaville") if aqi != lowest), 480.0]
    assert days_at(first.applied_to(base), "Alphaville") == expected
    again = places_with(first.applied_to(base), [corrected("Alphaville", 470.0, clock=START)])
    assert days_at(again.applied_to(base), "Alphaville") == [*expected[:-1], 470.0]


def test_learning_the_same_corrections_twice_changes_nothing(base):
    lessons = [
        *on_days("Deltapur", 5),
        *(corrected("Alphaville", 90.0 + number, number) for number in range(3)),
        corrected("Alphaville", 95.0, 9, reading=Reading()),
    ]
    once = places_with(base, lessons).applied_to(base)
    twice = places_with(once, lessons).applied_to(once)
    assert len(once.sites.process.days.aqi) == len(base.sites.process.days.aqi) + 9
    assert len(twice.sites.process.days.aqi) == len(once.sites.process.days.aqi)
    assert twice.config.sites == once.config.sites


def test_of_many_corrections_the_last_ones_of_each_place_stay(base):
    lessons = [
        *(corrected("Alphaville", 50.0 + number / 10, number) for number in range(900)),
        *on_days("Deltapur", 5),
    ]
    known = places_with(base, lessons).applied_to(base)
    told = days_at(known, "Alphaville")
    assert len(known.sites.process.days.aqi) == len(base.sites.process.days.aqi) + 200
    assert 139.9 in told
    assert 50.0 not in told
    assert len(days_at(known, "Deltapur")) == 5


def test_the_clock_of_the_place_and_missing_readings_are_kept(base):
    when = datetime(2026, 3, 1, 18, 30, tzinfo=UTC)
    known = places_with(base, [corrected("Alphaville", 480.0, clock=when)]).applied_to(base)
    days = known.sites.process.days
    row = int(days.aqi.argmax())
    assert days.time[row].item() == clock_days(when)
    assert days.readings[row].tolist()[0] == 80.0
    assert all(math.isnan(value) for value in days.readings[row].tolist()[1:])


def test_a_model_from_before_there_were_sites_has_none(checkpoint_folder):
    older = load_checkpoint(checkpoint_folder)
    places = places_with(older, on_days("Alphaville", 9))
    assert (places.sites, places.config) == (None, None)
    assert places.applied_to(older) == older


def test_what_was_learned_of_places_comes_back_from_a_file(base, tmp_path):
    known = places_with(base, on_days("Deltapur", 4)).applied_to(base)
    save_checkpoint(tmp_path / "m", known)
    loaded = load_checkpoint(tmp_path / "m")
    assert served_sites(loaded) == served_sites(known)


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Labels of a place that the model does not know, and a function that retrains a model."""
    shrink(monkeypatch)
    store = labelled_store(tmp_path, shifted)
    folder = planted_model(tmp_path / "planted")

    def retrained(with_places: bool) -> Predictor:
        if with_places:
            features = (folder / FEATURES).read_bytes()
            save_checkpoint(folder, with_sites(load_checkpoint(folder)))
            (folder / FEATURES).write_bytes(features)
        registry = Registry(tmp_path / "models", str(folder))
        small = replace(RECIPE, sensor_steps=8, haze_steps=5)
        trial = train_candidate(store, registry, small, lambda text: None)
        kept = register(trial, registry, TERMINAL, NOW, promote=False)
        assert registry.verify() == {kept.version.name: ()}
        return load_model(kept.version.folder)

    yield retrained
    store.close()


@pytest.mark.parametrize("with_places", [True, False], ids=["format 3", "format 2"])
def test_a_version_of_either_kind_is_retrained_predicts_and_explains(world, with_places):
    model = world(with_places)
    told = as_json(report_of(model, Inputs(Reading(pm25=155.0, so2=61.0)), NOW))
    assert (told["prediction"]["site_only"] is None) is not with_places
    names = [site.name for site in model.known_sites()]
    assert names == (sorted([*LEVELS, "Deltapur"]) if with_places else [])
    if with_places:
        site = next(site for site in model.known_sites() if site.name == "Deltapur")
        # Every third day has a category alone.
        assert sorted({day.aqi - day.reading.pm25 for day in site.days}) == [SHIFT]
        assert len(site.days) == 8
        there = model.at(site).predict(Reading(pm25=155.0, so2=61.0))
        nowhere = model.predict(Reading(pm25=155.0, so2=61.0))
        assert there.fused.aqi == pytest.approx(155 + SHIFT, abs=25)
        assert there.fused.high - there.fused.low < (nowhere.fused.high - nowhere.fused.low) / 2
