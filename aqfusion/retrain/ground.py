"""What a retraining stands on: the settled labels, the model before, and what it had learned."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aqfusion import __version__
from aqfusion.errors import InputError
from aqfusion.labels.adjudicated import Adjudicated, snapshot_hash
from aqfusion.labels.store import LabelStore
from aqfusion.model.checkpoint import FEATURES, load_checkpoint
from aqfusion.model.network import AQFusionNet
from aqfusion.model.predict import model_folder
from aqfusion.registry.comparison import comparison
from aqfusion.registry.registry import Registry
from aqfusion.registry.version import Version
from aqfusion.retrain.aside import aside
from aqfusion.retrain.corrections import Corrections, corrections
from aqfusion.retrain.features import FeaturesError, load_features
from aqfusion.retrain.frozen import frozen_hash
from aqfusion.retrain.seen_photos import SeenPhotos
from aqfusion.retrain.trunk import trunk_hash
from aqfusion.retrain.unlearned import Known
from aqfusion.retrain.workbench import Workbench
from aqfusion.training.recipe import Recipe

__all__ = ["FULL", "Ground", "NothingToLearnError", "ground"]

FULL = "full"


class NothingToLearnError(InputError):
    """A retraining that could learn nothing, or nothing new."""


@dataclass(frozen=True, eq=False)
class Ground:
    """A bench behind the trunk in force, what is to be learned, and the model `before`.

    `known` are the labels that it has learned; `about` is what is known of any candidate.
    """

    bench: Workbench
    learned: Corrections
    before: AQFusionNet
    known: Known
    about: Mapping[str, Any]


def ground(
    store: LabelStore, registry: Registry, recipe: Recipe, report: Callable[[str], None]
) -> Ground:
    """Read the labels and look at their photos; where there is nothing new it raises."""
    values = tuple(store.adjudicated(split="train"))
    parent = _parent(registry)
    snapshot = snapshot_hash(values)
    if parent is not None and parent.manifest["labels"]["snapshot_sha256"] == snapshot:
        raise NothingToLearnError(f"labels must have changed since {parent.name}, got the same")
    root = _root(parent)
    folder = model_folder(registry.model) if root is None else registry.read(root).folder
    base = load_checkpoint(folder)
    trunk = trunk_hash(base)
    features = load_features(folder / FEATURES, trunk)
    kept = registry.home / "kept"
    bench = Workbench(base, features, recipe, kept, report)
    if not bench.frozen:
        raise FeaturesError(
            f"{folder / FEATURES} must have a place with 3 groups or more to judge by, got none"
        )
    prepared = aside(bench.prepare)  # while this process looks at new photos
    seen = SeenPhotos(base, trunk, store.photos, kept / "photos")
    learned = corrections(values, seen, bench.twins, bench.frozen, report)
    prepared()
    if not learned.sessions:
        raise NothingToLearnError(
            f"labels must be settled and of photos outside the frozen part, got {len(values)} "
            "settled ones and none of them such"
        )
    about: dict[str, Any] = {
        "base": registry.model,
        "root": root,
        "parent": parent.name if parent else None,
        "path": "fast",
        "code_version": __version__,
        "seed": recipe.seed,
        "recipe": asdict(recipe),
        "labels": _labels(values, learned, snapshot),
        "trunk_sha256": trunk,
        "features_sha256": features.sha256,
        "frozen_sha256": frozen_hash(bench.frozen),
    }
    before, known = _before(bench, parent, about)
    return Ground(bench, learned, before, known, about)


def _parent(registry: Registry) -> Version | None:
    served = registry.current()
    return registry.read(served.version) if served.version else None


def _root(parent: Version | None) -> str | None:
    """The version whose trunk is in force: the last one of the full path; `None`: the shipped."""
    if parent is None:
        return None
    return parent.name if parent.manifest.get("path") == FULL else parent.manifest.get("root")


def _before(
    bench: Workbench, parent: Version | None, about: Mapping[str, Any]
) -> tuple[AQFusionNet, Known]:
    """The model before and what it learned of labels; it must not know the frozen part.

    So it is never the shipped one, but what the fast path makes of the training features alone.
    """
    same = ("trunk_sha256", "features_sha256", "frozen_sha256")
    if parent is None or any(parent.manifest.get(name) != about[name] for name in same):
        return bench.without_corrections(), {}
    learned = comparison(parent).get("learned", ())
    known = {item: (low, high) for item, low, high in learned}
    return load_checkpoint(parent.folder).network, known


def _labels(values: Sequence[Adjudicated], learned: Corrections, snapshot: str) -> dict[str, Any]:
    return {
        "snapshot_sha256": snapshot,
        "last_event": max((value.last_event for value in values), default=0),
        "settled": len(values),
        "learned": learned.items,
        "sessions": len(learned.sessions),
        "left_out": dict(Counter(reason for _, reason in learned.left_out)),
    }
