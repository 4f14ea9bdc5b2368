"""One retraining from labels to verdict: read, look, train, judge, keep, promote or refuse."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aqfusion import __version__
from aqfusion.errors import InputError
from aqfusion.labels.actor import Actor
from aqfusion.labels.adjudicated import Adjudicated, snapshot_hash
from aqfusion.labels.store import LabelStore
from aqfusion.model.checkpoint import FEATURES, Checkpoint, load_checkpoint, save_checkpoint
from aqfusion.model.network import AQFusionNet
from aqfusion.model.predict import model_folder
from aqfusion.registry.comparison import comparison, write_comparison
from aqfusion.registry.current import now_text
from aqfusion.registry.registry import Registry
from aqfusion.registry.version import Version
from aqfusion.retrain.compare import EVERYWHERE, table
from aqfusion.retrain.corrections import Corrections, corrections
from aqfusion.retrain.features import load_features
from aqfusion.retrain.frozen import frozen_hash
from aqfusion.retrain.judge import Outcome, judge
from aqfusion.retrain.said import KINDS
from aqfusion.retrain.seen_photos import SeenPhotos
from aqfusion.retrain.trunk import trunk_hash
from aqfusion.retrain.unlearned import Known
from aqfusion.retrain.workbench import Workbench
from aqfusion.training.recipe import Recipe

__all__ = ["Kept", "NothingToLearnError", "Trial", "attempt", "keep"]

_WORDS = (
    "Trained again behind the same trunk, without the frozen part. The trunk itself saw the frozen "
    "photos when it was first trained, before and after alike, so figures of photos are rosy on "
    "both sides; what tells is the difference."
)


class NothingToLearnError(InputError):
    """A retraining that could learn nothing, or nothing new."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A candidate that was trained and judged, and is kept nowhere yet."""

    bench: Workbench
    outcome: Outcome
    about: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Kept:
    """A candidate as a version; `promoted` says whether it became current."""

    version: Version
    promoted: bool


def attempt(
    store: LabelStore, registry: Registry, recipe: Recipe, report: Callable[[str], None]
) -> Trial:
    """Learn from the store's settled labels, and judge what comes of it."""
    values = tuple(store.adjudicated(split="train"))
    parent = _parent(registry)
    snapshot = snapshot_hash(values)
    if parent is not None and parent.manifest["labels"]["snapshot_sha256"] == snapshot:
        raise NothingToLearnError(f"labels must have changed since {parent.name}, got the same")
    base_folder = model_folder(registry.model)
    base = load_checkpoint(base_folder)
    trunk = trunk_hash(base)
    features = load_features(base_folder / FEATURES, trunk)
    kept = registry.home / "kept"
    bench = Workbench(base, features, recipe, kept, report)
    seen = SeenPhotos(base, trunk, store.photos, kept / "photos")
    learned = corrections(values, seen, bench.twins, bench.frozen, report)
    if not learned.sessions:
        raise NothingToLearnError(
            f"labels must be settled and of photos outside the frozen part, got {len(values)} "
            "settled ones and none of them such"
        )
    about: dict[str, Any] = {
        "base": registry.model,
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
    outcome = judge(bench, before, learned.sessions, known)
    outcome = replace(outcome, items={**outcome.items, "left_out": learned.left_out})
    about["labels"] |= {"new": outcome.evidence.items, "differed": outcome.differed}
    about |= {
        "metrics": {
            "says": _WORDS,
            "frozen": table(outcome.changes),
            "corrections": asdict(outcome.evidence),
        },
        "gate": outcome.verdict.as_json(),
    }
    return Trial(bench, outcome, about)


def keep(trial: Trial, registry: Registry, actor: Actor, now: datetime, *, promote: bool) -> Kept:
    """Make a version of a candidate, and promote it where the gate and `promote` say so.

    Where another version became current meanwhile it is not promoted.
    """
    about = {**trial.about, "made_at": now_text(now), "by": actor.name}
    version = registry.add(_filled(trial, about), about)
    same = registry.current().version == about["parent"]  # else it was compared with another
    promoted = promote and trial.outcome.verdict.passed and same
    if promoted:
        registry.promote(actor, version.name, "", now)
    return Kept(version, promoted)


def _parent(registry: Registry) -> Version | None:
    served = registry.current()
    return registry.read(served.version) if served.version else None


def _before(
    bench: Workbench, parent: Version | None, about: Mapping[str, Any]
) -> tuple[AQFusionNet, Known]:
    """The model before and what it learned of labels; it must not know the frozen part.

    So it is never the shipped one, but what the fast path makes of the training features alone.
    """
    same = ("path", "trunk_sha256", "features_sha256", "frozen_sha256")
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


def _filled(trial: Trial, about: Mapping[str, Any]) -> Callable[[Path], None]:
    """A function that writes all of a version but its manifest."""
    bench, outcome = trial.bench, trial.outcome
    base = bench.base
    known = [s.key for s in bench.features.sessions if s.group not in bench.frozen]
    figures: dict[str, dict[str, float]] = {kind: {} for kind in KINDS}
    for one in outcome.changes:
        if one.place == EVERYWHERE:
            figures[one.kind][one.figure] = round(one.after, 4)
    photos = next(one.photos for one in outcome.changes if one.place == EVERYWHERE)
    told = {"protocol": f"frozen part: {_WORDS}", "n": photos, **figures}
    retrained = {name: about[name] for name in ("parent", "made_at", "labels", "seed")}
    config = replace(
        base.config,
        architecture=outcome.network.architecture,
        sessions=tuple(known),
        about={**base.config.about, "code_version": __version__, "retrained": retrained},
    )

    def fill(folder: Path) -> None:
        save_checkpoint(folder, Checkpoint(outcome.network, base.guard, config, told))
        write_comparison(folder, outcome.items)

    return fill
