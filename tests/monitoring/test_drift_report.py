"""Planted drift is found and told, and where there is none nothing is called drift."""

import json
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import torch

from aqfusion.air.readings import POLLUTANTS, Reading
from aqfusion.cli import main
from aqfusion.images.photo import Photo
from aqfusion.labels.store import LabelStore
from aqfusion.labels.usage_counts import Settled
from aqfusion.labels.usage_key import Cell
from aqfusion.model.checkpoint import FEATURES
from aqfusion.model.predictor import load_model
from aqfusion.monitoring.drift_report import BEFORE, WINDOWS, UsageCounts, counted_of, report
from aqfusion.monitoring.population_stability import FAR, MOVED, STEADY, TOO_FEW, deciles
from aqfusion.monitoring.reference import ReferenceDistribution, TrainingInputs, reference_of
from aqfusion.monitoring.usage_counter import UPLOAD, PredictionUsage, counted
from aqfusion.network.checkpoint import load_checkpoint
from aqfusion.network.image_features import backbone_hash, photo_features
from aqfusion.network.training_features import Features, TrainingSessionFeatures, save_features
from aqfusion.settings import DEFAULT_MODEL
from tests.planted import sky
from tests.planted_retrain import deltapur

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SESSIONS = 94  # as the shipped model's
ALARMS = (MOVED, FAR)


Values = dict[str, list[float | None]]


def air(rng: np.random.Generator, count: int, **times: float) -> Values:
    """Log-normal readings, SO2 missing one time in five, each sensor as many `times` as much."""
    values = {name: np.exp(rng.normal(3, 1, count)) * times.get(name, 1.0) for name in POLLUTANTS}
    told: Values = {name: some.tolist() for name, some in values.items()}
    told["so2"] = [v if rng.random() > 0.2 else None for v in told["so2"]]
    return told


def trained_on(rng: np.random.Generator) -> ReferenceDistribution:
    """Training on such readings, and on photos some way apart."""
    sensors = {}
    for name, values in air(rng, SESSIONS).items():
        ranges = deciles(name, [value for value in values if value is not None])
        sensors[name] = TrainingInputs(ranges, ranges.histogram(values))
    apart = rng.exponential(1, SESSIONS)
    ranges = deciles("model", apart.tolist())
    return ReferenceDistribution("model", sensors, TrainingInputs(ranges, ranges.histogram(apart)))


def visitors(rng, reference, count, days_ago=0, apart=1.0, refused=0.1, **times) -> Counter[Cell]:
    """Counts of visitors with a photo and readings: the drift is in the arguments."""
    day, bad = (NOW - timedelta(days=days_ago)).date().isoformat(), rng.binomial(count, refused)
    facts = dict.fromkeys(("predictions", "photo", "readings", "both"), count) | {"refused": bad}
    found = Counter({Cell(day, "model", UPLOAD, fact, "", 0): n for fact, n in facts.items()})
    values = air(rng, count, **times) | {"distance": rng.exponential(apart, count - bad).tolist()}
    for name, trained in {**reference.sensors, "distance": reference.distances}.items():
        histogram = trained.ranges.histogram(values[name])
        for number, n in enumerate(histogram):
            found[Cell(day, "model", UPLOAD, name, trained.ranges.key, number)] += int(n)
    return found


def made(reference, cells, days=30, settled=()):
    first = NOW.date() - timedelta(days=days - 1)
    return report(UsageCounts(days, first, cells, tuple(settled)), reference)


def alarms(found) -> set[str]:
    """What is called drift, of whatever against whatever."""
    names = {
        histogram.name
        for histogram in found.histograms
        for shift in (histogram.training, histogram.present, histogram.earlier)
        if shift is not None and shift.verdict in ALARMS
    }
    return names | {rate.name for rate in found.rates if rate.earlier.verdict in ALARMS}


def test_without_drift_hardly_ever_is_anything_called_drift():
    wrong = steady = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        reference = trained_on(rng)
        found = made(reference, visitors(rng, reference, 150))
        wrong += bool(alarms(found))
        steady += all(histogram.training.verdict == STEADY for histogram in found.histograms)
    assert wrong <= 10  # 5 %
    assert steady >= 180  # and that is said, not "too few"


def test_a_shifted_sensor_is_found_and_no_other():
    rng = np.random.default_rng(1)
    reference = trained_on(rng)
    found = made(reference, visitors(rng, reference, 150, no2=4.0))
    assert alarms(found) == {"no2"}
    (no2,) = [histogram for histogram in found.histograms if histogram.name == "no2"]
    assert (no2.training.verdict, no2.present.verdict, no2.earlier.verdict) == (FAR, FAR, TOO_FEW)
    assert (no2.training.recent, no2.training.reference_count, sum(no2.recent)) == (
        150,
        SESSIONS,
        150,
    )


def test_a_sensor_that_fails_more_often_moves_only_with_the_missing_ones():
    rng = np.random.default_rng(2)
    reference = trained_on(rng)
    cells = visitors(rng, reference, 300)
    for cell in [cell for cell in cells if cell.figure == "co"]:
        fail = cells[cell] // 2
        cells[cell] -= fail
        cells[cell._replace(bin=0)] += fail
    found = made(reference, cells)
    (co,) = [histogram for histogram in found.histograms if histogram.name == "co"]
    assert co.training.verdict == FAR
    assert co.present.verdict == STEADY


def test_against_the_days_before_a_change_of_all_is_found():
    rng = np.random.default_rng(3)
    reference = trained_on(rng)
    cells = visitors(rng, reference, 300, days_ago=20, refused=0.05)
    cells += visitors(rng, reference, 200, apart=4.0, refused=0.5)
    week = made(reference, cells, days=7)
    assert alarms(week) == {"distance", "refused"}
    refused = week.rates[0]
    assert (refused.earlier.recent, refused.earlier.reference_count) == (200, 300)
    assert refused.recent.low < 0.5 < refused.recent.high
    assert (week.facts["predictions"], week.facts["both"]) == (200, 200)
    month = made(reference, cells, days=30)  # before which there was nothing
    assert [histogram.earlier.reference_count for histogram in month.histograms] == [0] * 7
    assert month.facts["predictions"] == 500


def test_other_ranges_and_other_models_do_not_mix():
    rng = np.random.default_rng(4)
    reference, other = trained_on(rng), trained_on(rng)
    cells = visitors(rng, other, 100)
    found = made(reference, Counter({cell._replace(model="old"): n for cell, n in cells.items()}))
    assert (
        sum(found.facts.values()),
        [sum(histogram.recent) for histogram in found.histograms],
    ) == (
        0,
        [0] * 7,
    )
    again = visitors(rng, reference, 100)
    found = made(reference, Counter({cell._replace(model="old"): n for cell, n in again.items()}))
    assert found.histograms[0].training.recent == 100  # the same ranges, though another version


def test_corrections_have_an_interval_and_their_days():
    at = [Settled(NOW - timedelta(days=day), day < 5) for day in range(40)]
    found = made(trained_on(np.random.default_rng(5)), Counter(), days=10, settled=at)
    corrected = found.rates[1]
    assert (corrected.recent.count, corrected.recent.total, corrected.before.total) == (5, 10, 30)
    assert corrected.recent.low < 0.5 < corrected.recent.high


@pytest.fixture(scope="module")
def model(tmp_path_factory, checkpoint_folder):
    """An untrained model that has looked at 60 sessions of any air, a photo each."""
    folder = shutil.copytree(checkpoint_folder, tmp_path_factory.mktemp("model") / "planted")
    checkpoint = load_checkpoint(folder)
    aqi = np.random.default_rng(7).uniform(20, 390, 60)
    seen = photo_features(
        checkpoint, [Photo.from_image(sky(value, seed=i)) for i, value in enumerate(aqi)]
    )
    sessions = [
        TrainingSessionFeatures(f"{i}", "Alphaville", f"{i}", v, Reading(pm25=v), 1)
        for i, v in enumerate(aqi)
    ]
    owner = torch.arange(60)
    features = Features(
        *(backbone_hash(checkpoint), "planted", tuple(sessions), seen.features, seen.statistics),
        *(owner, seen.fingerprints, owner),
    )
    save_features(folder / FEATURES, features)
    return folder


def test_another_camera_is_far_from_training_and_the_same_one_is_not(model):
    predictor = load_model(model)
    reference = reference_of(predictor, model)

    def shown(photos):
        cells = Counter()
        for photo in photos:
            vector = predictor.embed(photo).vector[0]
            for facts in counted(PredictionUsage(UPLOAD, Reading(), vector), reference):
                cells[Cell(NOW.date().isoformat(), reference.model, UPLOAD, *facts)] += 1
        (distance,) = [
            histogram
            for histogram in made(reference, cells).histograms
            if histogram.name == "distance"
        ]
        return distance

    aqi = np.random.default_rng(6).uniform(20, 390, 30)
    same = shown(Photo.from_image(sky(value, seed=9000 + i)) for i, value in enumerate(aqi))
    assert (same.training.recent, same.training.verdict in ALARMS) == (30, False)
    other = shown(deltapur(value, i) for i, value in enumerate(aqi))
    assert other.training.verdict == FAR
    assert sum(other.recent[-2:]) > 22  # farther away, not nearer


def test_the_shipped_reference_is_its_training_sessions(real_reference):
    assert set(real_reference.sensors) == set(POLLUTANTS)
    assert {sum(sensor.histogram) for sensor in real_reference.sensors.values()} == {SESSIONS}
    assert sum(real_reference.distances.histogram) == pytest.approx(SESSIONS)
    assert real_reference.distances.histogram[1:] == pytest.approx([9.4] * 10, abs=2)
    assert real_reference.distance_of(real_reference.frames[5]) == 0.0


@pytest.fixture(scope="module")
def real_reference():
    return reference_of(load_model(), DEFAULT_MODEL)


def test_a_model_without_its_own_file_has_the_readings_of_the_same_sessions(real_reference):
    found = reference_of(load_model("resnet18"), "resnet18")
    assert found.sensors == real_reference.sensors
    assert (found.distances, found.model.split()[0]) == (None, "resnet18")
    assert found.why.endswith("only readings are compared with the training data.")


def test_a_model_of_unknown_training_has_nothing_to_compare_with(model):
    (kept,) = [(model / FEATURES).read_bytes()]
    (model / FEATURES).unlink()
    found = reference_of(load_model(model), model)
    (model / FEATURES).write_bytes(kept)
    assert (found.sensors, found.distances) == ({}, None)
    assert found.why.endswith("there is nothing to compare with.")
    empty = made(found, Counter())
    assert (empty.histograms, empty.rates[0].recent) == ((), None)


def test_the_command_prints_the_same_report(labels_home, capsys, real_reference):
    store, now = (
        LabelStore.open(str(labels_home / "labels" / "labels.db"), "photos"),
        datetime.now(UTC),
    )
    day = (now - timedelta(days=8)).date().isoformat()
    cells = {
        Cell(day, real_reference.model, UPLOAD, *facts): 3
        for facts in counted(PredictionUsage(UPLOAD, Reading(pm25=12.0)), real_reference)
    }
    store.predictions.add(cells)
    long_ago = now.date() - timedelta(days=30 + BEFORE)  # and read by nothing but 90 days
    store.predictions.add({cell._replace(day=long_ago.isoformat()): 9 for cell in cells})
    told = {}
    for days in WINDOWS:
        assert main(["models", "drift", "--days", str(days)]) == 0
        told[days] = json.loads(capsys.readouterr().out)
    assert [told[days]["facts"]["readings"] for days in WINDOWS] == [0, 3, 3]
    month = told[30]
    assert (month["days"], month["model"]) == (30, real_reference.model)
    assert month["histograms"][0]["recent"] == [0, 3, *[0] * 9]
    assert month["histograms"][0]["training"]["verdict"] == TOO_FEW
    operator = store.accounts.operator(now)
    assert counted_of(store, operator, now, 30).cells == cells
    store.close()


@pytest.mark.parametrize("days", ["0", "-1", "x", "3651", "9" * 30, "٣"])
def test_the_command_refuses_a_number_of_days_that_is_none(capsys, days):
    assert main(["models", "drift", f"--days={days}"]) == 2
    assert capsys.readouterr().err.startswith("--days must be a whole number from 1 to 3650, got ")
