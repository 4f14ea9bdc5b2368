"""What a backbone in int8 costs: RMSE of heads that have not seen the days they are judged on.

The shipped model has learned all days of the public data set, so that its own error on them says
nothing. Features of both backbones therefore go to a ridge regression that is fitted, on those of
the first, to the other folds of whole place-days (cross-fitting), and judged on the fold it lacks.
The backbone itself has seen the days; that makes the error smaller and the same noise weigh more,
so the figure is rather too high. Beside it stands how far the shipped heads' answers move, which
needs no measured AQI: no RMSE of theirs can change by more.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aqfusion.data.dataset_folder import read_folder
from aqfusion.errors import InputError
from aqfusion.images.photo import Photo
from aqfusion.model import bins
from aqfusion.model.checkpoint import ServedModel
from aqfusion.model.image_session import Floats32, Pixels
from aqfusion.model.pixels import pixels

Floats = NDArray[np.float64]
PHOTOS_OF_SESSION = 8  # frames of one session are near alike
_PENALTY = 0.5  # of the ridge, per photo and standardised feature
_FEWEST_FOLDS, _FEWEST_SESSIONS = 3, 20


@dataclass(frozen=True, eq=False)
class LabelledPhotos:
    """Pictures (N, 3, S, S), measured AQI (N,), and the fold of whole place-days of each (N,)."""

    pixels: Pixels
    aqi: Floats
    fold: NDArray[np.int64]
    sessions: int

    @classmethod
    def of_folder(cls, folder: Path, size: int, report: Callable[[str], None]) -> "LabelledPhotos":
        """A few photos of each session of a data folder; too few sessions raise `InputError`."""
        sessions: dict[str, list[Any]] = {}
        for row in read_folder(folder):
            sessions.setdefault(row.session, []).append(row)
        chosen = [row for rows in sessions.values() for row in _spread(rows)]
        fold = np.array([row.fold for row in chosen])
        if len(sessions) < _FEWEST_SESSIONS or len({*fold.tolist()}) < _FEWEST_FOLDS:
            rule = f"--data must have {_FEWEST_SESSIONS} sessions in {_FEWEST_FOLDS} folds"
            got = f"{len(sessions)} in {len({*fold.tolist()})}"
            raise InputError(f"{rule}, so that what int8 costs can be measured, got {got}")
        report(f"reading {len(chosen)} photos of {len(sessions)} sessions")
        pictures = np.stack([pixels(Photo.open(row.photo), size) for row in chosen])
        aqi = np.array([row.aqi for row in chosen], dtype=np.float64)
        return cls(pictures, aqi, fold, len(sessions))


def _spread(rows: list[Any]) -> list[Any]:
    """The first, the last and some between."""
    places = np.linspace(0, len(rows) - 1, min(PHOTOS_OF_SESSION, len(rows))).round()
    return [rows[place] for place in sorted({*places.astype(int).tolist()})]


@dataclass(frozen=True)
class QuantisationLoss:
    """RMSE in AQI of cross-fitted heads on both backbones' features, and what int8 adds to it.

    `answers_moved` is the RMS difference between the shipped heads' answers to a photo alone.
    """

    rmse_float: float
    rmse_int8: float
    answers_moved: float
    photos: int
    sessions: int

    @property
    def rmse_loss(self) -> float:
        """By how much the RMSE grows; below 0 where it falls."""
        return self.rmse_int8 - self.rmse_float

    @property
    def sentence(self) -> str:
        """The figures in words."""
        return (
            f"RMSE of a photo alone {self.rmse_float:.2f} in float32 and {self.rmse_int8:.2f} in "
            f"int8 on days that the judging head has not seen ({self.photos} photos, "
            f"{self.sessions} sessions); answers to a photo alone move by {self.answers_moved:.1f} "
            "AQI (RMS)"
        )

    def as_json(self) -> dict[str, Any]:
        """The figures with two decimals."""
        figures = asdict(self) | {"rmse_loss": self.rmse_loss}
        return {name: round(value, 2) for name, value in figures.items()}


Seen = tuple[Floats32, Floats32]  # features (N, D), haze statistics (N, 108)


def quantisation_loss(
    served: ServedModel, labelled: LabelledPhotos, before: Seen, after: Seen
) -> QuantisationLoss:
    """Judge the features `after` by what heads that learned on those `before` make of them."""
    plain, quantised = np.empty(len(labelled.aqi)), np.empty(len(labelled.aqi))
    for fold in np.unique(labelled.fold):
        held_out = labelled.fold == fold
        ask = ridge(before[0][~held_out], labelled.aqi[~held_out])
        plain[held_out], quantised[held_out] = ask(before[0][held_out]), ask(after[0][held_out])
    moved = _answers(served, after) - _answers(served, before)
    return QuantisationLoss(
        _rms(plain - labelled.aqi),
        _rms(quantised - labelled.aqi),
        _rms(moved),
        len(labelled.aqi),
        labelled.sessions,
    )


def ridge(features: Floats32, targets: Floats) -> Callable[[Floats32], Floats]:
    """A ridge regression on standardised features (N, D), solved in its dual form."""
    mean, std = features.mean(0, dtype=np.float64), features.std(0, dtype=np.float64) + 1e-6
    rows, level = (features - mean) / std, targets.mean()
    gram = rows @ rows.T + _PENALTY * len(rows) * np.eye(len(rows))
    slope = rows.T @ np.linalg.solve(gram, targets - level)
    return lambda others: ((others - mean) / std) @ slope + level


def _answers(served: ServedModel, seen: Seen) -> Floats:
    """The AQI (N,) that the shipped heads suggest of a photo alone."""
    answers: Floats = bins.expected_aqi(served.head.of_embedding(served.branches.embed(*seen)))
    return answers


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))
