"""What the model would say without parts of its input."""

from dataclasses import dataclass

from aqfusion.explain.coalitions import LANDMARKS, PHOTO, SITE, Coalitions
from aqfusion.model.prediction import Prediction


@dataclass(frozen=True)
class Ablated:
    """What is said of the inputs that are `left`, `without` those that are not."""

    left: tuple[str, ...]
    without: tuple[str, ...]
    prediction: Prediction

    @property
    def lacking(self) -> tuple[str, ...]:
        """What the row is named after: landmarks are not told apart from their photo or site."""
        named = tuple(name for name in self.without if name != LANDMARKS)
        return named or self.without


def ablations(coalitions: Coalitions) -> tuple[Ablated, ...]:
    """Everything; photo, readings and site, each alone and each left out; all but one reading.

    Landmarks are seen in the photo and mean something beside the site's days, so they go with
    either, and are left out once for themselves. What is not given, or would be the same as another
    row, has no row.
    """
    inputs_given = coalitions.given
    readings = tuple(name for name in inputs_given if name not in (PHOTO, SITE, LANDMARKS))
    sides = [side for side in ((PHOTO,), readings, (SITE,)) if set(side) <= set(inputs_given)]
    left = [inputs_given, *sides]
    left += [_without(inputs_given, (*side, *_seen_by(side))) for side in reversed(sides)]
    left += [_without(inputs_given, (LANDMARKS,))]
    left += [_without(inputs_given, (reading,)) for reading in readings]
    return tuple(
        Ablated(inputs, _without(inputs_given, inputs), coalitions.showing(inputs))
        for inputs in dict.fromkeys(left)
        if inputs
    )


def _seen_by(side: tuple[str, ...]) -> tuple[str, ...]:
    return (LANDMARKS,) if side in ((PHOTO,), (SITE,)) else ()


def _without(given: tuple[str, ...], some: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in given if name not in some)
