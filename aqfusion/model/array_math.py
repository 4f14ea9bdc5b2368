"""What numpy lacks of what a network computes; float64 unless it was float32 before."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Abramowitz & Stegun 7.1.26: the error function to 1.5e-7, as near as float32 can tell.
_SLOPE = 0.3275911
_POLYNOMIAL = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
_ROOT_HALF = math.sqrt(0.5)


def gelu(values: Array) -> Array:
    """x times the normal distribution's part below x, of any shape."""
    away = np.abs(values) * _ROOT_HALF
    t = 1 / (1 + _SLOPE * away)
    tail = np.zeros_like(t)
    for factor in _POLYNOMIAL:
        tail = (tail + factor) * t
    tail *= np.exp(-away * away) / 2  # the part beyond |x|
    result: Array = values * np.where(values > 0, 1 - tail, tail)
    return result


def normal_cdf(standardised: Array) -> Array:
    """The normal distribution's part below, of any shape; exact, where `gelu` is near."""
    flat = (standardised * -_ROOT_HALF).ravel().tolist()
    below = np.fromiter(map(math.erfc, flat), np.float64, len(flat))
    return below.reshape(standardised.shape) / 2


def layer_norm(values: Array, weight: Array, bias: Array) -> Array:
    """Zero mean and unit variance of each row (B, E), then scaled and moved."""
    apart = values - values.mean(1, keepdims=True)
    variance = (apart * apart).mean(1, keepdims=True)
    result: Array = apart / np.sqrt(variance + 1e-5) * weight + bias
    return result


def sigmoid(values: Array) -> Array:
    """1 / (1 + exp(-x)), of any shape."""
    result: Array = 1 / (1 + np.exp(-values))
    return result


def log_softmax(logits: Array) -> Array:
    """Logarithms of probabilities (B, K) that add up to 1."""
    apart = logits - logits.max(1, keepdims=True)
    result: Array = apart - np.log(np.exp(apart).sum(1, keepdims=True))
    return result


def softmax(logits: Array) -> Array:
    """Probabilities (B, K) that add up to 1."""
    raised = np.exp(logits - logits.max(1, keepdims=True))
    result: Array = raised / raised.sum(1, keepdims=True)
    return result
