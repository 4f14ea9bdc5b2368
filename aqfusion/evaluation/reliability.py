"""Calibration of the probabilities of the six US categories.

The predicted label is the likeliest category, of equals the cleaner one; it need not be the
category of the mean prediction.
"""

from dataclasses import dataclass

import numpy as np

from aqfusion.evaluation.scores import Floats, Whole, categories, require_shape

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
