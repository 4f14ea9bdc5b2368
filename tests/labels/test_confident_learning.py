"""Planted wrong labels are found, and a shy or a good model does not doubt right ones."""

import numpy as np
import pytest
from cleanlab.count import compute_confident_joint
from cleanlab.rank import get_label_quality_scores

from aqfusion.labels.confident_learning import LikelyError, likely_errors


def says(truth: np.ndarray, spread: float, seed: int) -> np.ndarray:
    """Probabilities of a model that misjudges a place on the scale of categories by `spread`."""
    generator = np.random.default_rng(seed)
    seen = truth + generator.normal(0, spread, len(truth))
    weight = np.exp(-0.5 * ((np.arange(6) - seen[:, None]) / spread) ** 2)
    return weight / weight.sum(1, keepdims=True)


def planted(items: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """True categories, unevenly common, and labels: 8 % wrong, half of these by one."""
    generator = np.random.default_rng(4)
    truth = generator.choice(6, items, p=[0.1, 0.25, 0.25, 0.2, 0.15, 0.05])
    wrong = generator.random(items) < 0.08
    anywhere = (truth + generator.integers(1, 6, items)) % 6
    beside = np.clip(truth + generator.choice([-1, 1], items), 0, 5)
    other = np.where(generator.random(items) < 0.5, anywhere, beside)
    return truth, np.where(wrong, other, truth)


@pytest.mark.parametrize(
    ("spread", "accuracy", "precision", "recall", "of_the_first_hundred"),
    [(0.45, 0.76, 0.30, 0.80, 0.98), (0.7, 0.57, 0.16, 0.83, 0.87)],
)
def test_planted_errors_are_found(spread, accuracy, precision, recall, of_the_first_hundred):
    truth, given = planted()
    held_out = says(truth, spread, seed=5)
    wrong = truth != given
    doubted = np.array([error.position for error in likely_errors(held_out, given)])
    assert np.mean(held_out.argmax(1) == truth) == pytest.approx(accuracy, abs=0.01)
    assert wrong.mean() == pytest.approx(0.08, abs=0.005)
    assert wrong[doubted].mean() == pytest.approx(precision, abs=0.01)
    assert wrong[doubted].sum() / wrong.sum() == pytest.approx(recall, abs=0.02)
    assert wrong[doubted[:100]].mean() == pytest.approx(of_the_first_hundred, abs=0.03)


@pytest.mark.parametrize("spread", [0.3, 0.45, 0.7])
def test_doubted_labels_are_those_off_the_diagonal_of_cleanlabs_confident_joint(spread):
    """All but those whose suggestion is no likelier than the label, which cleanlab counts too.

    Which labels are doubted, and in favour of which category, is comparable, as long as models are
    fairly sure: with several confident categories cleanlab takes the likeliest of all, this program
    (like the paper) the likeliest of those. The ranking is not comparable: cleanlab's scores do not
    know that categories have an order.
    """
    truth, given = planted()
    held_out = says(truth, spread, seed=5)
    joint, off_diagonal = compute_confident_joint(
        given, held_out, calibrate=False, return_indices_of_off_diagonals=True
    )
    ours = {error.position: error.suggested for error in likely_errors(held_out, given)}
    assert set(ours) <= set(off_diagonal)
    assert len(ours) > 100
    rest = [position for position in off_diagonal if position not in ours]
    counted = np.zeros((6, 6), dtype=int)
    for position, suggested in ours.items():
        counted[given[position], suggested] += 1
    left = joint - np.diag(np.diag(joint)) - counted
    assert (left.min(), left.sum()) == (0, len(rest))
    thresholds = np.array([held_out[given == category, category].mean() for category in range(6)])
    for position in rest:
        own = held_out[position, given[position]]
        assert (held_out[position][held_out[position] >= thresholds] <= own).all()


def test_of_two_neighbouring_categories_the_order_is_cleanlabs_self_confidence():
    """There the label is off by one or by none, so by 1 - its own probability."""
    generator = np.random.default_rng(3)
    given = generator.integers(2, 4, 400)
    share = generator.random(400)
    held_out = np.zeros((400, 6))
    held_out[:, 2], held_out[:, 3] = share, 1 - share
    errors = likely_errors(held_out, given)
    positions = np.array([error.position for error in errors])
    two = held_out[:, 2:4]
    confidence = get_label_quality_scores(given - 2, two, method="self_confidence")
    assert len(errors) > 100
    assert positions.tolist() == positions[np.argsort(confidence[positions])].tolist()
    assert [error.expected_off for error in errors] == [
        round(float(off), 4) for off in 1 - confidence[positions]
    ]


def test_the_suggestion_is_what_was_true_or_next_to_it():
    truth, given = planted()
    errors = likely_errors(says(truth, 0.45, seed=5), given)[:100]
    off = np.array([abs(error.suggested - truth[error.position]) for error in errors])
    assert off.max() == 1
    assert np.mean(off == 0) > 0.7
    assert all(error.given == given[error.position] != error.suggested for error in errors)
    expected = [error.expected_off for error in errors]
    assert expected == sorted(expected, reverse=True)
    assert 5 >= expected[0] > expected[-1] > 0


def test_a_label_far_off_comes_before_one_that_is_surely_off_by_one():
    good, moderate = [0.5, 0.5, 0, 0, 0, 0], [0, 1.0, 0, 0, 0, 0]
    far = [0.6, 0, 0, 0.4, 0, 0]
    held_out = np.array([good] * 9 + [moderate] * 9 + [moderate, far])
    given = np.array([0] * 9 + [1] * 9 + [2, 3])
    assert likely_errors(held_out, given)[0] == LikelyError(19, 3, 0, 1.8)
    assert likely_errors(held_out, given)[1] == LikelyError(18, 2, 1, 1.0)


def test_one_wrong_label_worked_out_by_hand():
    sure = np.array([0.9, 0.1, 0, 0, 0, 0])
    held_out = np.array([sure, sure, sure[[1, 0, 2, 3, 4, 5]], sure])
    given = np.array([0, 0, 1, 1])  # thresholds: 0.9 for Good, (0.9 + 0.1) / 2 for Moderate
    assert likely_errors(held_out, given) == (LikelyError(3, 1, 0, 0.9),)


def test_a_category_that_models_are_shy_of_is_not_doubted_for_it():
    # Of what is labelled Moderate they say Good at 0.55, which is below what they say of Good.
    good, shy = [0.9, 0.1, 0, 0, 0, 0], [0.55, 0.45, 0, 0, 0, 0]
    held_out = np.array([good] * 20 + [shy] * 20)
    assert likely_errors(held_out, np.repeat([0, 1], 20)) == ()


def test_nothing_is_suggested_that_no_label_says_nor_what_is_less_likely():
    # Nothing is labelled Hazardous; Very Unhealthy's threshold of 0.2 is passed by 0.3.
    held_out = np.array([[0.1, 0, 0, 0, 0, 0.9], [0.5, 0, 0, 0, 0.3, 0.2], [0.8, 0, 0, 0, 0.2, 0]])
    assert likely_errors(held_out, np.array([0, 0, 4])) == (LikelyError(2, 4, 0, 3.2),)


def test_no_labels_no_errors():
    assert likely_errors(np.zeros((0, 6)), np.zeros(0, dtype=np.int64)) == ()


@pytest.mark.parametrize(
    ("held_out", "given", "message"),
    [
        (np.full((2, 6), 1 / 6), [0], r"held_out must be \(1, 6\), got \(2, 6\)"),
        (np.full((1, 6), 1 / 6), [6], "given must be 0 to 5, got 6"),
        (np.full((1, 6), 1 / 6), [-1], "given must be 0 to 5, got -1"),
        (np.full((1, 6), 0.2), [0], "held_out must be >= 0 and add up to 1"),
        (np.full((1, 6), np.nan), [0], "held_out must be >= 0 and add up to 1"),
        (np.full((1, 6), 1 / 6), [[0]], r"given must be \(N,\), got \(1, 1\)"),
    ],
)
def test_what_is_no_held_out_prediction_is_refused(held_out, given, message):
    with pytest.raises(ValueError, match=message):
        likely_errors(held_out, np.array(given))
