"""Sessions judged at their places: never by their own date, and as the model itself would say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from aqfusion.data.dataset_folder import read_folder
from aqfusion.evaluation import scores
from aqfusion.evaluation.backbone_evaluation import FULL
from aqfusion.evaluation.model_evaluation import (
    answers_of,
    evaluate,
    means_of_other_days,
    no_history,
    predict_with_history,
    site_histories,
)
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import load_model
from aqfusion.network.checkpoint import trained
from aqfusion.training.holdout_predictions import predict_holdout
from aqfusion.training.sessions import sessions_of
from tests.planted import rows_of
from tests.planted_sites import LEVELS, START, save_with_sites

KINDS = ("fused", "image_only", "sensors_only")


@pytest.fixture(scope="module")
def predictor(checkpoint_folder, tmp_path_factory):
    return load_model(save_with_sites(tmp_path_factory.mktemp("models") / "m", checkpoint_folder))


def sessions(*told: tuple[str, float, datetime | None]):
    rows = [
        row
        for number, (place, aqi, clock) in enumerate(told)
        for row in rows_of(f"s{number}", place=place, aqi=aqi, clock=clock)
    ]
    return sessions_of(rows)


def clock(day: int, hour: int = 8) -> datetime:
    return datetime(2024, 5, day, hour)


def aqis(past) -> list[float]:
    return sorted(day.aqi for day in past.site.history)


def test_a_session_s_own_date_and_other_places_are_no_past_of_it(predictor):
    here = "Deltapur"
    found = site_histories(
        predictor,
        sessions(
            (here, 100.0, clock(1)),
            (here, 110.0, clock(1, 17)),
            (here, 200.0, clock(2)),
            ("Epsilonville", 400.0, clock(3)),
            (here, 300.0, None),
        ),
    )
    assert [aqis(past) for past in found] == [
        [200.0, 300.0],
        [200.0, 300.0],
        [100.0, 110.0, 300.0],
        [],
        [100.0, 110.0, 200.0],
    ]
    assert found[0].site.learned_as is None


def test_what_the_model_learned_of_a_place_counts_but_for_that_date(predictor):
    first = START.replace(tzinfo=None)  # of the learned days, which lie a week apart
    new, old = site_histories(
        predictor, sessions(("Alphaville", 90.0, clock(1)), ("Alphaville", 55.0, first))
    )
    others = [LEVELS["Alphaville"] * factor for factor in (0.95, 1.05, 1.15)]
    assert aqis(new) == pytest.approx([55.0, *others], abs=1e-3)
    assert aqis(old) == pytest.approx([*others, 90.0], abs=1e-3)
    assert (new.site.learned_as, new.day.taken_at) == ("Alphaville", clock(1).replace(tzinfo=UTC))


def test_a_long_past_is_cut_to_the_days_nearest_in_time(predictor):
    told = [("Deltapur", float(n), datetime(2024, 1, 1) + timedelta(days=n)) for n in range(100)]
    last = site_histories(predictor, sessions(*told))[-1]
    assert aqis(last) == [float(n) for n in range(39, 99)]


def test_the_mean_of_other_days_needs_no_model_and_is_of_other_places_where_there_is_none(
    predictor,
):
    told = sessions(
        ("Deltapur", 100.0, clock(1)),
        ("Deltapur", 200.0, clock(2)),
        ("Epsilonville", 400.0, clock(3)),
    )
    found = means_of_other_days(site_histories(predictor, told), told)
    assert found.tolist() == [200.0, 100.0, 150.0]


@pytest.mark.parametrize("at_home", [True, False])
def test_answers_are_those_of_the_model_at_the_place(predictor, data_folder, at_home):
    found = sessions_of(read_folder(data_folder))
    checkpoint = predictor.checkpoint
    network = trained(checkpoint).network
    held_out = predict_holdout(network, found, checkpoint.config.image_size, lambda _: None)
    pasts = site_histories(predictor, found)
    fusions = predict_with_history(checkpoint, pasts) if at_home else no_history(checkpoint, found)
    share = network.image_encoder.haze_share.item()
    said = {
        kind: answers_of(fusions, share, held_out, found, shown) for kind, shown in FULL.items()
    }
    number = 4
    photo = int(np.flatnonzero(held_out.session.numpy() == number)[0])
    past, row = pasts[number], found[number].rows[0]
    there = predictor.at(past.site, past.day.taken_at) if at_home else predictor
    reading = row.reading
    result = there.predict(reading, Photo.open(row.photo), trust_photo=True)
    # Alone is told as if nobody knew the site, so that at home it has to be asked.
    embedding = there.embed(Photo.open(row.photo))
    alone = there.ask(embedding, np.array([True]), np.full((1, 6), np.nan))[0]
    dumb = there.ask(None, np.array([False]), np.array([reading.values]))[0]
    wanted = {"fused": result.fused, "image_only": alone, "sensors_only": dumb}
    for kind, prediction in wanted.items():
        told = said[kind]
        assert told.aqi[photo] == pytest.approx(prediction.aqi, abs=0.51)
        assert (told.low[photo], told.high[photo]) == pytest.approx(
            (prediction.low, prediction.high), abs=1
        )


def test_a_model_that_knows_sites_is_told_with_and_without_their_history(
    predictor, data_folder, monkeypatch
):
    monkeypatch.setattr(scores, "RESAMPLES", 5)
    told = evaluate(predictor, read_folder(data_folder), lambda _: None)
    assert list(told) == [
        *("model", "n", "sessions", "seen_in_training", *KINDS, "with_history"),
    ]
    history = told["with_history"]
    assert list(history) == ["days", *KINDS, "history_only", "mean_of_other_days"]
    assert 0 < history["days"]["fewest"] <= history["days"]["mean"] <= history["days"]["most"]
    assert list(history["fused"]) == list(told["fused"])
    assert history["fused"] != told["fused"]
    assert history["mean_of_other_days"].keys() == {"accuracy", "rmse", "mae", "session_rmse"}


def test_an_older_model_is_told_as_ever(checkpoint_folder, data_folder, monkeypatch):
    monkeypatch.setattr(scores, "RESAMPLES", 5)
    told = evaluate(load_model(checkpoint_folder), read_folder(data_folder), lambda _: None)
    assert list(told) == ["model", "n", "sessions", "seen_in_training", *KINDS]


def test_a_day_is_judged_the_same_whatever_its_own_aqi_was(predictor):
    """Its own figure, planted otherwise, changes nothing that it is judged by."""
    told = [("Deltapur", 100.0, clock(1)), ("Deltapur", 200.0, clock(2))]
    one, _ = site_histories(predictor, sessions(*told))
    other, _ = site_histories(predictor, sessions(("Deltapur", 450.0, clock(1)), told[1]))
    assert replace(one.site, days=()) == replace(other.site, days=())
    assert aqis(one) == aqis(other)
