"""Scores of planted predictions, worked out by hand or by scikit-learn."""

import json

import numpy as np
import pytest
from sklearn import metrics

from aqfusion.air.aqi import standard
from aqfusion.evaluation.scores import (
    Truth,
    categories,
    confusion,
    coverage,
    mean_with_interval,
    scores,
)
from aqfusion.metric_values import FIGURES

ENDS = [category.i_high for category in standard("us").categories]


def apart(measured: list[float]) -> Truth:
    """Photos each of which is a session and a group of its own."""
    return Truth(np.array(measured), np.arange(len(measured)), np.arange(len(measured)))


def values(measured: list[float], predicted: list[float]) -> list[float]:
    figures = scores(apart(measured), np.array(predicted), seed=0)["photos"]
    return [figures[name][0] for name in FIGURES]


def of_sklearn(measured: np.ndarray, predicted: np.ndarray, weight: np.ndarray) -> list[float]:
    labels = categories(measured), categories(predicted)
    return [
        metrics.accuracy_score(*labels, sample_weight=weight),
        metrics.f1_score(*labels, average="macro", sample_weight=weight),
        metrics.cohen_kappa_score(*labels, weights="quadratic", sample_weight=weight),
        metrics.mean_squared_error(measured, predicted, sample_weight=weight) ** 0.5,
        metrics.mean_absolute_error(measured, predicted, sample_weight=weight),
        metrics.r2_score(measured, predicted, sample_weight=weight),
    ]


def random_truth(photos: int, groups: int) -> tuple[Truth, np.ndarray, np.ndarray]:
    """Truth, predictions and the weights that let every session count alike."""
    generator = np.random.default_rng(5)
    group = np.arange(photos) % groups
    session = 10 * group + generator.integers(3, size=photos)
    measured = generator.integers(0, 260, size=photos).astype(float)
    predicted = np.clip(measured + generator.normal(0, 60, size=photos), 0, 500)
    weight = np.array([1 / (session == one).sum() for one in session])
    return Truth(measured, session, group), predicted, weight


@pytest.mark.parametrize(
    ("measured", "predicted", "figures"),
    [
        # F1 0, 2/3, 1, 1; kappa 1 - 1 / 8; R² 1 - 1000 / 12500
        ([40, 90, 140, 190], [70, 90, 140, 200], [0.75, 0.6667, 0.875, 15.8114, 10.0, 0.92]),
        ([40, 90], [40, 90], [1.0, 1.0, 1.0, 0.0, 0.0, 1.0]),
        # each in the place of the other
        ([40, 90], [90, 40], [0.0, 0.0, -1.0, 50.0, 50.0, -3.0]),
        # a category that is only predicted counts in macro F1: (2/3 + 0) / 2
        ([40, 40], [40, 90], [0.5, 0.3333, 0.0, 35.3553, 25.0, 0.0]),
        # nothing but one category: kappa has no chance to beat; constant without error: R² is 1
        ([40, 40], [40, 40], [1.0, 1.0, 0.0, 0.0, 0.0, 1.0]),
        ([40, 40], [44, 36], [1.0, 1.0, 0.0, 4.0, 4.0, 0.0]),
        ([40], [44], [1.0, 1.0, 0.0, 4.0, 4.0, 0.0]),
    ],
)
def test_figures_of_planted_predictions(measured, predicted, figures):
    assert values(measured, predicted) == figures


def test_both_ways_of_weighing_agree_with_scikit_learn():
    truth, predicted, weight = random_truth(photos=400, groups=20)
    result = scores(truth, predicted, seed=0)
    for kind, by in (("photos", np.ones(400)), ("sessions", weight)):
        found = [result[kind][name][0] for name in FIGURES]
        assert found == pytest.approx(of_sklearn(truth.measured, predicted, by), abs=6e-5)


def test_intervals_span_the_three_resamples_of_two_groups():
    truth, predicted, weight = random_truth(photos=60, groups=2)
    result = scores(truth, predicted, seed=0)
    first, second = (np.flatnonzero(truth.group == number) for number in (0, 1))
    drawn = [np.concatenate(pair) for pair in ((first, first), (first, second), (second, second))]
    for kind, by in (("photos", np.ones(60)), ("sessions", weight)):
        of_each = [of_sklearn(truth.measured[i], predicted[i], by[i]) for i in drawn]
        ends = [result[kind][name][1:] for name in FIGURES]
        assert ends == [
            pytest.approx([min(column), max(column)], abs=6e-5)
            for column in zip(*of_each, strict=True)
        ]


def test_a_session_with_many_photos_counts_once_in_sessions_and_in_session_rmse():
    measured = np.array([100.0] * 9 + [40.0])
    predicted = np.array([110.0] * 9 + [40.0])
    session = np.array([0] * 9 + [4])  # numbers 1 to 3 have no photo here
    result = scores(Truth(measured, session, session), predicted, seed=0)
    assert (result["photos"]["mae"][0], result["sessions"]["mae"][0]) == (9.0, 5.0)
    assert (result["photos"]["accuracy"][0], result["sessions"]["accuracy"][0]) == (0.1, 0.5)
    assert result["session_rmse"] == round(50**0.5, 4)


def test_errors_of_a_session_cancel_in_session_rmse_alone():
    truth = Truth(np.array([100.0, 100.0]), np.array([7, 7]), np.array([3, 3]))
    result = scores(truth, np.array([80.0, 120.0]), seed=0)
    assert result["session_rmse"] == 0.0
    assert (result["sessions"]["rmse"][0], result["sessions"]["mae"][0]) == (20.0, 20.0)


def test_identical_photos_of_a_group_are_no_further_evidence():
    group = np.repeat(np.arange(20), 50)
    measured = np.full(1000, 40.0)
    predicted = np.where(group % 2, 40.0, 90.0)  # half of the groups are right
    whole = scores(Truth(measured, group, group), predicted, seed=1)
    alone = scores(Truth(measured, np.arange(1000), np.arange(1000)), predicted, seed=1)
    # 6 and 14 are the 2.5 % and 97.5 % points of Binomial(20, 1/2), 469 and 531 of (1000, 1/2)
    assert whole["photos"]["accuracy"] == whole["sessions"]["accuracy"] == [0.5, 0.3, 0.7]
    assert alone["photos"]["accuracy"] == pytest.approx([0.5, 0.469, 0.531], abs=0.004)


def test_a_large_group_is_drawn_as_often_as_a_small_one():
    group = np.array([0] * 97 + [1, 2, 3])
    measured = np.full(100, 40.0)
    predicted = np.where(group == 0, 40.0, 90.0)
    accuracy = scores(Truth(measured, group, group), predicted, seed=0)["photos"]["accuracy"]
    assert accuracy == [0.97, 0.0, round(3 * 97 / (3 * 97 + 1), 4)]  # left out: (3/4)^4 = 0.32


def test_one_group_alone_leaves_no_interval():
    truth, predicted, _ = random_truth(photos=30, groups=1)
    figures = scores(truth, predicted, seed=0)["photos"]
    assert figures == {name: [figures[name][0]] * 3 for name in FIGURES}


def test_a_mean_has_the_interval_that_mae_has():
    truth, predicted, _ = random_truth(photos=30, groups=6)
    error = np.abs(predicted - truth.measured)
    mae = scores(truth, predicted, seed=3)["photos"]["mae"]
    assert mean_with_interval(error, truth.group, seed=3) == mae
    with pytest.raises(ValueError, match=r"group must be \(30,\), got \(6,\)"):
        mean_with_interval(error, truth.group[:6], seed=3)


def test_a_resample_in_which_all_measured_the_same_has_an_r2_of_0():
    group = np.repeat([0, 1], 3001)
    measured = np.where(group, 123.4, 77.7)  # not exact in binary
    r2 = scores(Truth(measured, group, group), measured + 0.1, seed=0)["photos"]["r2"]
    assert r2 == [1.0, 0.0, 1.0]


def test_a_seed_gives_the_same_again_and_another_seed_the_same_values():
    truth, predicted, _ = random_truth(photos=200, groups=20)
    one, again, other = (scores(truth, predicted, seed) for seed in (1, 1, 2))
    assert one == again
    assert one != other
    for kind in ("photos", "sessions"):
        assert [one[kind][name][0] for name in FIGURES] == [
            other[kind][name][0] for name in FIGURES
        ]


def test_neither_order_nor_names_of_labels_matter():
    truth, predicted, _ = random_truth(photos=50, groups=10)
    names = np.array([f"session {number:03}" for number in truth.session])
    renamed = Truth(truth.measured, names, 100 + 7 * truth.group)
    assert scores(renamed, predicted, seed=1) == scores(truth, predicted, seed=1)
    back = Truth(truth.measured[::-1], truth.session[::-1], truth.group[::-1])
    assert scores(back, predicted[::-1], seed=1) == scores(truth, predicted, seed=1)


def test_scores_are_plain_json():
    result = scores(apart([40.0, 40.0]), np.array([40.0, 40.0], dtype=np.float32), seed=0)
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert list(result) == ["photos", "sessions", "session_rmse"]
    assert tuple(result["photos"]) == tuple(result["sessions"]) == FIGURES


def test_confusion_has_measured_rows_and_predicted_columns():
    measured = np.array([40.0, 40.0, 120.0, 400.0])
    predicted = np.array([-3.0, 90.0, 90.0, 612.0])
    assert confusion(measured, predicted) == [
        [1, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [0, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 1],
    ]


@pytest.mark.parametrize("border", [end + 0.5 for end in ENDS] + [0.0, 0.5])
def test_categories_are_those_of_the_standard_up_to_the_last_bit(border):
    aqi = np.array([border, np.nextafter(border, 999.0), np.nextafter(border, -1.0)])
    bands = standard("us").categories
    assert categories(aqi).tolist() == [bands.index(standard("us").category_of(x)) for x in aqi]


def test_predictions_off_the_axis_have_the_category_of_its_end():
    assert categories(np.array([-80.0, 50.4, 50.5, 501.0, 9e9])).tolist() == [0, 0, 1, 5, 5]


@pytest.mark.parametrize(
    ("measured", "session", "group", "message"),
    [
        ([], [], [], r"measured must be \(N,\), N >= 1, got \(0,\)"),
        ([[40.0]], [[0]], [[0]], r"measured must be .*, got \(1, 1\)"),
        ([40.0, 50.0], [0], [0, 0], r"session must be \(2,\), got \(1,\)"),
        ([40.0, 50.0], [0, 0], [[0], [0]], r"group must be \(2,\), got \(2, 1\)"),
        ([40.0, 50.0], [0, 0], [0, 1], "a session must lie in one group"),
    ],
)
def test_a_truth_that_cannot_be_scored_is_refused(measured, session, group, message):
    with pytest.raises(ValueError, match=message):
        Truth(np.array(measured), np.array(session), np.array(group))


def test_predictions_that_fit_no_truth_are_refused():
    with pytest.raises(ValueError, match=r"predicted must be \(2,\), got \(2, 1\)"):
        scores(apart([40.0, 50.0]), np.zeros((2, 1)), seed=0)
    with pytest.raises(ValueError, match=r"predicted must be \(1,\), got \(2,\)"):
        confusion(np.zeros(1), np.zeros(2))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match=f"aqi must be finite, got {value}"):
        scores(apart([40.0, 50.0]), np.array([40.0, value]), seed=0)
    with pytest.raises(ValueError, match=f"aqi must be finite, got {value}"):
        scores(apart([40.0, value]), np.array([40.0, 50.0]), seed=0)


def test_coverage_includes_the_borders():
    measured = np.array([10.0, 20.0, 30.0, 40.0])
    low, high = np.array([10.0, 0.0, 31.0, 0.0]), np.array([12.0, 20.0, 50.0, 39.0])
    assert coverage(measured, low, high) == 0.5
