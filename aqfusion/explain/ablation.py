"""What the model would say without parts of its input."""

from dataclasses import dataclass

from aqfusion.explain.coalitions import PHOTO, Coalitions
from aqfusion.model.prediction import Prediction


@dataclass(frozen=True)
class Ablated:
    """What is said of the inputs that are left; `without` names the one that is not, if one."""

    left: tuple[str, ...]
    without: str | None
    prediction: Prediction


def ablations(known: Coalitions) -> tuple[Ablated, ...]:
    """Everything, the photo alone, the readings alone, then all but one reading at a time.

    What is not given, or would be the same as another row, has no row.
    """
    readings = tuple(name for name in known.given if name != PHOTO)
    left = [known.given]
    if PHOTO in known.given:
        left += [(PHOTO,), readings]
    left += [tuple(name for name in known.given if name != reading) for reading in readings]
    return tuple(
        Ablated(inputs, _the_one_of(known.given, inputs), known.showing(inputs))
        for inputs in dict.fromkeys(left)
        if inputs
    )


def _the_one_of(given: tuple[str, ...], left: tuple[str, ...]) -> str | None:
    without = [name for name in given if name not in left]
    return without[0] if len(without) == 1 else None
