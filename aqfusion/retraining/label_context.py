"""The model in force as far as labels are counted by it: what it learned, what is held out.

Pages ask for it, so that no torch is loaded here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from aqfusion.model.checkpoint import FEATURES, backbone_hash, read_model
from aqfusion.model.predictor import model_folder
from aqfusion.model.training_features import FeaturesError, load_arrays
from aqfusion.registry.registry import Registry
from aqfusion.registry.version import Version, comparison
from aqfusion.retraining.holdout import holdout_groups, holdout_hash
from aqfusion.retraining.label_targets import Band

__all__ = ["FULL", "LabelContext", "LearnedBands", "is_new", "label_context"]

FULL = "full"  # the path of a version whose backbone was trained too
_SAME = 0.1  # AQI: bands are stored rounded

LearnedBands = Mapping[int, Band]  # by item, what the model before learned of it


@dataclass(frozen=True)
class LabelContext:
    """The version that serves, its backbone, the hold-out set, and what it learned of labels.

    `model` names the shipped model. `parent` is the version that serves, `root` the one whose
    backbone is in force, which lies in `folder`; `None` means the shipped model. `learned_bands` is
    empty where the parent has another backbone or hold-out set.
    """

    model: str
    parent: Version | None
    root: str | None
    folder: Path
    backbone_hash: str
    features_hash: str
    holdout: frozenset[str]
    learned_bands: LearnedBands

    def hashes(self) -> dict[str, str]:
        """SHA-256 of backbone, features and hold-out set, by the manifest's names for them."""
        return {
            "trunk_sha256": self.backbone_hash,
            "features_sha256": self.features_hash,
            "frozen_sha256": holdout_hash(self.holdout),
        }

    def comparable(self, version: Version) -> bool:
        """Whether a version stands on the same backbone, features and hold-out set."""
        return all(version.manifest.get(name) == value for name, value in self.hashes().items())


def label_context(registry: Registry) -> LabelContext:
    """Read the model in force; a damaged or absent file raises `InputError`."""
    served = registry.current()
    parent = registry.read(served.version) if served.version else None
    root = _root(parent)
    folder = model_folder(registry.model) if root is None else registry.read(root).folder
    trunk = backbone_hash(read_model(folder))
    features = load_arrays(folder / FEATURES, trunk)
    holdout = holdout_groups(features)
    if not holdout:
        raise FeaturesError(
            "features of the model must have a place with 3 groups or more for a hold-out set, got "
            "none"
        )
    names = registry.model, parent, root, folder, trunk
    context = LabelContext(*names, features.sha256, holdout, {})
    if parent is None or not context.comparable(parent):
        return context
    learned = comparison(parent).get("learned", ())
    return replace(context, learned_bands={item: (low, high) for item, low, high in learned})


def is_new(band: Band, learned: Band | None) -> bool:
    """Whether a label's band (US AQI) is another one than the model before learned of its item."""
    if learned is None:
        return True
    return max(abs(learned[0] - band[0]), abs(learned[1] - band[1])) > _SAME


def _root(parent: Version | None) -> str | None:
    """The version of the backbone in force: the last one of the full path; `None`: the shipped."""
    if parent is None:
        return None
    return parent.name if parent.manifest.get("path") == FULL else parent.manifest.get("root")
