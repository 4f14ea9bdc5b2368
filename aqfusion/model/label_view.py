"""What a model says of an item, as the label store keeps it."""

from aqfusion.labels.item import ModelView
from aqfusion.model.predict import Predictor, Result
from aqfusion.model.prediction import kind_of


def model_view(model: Predictor, result: Result) -> ModelView:
    """The fused prediction with the model's name and the start of its weights' checksum."""
    fused = result.fused
    return ModelView(
        f"{model.name[:80]} {model.checkpoint.sha256[:12]}",
        kind_of(len(result.readings_used), result.image_only is not None),
        fused.aqi,
        fused.low,
        fused.high,
        tuple(fused.probabilities.values()),
    )
