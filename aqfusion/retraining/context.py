"""The context of a retraining: the model in force, its training features, the labels it learned."""

from dataclasses import dataclass

from aqfusion.model.checkpoint import FEATURES
from aqfusion.network.checkpoint import Checkpoint, load_checkpoint
from aqfusion.network.training_features import Features, load_features
from aqfusion.registry.registry import Registry
from aqfusion.retraining.label_context import LabelContext, label_context

__all__ = ["RetrainContext", "load_context"]


@dataclass(frozen=True, eq=False)
class RetrainContext(LabelContext):
    """With the network of the backbone's `base`, and the features to train on."""

    base: Checkpoint
    features: Features


def load_context(registry: Registry) -> RetrainContext:
    """Read the model in force; a damaged or absent file raises `InputError`."""
    labels = label_context(registry)
    features = load_features(labels.folder / FEATURES, labels.backbone_hash)
    return RetrainContext(**vars(labels), base=load_checkpoint(labels.folder), features=features)
