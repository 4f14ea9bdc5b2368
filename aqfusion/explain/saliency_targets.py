"""The methods and targets of saliency maps by name, without loading anything."""

from aqfusion.air.aqi import standard
from aqfusion.errors import InputError

METHOD_NAMES = ("GradCAM", "GradCAM++", "LayerCAM", "EigenCAM")
RAISES, LOWERS = "raises", "lowers"
TARGETS = (RAISES, LOWERS, *(category.name for category in standard("us").categories))


class HeatMapError(InputError):
    """A method or a target that does not exist."""


def check_method(name: str) -> None:
    """Refuse what is no method."""
    if name not in METHOD_NAMES:
        raise HeatMapError(f"method must be one of {', '.join(METHOD_NAMES)}, got {name!r}")


def check_target(name: str) -> None:
    """Refuse what is no target."""
    if name not in TARGETS:
        raise HeatMapError(f"target must be one of {', '.join(TARGETS)}, got {name!r}")
