"""Scores of planted predictions, worked out by hand."""

import numpy as np
import pytest

from aqfusion.model.scores import Scores, coverage, scores


def test_scores_of_planted_predictions():
    measured = np.array([40.0, 40.0, 200.0])
    predicted = np.array([44.0, 52.0, 200.4])  # Good, Moderate for Good, Unhealthy
    assert scores(measured, predicted, np.array([0, 0, 1])) == Scores(
        accuracy=pytest.approx(2 / 3),
        rmse=pytest.approx(np.sqrt((16 + 144 + 0.16) / 3)),
        mae=pytest.approx((4 + 12 + 0.4) / 3),
        session_rmse=pytest.approx(np.sqrt((8**2 + 0.4**2) / 2)),
    )


def test_a_session_with_many_photos_counts_once_in_session_rmse():
    measured = np.array([100.0] * 10)
    predicted = np.array([110.0] * 9 + [130.0])
    session = np.array([0] * 9 + [4])  # numbers 1 to 3 have no photo here
    assert scores(measured, predicted, session).session_rmse == pytest.approx(np.sqrt(500))


def test_errors_of_a_session_cancel_in_session_rmse_alone():
    result = scores(np.array([100.0, 100.0]), np.array([80.0, 120.0]), np.array([0, 0]))
    assert (result.session_rmse, result.rmse, result.mae) == (0.0, 20.0, 20.0)


@pytest.mark.parametrize(
    ("predicted", "right"), [(50.4, True), (50.5, False), (0.0, True), (51.0, False)]
)
def test_categories_are_told_by_the_rounded_aqi(predicted, right):
    result = scores(np.array([50.0]), np.array([predicted]), np.array([0]))
    assert result.accuracy == float(right)


def test_coverage_includes_the_borders():
    measured = np.array([10.0, 20.0, 30.0, 40.0])
    low, high = np.array([10.0, 0.0, 31.0, 0.0]), np.array([12.0, 20.0, 50.0, 39.0])
    assert coverage(measured, low, high) == 0.5
