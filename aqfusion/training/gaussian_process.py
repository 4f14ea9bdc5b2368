"""The Gaussian process that teaches, and that stands among the baselines."""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

Floats = NDArray[np.float64]


def fitted_process(
    features: Floats, target: Floats, theta: Floats | None = None
) -> GaussianProcessRegressor:
    """Fit on standardised features (S, D) and targets (S,): one length for all features, noise.

    `theta` is the kernel's of a process that was fitted before; with it nothing is searched.
    """
    kernel = ConstantKernel(1.0) * Matern(1.0, (0.2, 30.0), nu=1.5) + WhiteKernel(0.1)
    if theta is None:
        process = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)
    else:
        fitted_kernel = kernel.clone_with_theta(theta)
        process = GaussianProcessRegressor(fitted_kernel, optimizer=None, normalize_y=True)
    with warnings.catch_warnings():
        # A length at its bound is a result here: this reading matters little, or next to all.
        warnings.simplefilter("ignore", ConvergenceWarning)
        process.fit(features, target)
    return process
