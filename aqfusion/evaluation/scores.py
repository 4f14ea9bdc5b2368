"""Metrics of predictions and of their probabilities, with bootstrap intervals over groups.

Photos of one place-day share the weather and mostly the answer, so thousands of photos are only as
much evidence as the place-days they come from: those are what is drawn anew, never photos.

The predicted label is the likeliest category, of equals the cleaner one; it need not be the
category of the mean prediction.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aqfusion.air.aqi import standard
from aqfusion.metric_values import FIGURES
from aqfusion.resampling import Floats, Whole, group_counts, weighted_disagreement, with_interval

RESAMPLES = 1000
_SIX = 6  # US categories
_CONSTANT = 1e-6  # AQI²; a smaller variance is the rounding of the sums that it is made of


@dataclass(frozen=True, eq=False)
class Truth:
    """The truth of N photos, the same for all methods that are scored on them.

    `measured` (N,) in AQI; `session` (N,) and `group` (N,) are labels, and a session lies in one
    group. Raises `ValueError` for arrays of which this is not true.
    """

    measured: Floats
    session: Whole
    group: Whole

    def __post_init__(self) -> None:
        """Refuse what cannot be scored, above all labels in another order than the photos."""
        if self.measured.ndim != 1 or self.measured.size == 0:
            raise ValueError(f"measured must be (N,), N >= 1, got {self.measured.shape}")
        for name in ("session", "group"):
            require_shape(name, getattr(self, name), self.measured.shape)
        (_, session), (groups, group) = _numbered(self.session), _numbered(self.group)
        if len(np.unique(session * groups + group)) > len(np.unique(session)):
            raise ValueError("a session must lie in one group, got one in several")


def scores(truth: Truth, predicted: Floats, seed: int) -> dict[str, Any]:
    """Score predicted AQI (N,): [value, low, high] per figure, over photos and over sessions.

    In "sessions" a photo weighs 1 / photos of its session; "session_rmse" compares session means.
    low..high is the 95 % percentile interval; methods with the same truth and seed share their
    resamples. All is rounded to 4 digits and finite, as JSON demands.
    """
    require_shape("predicted", predicted, truth.measured.shape)
    sessions, session = _numbered(truth.session)
    photos = np.bincount(session)
    counts = group_counts(_numbered(truth.group)[0], RESAMPLES, seed)
    mean_error = np.bincount(session, predicted - truth.measured) / photos
    return {
        "photos": _with_intervals(truth, predicted, np.ones(len(session)), counts),
        "sessions": _with_intervals(truth, predicted, 1 / photos[session], counts),
        "session_rmse": round(float(np.linalg.norm(mean_error)) / sessions**0.5, 4),
    }


def mean_with_interval(values: Floats, group: Whole, seed: int) -> list[float]:
    """[value, low, high] of the mean of values (N,) that come from groups (N,), as in `scores`."""
    require_shape("group", group, values.shape)
    groups, number = _numbered(group)
    counts = group_counts(groups, RESAMPLES, seed)  # (1001, G)
    means = (counts @ np.bincount(number, values)) / (counts @ np.bincount(number))
    return [round(float(value), 4) for value in with_interval(means)]


def confusion(measured: Floats, predicted: Floats) -> list[list[int]]:
    """Photo counts of the US categories, 6 rows measured by 6 columns predicted, Good first."""
    require_shape("predicted", predicted, measured.shape)
    cell = _SIX * categories(measured) + categories(predicted)
    table: list[list[int]] = np.bincount(cell, minlength=_SIX**2).reshape(_SIX, _SIX).tolist()
    return table


def coverage(measured: Floats, low: Floats, high: Floats) -> float:
    """Share of photos whose measured AQI lies in low..high, borders included."""
    return float(np.mean((low <= measured) & (measured <= high)))


def categories(aqi: Floats) -> Whole:
    """Number of the US category of each AQI, Good 0 to Hazardous 5, by the standard's rounding.

    A prediction below 0 is Good and one above 500 Hazardous; one that is not finite raises
    `ValueError`.
    """
    if not np.isfinite(aqi).all():
        raise ValueError(f"aqi must be finite, got {aqi[~np.isfinite(aqi)][0]}")
    # round_half_up(aqi) <= end is the same as aqi < end + 0.5, and that sum is exact in binary.
    borders = [category.i_high + 0.5 for category in standard("us").categories[:-1]]
    return np.searchsorted(borders, aqi, side="right").astype(np.int64)


def require_shape(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Raise `ValueError` for another shape, which numpy might broadcast to a wrong figure."""
    if array.shape != shape:
        raise ValueError(f"{name} must be {shape}, got {array.shape}")


def _numbered(labels: Whole) -> tuple[int, Whole]:
    """How many labels there are, and each entry's as a number from 0."""
    names, number = np.unique(labels, return_inverse=True)
    return len(names), number


def _with_intervals(
    truth: Truth, predicted: Floats, weight: Floats, counts: Floats
) -> dict[str, list[float]]:
    """Each figure as [value, low, high]; `weight` (N,), `counts` (1 + 1000, G)."""
    figures = _figures(counts @ _sums_by_group(truth, predicted, weight))
    triples = with_interval(figures).T.round(4).tolist()
    return dict(zip(FIGURES, triples, strict=True))


def _sums_by_group(truth: Truth, predicted: Floats, weight: Floats) -> Floats:
    """The sums (G, 40) that all figures follow from: 36 cells of confusion, 4 of deviations."""
    groups, group = _numbered(truth.group)
    cell = _SIX * categories(truth.measured) + categories(predicted)
    table = np.bincount(_SIX**2 * group + cell, weight, _SIX**2 * groups).reshape(groups, -1)
    error = predicted - truth.measured
    deviation = truth.measured - truth.measured.mean()  # near 0, so that its squares lose no digits
    terms = (deviation, deviation**2, error**2, np.abs(error))
    return np.column_stack([table, *(np.bincount(group, weight * term) for term in terms)])


def _figures(sums: Floats) -> Floats:
    """The figures (R, 6) in the order of `FIGURES` from sums (R, 40)."""
    table = sums[:, : _SIX**2].reshape(-1, _SIX, _SIX)
    total = table.sum((1, 2))
    deviation, deviation_squared, error_squared, error_size = sums[:, _SIX**2 :].T
    spread = deviation_squared - deviation**2 / total
    return np.column_stack(
        [
            np.trace(table, axis1=1, axis2=2) / total,
            _macro_f1(table),
            _kappa(table),
            np.sqrt(error_squared / total),
            error_size / total,
            _r2(error_squared, np.where(spread > _CONSTANT * total, spread, 0)),
        ]
    )


def _macro_f1(table: Floats) -> Floats:
    """Mean F1 (R,) over the categories measured or predicted somewhere, as scikit-learn has it."""
    marginals = table.sum(2) + table.sum(1)  # (R, 6)
    occurs = marginals > 0
    right = np.diagonal(table, axis1=1, axis2=2)
    f1 = np.divide(2 * right, marginals, out=np.zeros_like(marginals), where=occurs)
    return np.asarray(f1.sum(1) / occurs.sum(1))


def _kappa(table: Floats) -> Floats:
    """Quadratic-weighted kappa (R,); 0 where one category is all there is, for chance does as well.

    scikit-learn gives NaN there.
    """
    observed, by_chance = weighted_disagreement(table)
    some = by_chance > 0
    return np.where(some, 1 - observed / np.where(some, by_chance, 1), 0)


def _r2(error_squared: Floats, spread: Floats) -> Floats:
    """R² (R,) against the mean of the same photos; where all measured the same, 1 without error.

    With an error it is 0 there; both as scikit-learn's `force_finite` has it.
    """
    varied = spread > 0
    explained = 1 - error_squared / np.where(varied, spread, 1)
    return np.where(varied, explained, error_squared == 0)


# Upper ends of the lower nine of ten bins; a confidence on an end belongs below it (Guo et al.
# 2017, "On calibration of modern neural networks").
_BIN_ENDS = np.arange(1, 10) / 10
_SUM_TOLERANCE = 1e-4  # of float32 softmax


def expected_calibration_error(probabilities: Floats, measured: Floats) -> float:
    """Mean gap, 0 to 1, between confidence and accuracy over ten bins, weighted by their photos.

    `probabilities` (N, 6), Good first; `measured` (N,) in AQI.
    """
    bins = _bins(probabilities, measured)
    gap = np.abs(bins.confidence - bins.accuracy)
    return float(np.average(gap, weights=bins.photos))


def brier(probabilities: Floats, measured: Floats) -> float:
    """Squared distance of probabilities (N, 6) from what was measured (N,) AQI, mean over photos.

    0 is certain and right, 2 certain and wrong (Brier 1950).
    """
    _require(probabilities, measured)
    happened = np.eye(probabilities.shape[1])[categories(measured)]
    return float(np.mean(np.sum((probabilities - happened) ** 2, axis=1)))


def reliability(probabilities: Floats, measured: Floats) -> list[dict[str, float]]:
    """Mean confidence, accuracy and photos of each bin that holds something, to 4 digits."""
    bins = _bins(probabilities, measured)
    return [
        {"confidence": round(confidence, 4), "accuracy": round(accuracy, 4), "photos": photos}
        for confidence, accuracy, photos in zip(
            bins.confidence.tolist(), bins.accuracy.tolist(), bins.photos.tolist(), strict=True
        )
    ]


@dataclass(frozen=True, eq=False)
class _Bins:
    """The bins that hold something, least confident first; each array has one entry per bin."""

    confidence: Floats
    accuracy: Floats
    photos: Whole


def _bins(probabilities: Floats, measured: Floats) -> _Bins:
    _require(probabilities, measured)
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == categories(measured)
    number = np.searchsorted(_BIN_ENDS, confidence)  # 0 to 9
    photos = np.bincount(number, minlength=10)
    held = photos > 0
    confidences = np.bincount(number, confidence, 10)[held] / photos[held]
    accuracies = np.bincount(number, right, 10)[held] / photos[held]
    return _Bins(confidences, accuracies, photos[held])


def _require(probabilities: Floats, measured: Floats) -> None:
    if measured.ndim != 1 or measured.size == 0:
        raise ValueError(f"measured must be (N,), N >= 1, got {measured.shape}")
    require_shape("probabilities", probabilities, (len(measured), 6))
    total = probabilities.sum(1)
    off = np.abs(total - 1)
    if not (probabilities.min() >= 0 and off.max() <= _SUM_TOLERANCE):  # false for NaN too
        raise ValueError(
            f"probabilities must be >= 0 and add up to 1, got {probabilities.min()} "
            f"and a sum of {total[off.argmax()]}"
        )
