"""Ablation: predictions without parts of the input."""

from dataclasses import dataclass

from aqfusion.explain.coalitions import LANDMARKS, PHOTO, SITE, Coalitions
from aqfusion.model.prediction import Prediction


@dataclass(frozen=True)
class Ablated:
    """The prediction from the inputs that are `left`, `without` the others."""

    left: tuple[str, ...]
    without: tuple[str, ...]
    prediction: Prediction

    @property
    def lacking(self) -> tuple[str, ...]:
        """The inputs that name the row: landmarks go with their photo or site."""
        named = tuple(name for name in self.without if name != LANDMARKS)
        return named or self.without


def ablations(coalitions: Coalitions) -> tuple[Ablated, ...]:
    """All inputs; photo, readings and site, each alone and each removed; all but one reading.

    Landmarks are seen in the photo and mean something beside the site's days, so they go with
    either, and are removed once by themselves. An absent input, or a repeated row, has no row.
    """
    present = coalitions.present
    readings = tuple(name for name in present if name not in (PHOTO, SITE, LANDMARKS))
    sides = [side for side in ((PHOTO,), readings, (SITE,)) if set(side) <= set(present)]
    left = [present, *sides]
    left += [_without(present, (*side, *_seen_by(side))) for side in reversed(sides)]
    left += [_without(present, (LANDMARKS,))]
    left += [_without(present, (reading,)) for reading in readings]
    return tuple(
        Ablated(inputs, _without(present, inputs), coalitions.showing(inputs))
        for inputs in dict.fromkeys(left)
        if inputs
    )


def _seen_by(side: tuple[str, ...]) -> tuple[str, ...]:
    return (LANDMARKS,) if side in ((PHOTO,), (SITE,)) else ()


def _without(names: tuple[str, ...], some: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in some)
