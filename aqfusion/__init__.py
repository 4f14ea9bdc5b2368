"""AQFusion: the Air Quality Index from a photo of the sky and pollutant readings.

>>> from aqfusion import Reading, load_model
>>> result = load_model().predict(Reading(pm25=180, pm10=260))
>>> result.fused.low <= result.fused.aqi <= result.fused.high
True
"""

import os
from typing import TYPE_CHECKING, Any

# ONNX Runtime 1.32 keeps an identifier of the computer and sends usage data to its maker unless
# this is set before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

from aqfusion.air.readings import Reading

if TYPE_CHECKING:
    from aqfusion.images.photo import Photo
    from aqfusion.model.predictor import load_model

__version__ = "0.1.0"
__all__ = ["Photo", "Reading", "load_model"]


def __getattr__(name: str) -> Any:
    """Import the photo reader and the model on first use, so that the rest starts at once."""
    if name == "Photo":
        from aqfusion.images.photo import Photo

        return Photo
    if name == "load_model":
        from aqfusion.model.predictor import load_model

        return load_model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
