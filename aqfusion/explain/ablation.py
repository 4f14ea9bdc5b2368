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
    left: dict[tuple[str, ...], str | None] = {known.given: None}
    if PHOTO in known.given and readings:
        left |= {(PHOTO,): None, readings: PHOTO}
    for reading in readings:
        left.setdefault(tuple(name for name in known.given if name != reading), reading)
    return tuple(
        Ablated(inputs, without, known.showing(inputs))
        for inputs, without in left.items()
        if inputs
    )
