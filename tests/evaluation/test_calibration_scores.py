"""Calibration of planted probabilities, worked out by hand or by scikit-learn."""

import json

import numpy as np
import pytest
from sklearn import metrics

from aqfusion.evaluation.scores import brier, expected_calibration_error, reliability

GOOD, MODERATE, HAZARDOUS = 40.0, 90.0, 400.0  # AQI


def surely(confidence: float, category: int) -> list[float]:
    """Six probabilities with `confidence` in one category, the rest shared by the others."""
    row = [(1 - confidence) / 5] * 6
    row[category] = confidence
    return row


def sampled(photos: int) -> tuple[np.ndarray, np.ndarray]:
    """Random probabilities and AQI whose category was drawn from them: calibrated."""
    generator = np.random.default_rng(3)
    probabilities = generator.dirichlet(np.full(6, 0.5), size=photos)
    category = (generator.random((photos, 1)) > probabilities.cumsum(1)).sum(1)
    return probabilities, np.array([25.0, 75.0, 125.0, 175.0, 250.0, 400.0])[category]


@pytest.mark.parametrize(
    ("probabilities", "measured", "ece", "score"),
    [
        ([surely(1.0, 0)], [GOOD], 0.0, 0.0),
        ([surely(1.0, 0)], [HAZARDOUS], 1.0, 2.0),
        ([surely(0.2, 0)], [GOOD], 0.8, 0.64 + 5 * 0.16**2),
        # 0.8 sure of four, right with three: 0.05 too sure
        ([surely(0.8, 1)] * 4, [MODERATE] * 3 + [GOOD], 0.05, 0.048 + (0.8 + 0.8 - 0.08) / 4),
        # gaps of 0.1 (one photo) and 0.45 (two): they add up by photos and do not cancel
        (
            [surely(0.9, 0), surely(0.55, 0), surely(0.55, 1)],
            [GOOD, GOOD, MODERATE],
            (0.1 + 2 * 0.45) / 3,
            (0.012 + 2 * (0.45**2 + 5 * 0.09**2)) / 3,
        ),
        (
            [surely(0.9, 0), surely(0.6, 0)],
            [GOOD, HAZARDOUS],
            0.35,
            (0.012 + 0.36 + 4 * 0.08**2 + 0.92**2) / 2,
        ),
    ],
)
def test_calibration_of_planted_probabilities(probabilities, measured, ece, score):
    arrays = np.array(probabilities), np.array(measured)
    assert expected_calibration_error(*arrays) == pytest.approx(ece)
    assert brier(*arrays) == pytest.approx(score)


def test_brier_agrees_with_scikit_learn():
    probabilities, measured = sampled(500)
    category = np.searchsorted([50, 100, 150, 200, 300], measured)
    expected = metrics.brier_score_loss(
        category, probabilities, labels=range(6), scale_by_half=False
    )
    assert brier(probabilities, measured) == pytest.approx(expected)


def test_what_happens_as_often_as_it_was_said_is_calibrated():
    probabilities, measured = sampled(20_000)
    sharpened = probabilities**2 / (probabilities**2).sum(1, keepdims=True)
    assert expected_calibration_error(probabilities, measured) < 0.012
    assert expected_calibration_error(sharpened, measured) > 0.1


def test_reliability_lists_the_bins_that_hold_something():
    rows = [surely(0.95, 0), surely(0.35, 1), surely(0.93, 0), surely(0.92, 1)]
    listed = reliability(np.array(rows), np.array([GOOD, MODERATE, GOOD, GOOD]))
    assert listed == [
        {"confidence": 0.35, "accuracy": 1.0, "photos": 1},
        {"confidence": 0.9333, "accuracy": 0.6667, "photos": 3},
    ]
    assert json.loads(json.dumps(listed, allow_nan=False)) == listed


@pytest.mark.parametrize("end", [0.2, 0.3, 0.6, 0.7, 0.9, 1.0])
def test_a_confidence_on_the_end_of_a_bin_belongs_below(end):
    rows = [surely(end, 0), surely(max(end - 0.02, 0.19), 0)]
    assert [row["photos"] for row in reliability(np.array(rows), np.array([GOOD, GOOD]))] == [2]
    if end < 1:
        rows[1] = surely(end + 0.01, 0)
        listed = reliability(np.array(rows), np.array([GOOD, GOOD]))
        assert [row["photos"] for row in listed] == [1, 1]


def test_of_equally_likely_categories_the_cleaner_one_is_judged():
    tied = np.array([[0.0, 0.5, 0.5, 0.0, 0.0, 0.0]])
    assert reliability(tied, np.array([MODERATE]))[0]["accuracy"] == 1.0
    assert reliability(tied, np.array([120.0]))[0]["accuracy"] == 0.0


@pytest.mark.parametrize(
    ("probabilities", "measured", "message"),
    [
        (np.zeros((0, 6)), np.zeros(0), r"measured must be \(N,\), N >= 1, got \(0,\)"),
        (np.eye(6), np.zeros((6, 1)), r"measured must be .*, got \(6, 1\)"),
        (np.eye(6), np.zeros(5), r"probabilities must be \(5, 6\), got \(6, 6\)"),
        (np.eye(5), np.zeros(5), r"probabilities must be \(5, 6\), got \(5, 5\)"),
        (2 * np.eye(6), np.zeros(6), "add up to 1, got 0.0 and a sum of 2.0"),
        ([[1.5, -0.5, 0, 0, 0, 0]], np.zeros(1), "must be >= 0 and add up to 1, got -0.5"),
        ([[np.nan, 1, 0, 0, 0, 0]], np.zeros(1), "must be >= 0 and add up to 1, got nan"),
        (np.eye(6), np.full(6, np.nan), "aqi must be finite, got nan"),
    ],
)
@pytest.mark.parametrize("figure", [expected_calibration_error, brier, reliability])
def test_what_is_no_distribution_over_six_categories_is_refused(
    figure, probabilities, measured, message
):
    with pytest.raises(ValueError, match=message):
        figure(np.array(probabilities), measured)
