"""A model's prediction for an item, as the label store keeps it."""

from aqfusion.labels.item import ItemPrediction
from aqfusion.model.prediction import kind_of
from aqfusion.model.predictor import Predictor, Result


def model_view(model: Predictor, result: Result) -> ItemPrediction:
    """The fused prediction, and which model made it."""
    fused = result.fused
    return ItemPrediction(
        version_of(model),
        kind_of(len(result.readings_used), result.image_only is not None),
        fused.aqi,
        fused.low,
        fused.high,
        tuple(fused.probabilities.values()),
    )


def version_of(model: Predictor) -> str:
    """The model's name and the start of its weights' checksum."""
    return f"{model.name[:80]} {model.checkpoint.sha256[:12]}"
