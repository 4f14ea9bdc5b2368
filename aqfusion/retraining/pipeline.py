"""One retraining of the fast path: train, validate, save as a version, promote or refuse."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aqfusion import __version__
from aqfusion.labels.store import LabelStore
from aqfusion.model.checkpoint import Checkpoint, save_checkpoint
from aqfusion.permissions import Actor
from aqfusion.registry.registry import Registry
from aqfusion.registry.serving import now_text
from aqfusion.registry.version import Version, write_comparison
from aqfusion.retraining.batch_prediction import KINDS
from aqfusion.retraining.cached_trainer import CachedTrainer
from aqfusion.retraining.context import RetrainContext, load_context
from aqfusion.retraining.paired_bootstrap import EVERYWHERE, table
from aqfusion.retraining.promotion_gate import GateDecision
from aqfusion.retraining.readiness import NothingToLearnError
from aqfusion.retraining.site_updates import UpdatedSites, places_with
from aqfusion.retraining.validation import Outcome, validate_candidate
from aqfusion.training.recipe import Recipe

__all__ = [
    "AcceptedCandidate",
    "Candidate",
    "NothingToLearnError",
    "candidate_summary",
    "keep",
    "train_candidate",
]

_WORDS = (
    "Trained again behind the same trunk, without the frozen part. The trunk itself saw the frozen "
    "photos when it was first trained, before and after alike, so figures of photos are rosy on "
    "both sides; what tells is the difference. Told from photo and readings alone, on both sides: "
    "what is known of places is no part of it."
)


@dataclass(frozen=True, eq=False)
class Candidate:
    """A candidate that was trained and validated, and is not saved yet.

    `fill` writes all of a version but its manifest, `about` becomes that.
    """

    trainer: CachedTrainer
    outcome: Outcome
    about: dict[str, Any]
    fill: Callable[[Path], None]

    @property
    def verdict(self) -> GateDecision:
        """Whether it may be promoted, and why not."""
        return self.outcome.verdict


@dataclass(frozen=True, eq=False)
class AcceptedCandidate:
    """A candidate as a version; `promoted`: whether it became current."""

    version: Version
    promoted: bool


def train_candidate(
    store: LabelStore, registry: Registry, recipe: Recipe, report: Callable[[str], None]
) -> Candidate:
    """Train on the store's settled labels, and validate the candidate."""
    on = load_context(store, registry, recipe, report)
    outcome = validate_candidate(on.trainer, on.before, on.learned.sessions, on.learned_bands)
    about, outcome = candidate_summary(on, outcome, _WORDS)
    base, features = on.trainer.base, on.trainer.features
    places = places_with(base, on.learned.sessions)
    places = places.ranked((base.network, features), (outcome.network, features))
    return Candidate(on.trainer, outcome, about, _filled(on.trainer, outcome, about, places))


def candidate_summary(
    on: RetrainContext, outcome: Outcome, says: str
) -> tuple[dict[str, Any], Outcome]:
    """The manifest of a candidate, and its outcome with the excluded items."""
    about = dict(on.about)
    about["labels"] = {
        **about["labels"],
        "new": outcome.evidence.items,
        "differed": outcome.differed,
    }
    about["metrics"] = {
        "says": says,
        "frozen": table(outcome.changes),
        "corrections": asdict(outcome.evidence),
    }
    about["gate"] = outcome.verdict.as_json()
    items = {**outcome.items, "left_out": on.learned.excluded}
    return about, replace(outcome, items=items)


def keep(
    trial: Candidate, registry: Registry, actor: Actor, now: datetime, *, promote: bool
) -> AcceptedCandidate:
    """Save a candidate as a version, and promote it where the gate and `promote` allow it.

    Where another version became current meanwhile it is not promoted.
    """
    about = {**trial.about, "made_at": now_text(now), "by": actor.name}
    version = registry.add(trial.fill, about)
    return AcceptedCandidate(version, promote and registry.succeed(actor, version, now))


def _filled(
    trainer: CachedTrainer, outcome: Outcome, about: Mapping[str, Any], places: UpdatedSites
) -> Callable[[Path], None]:
    """A function that writes all of a version but its manifest."""
    base = trainer.base
    session_keys = [s.key for s in trainer.features.sessions if s.group not in trainer.frozen]
    figures: dict[str, dict[str, float]] = {kind: {} for kind in KINDS}
    for change in outcome.changes:
        if change.place == EVERYWHERE:
            figures[change.kind][change.figure] = round(change.after, 4)
    photos = next(change.photos for change in outcome.changes if change.place == EVERYWHERE)
    metrics = {"protocol": f"frozen part: {_WORDS}", "n": photos, **figures}
    history = {name: about[name] for name in ("parent", "labels", "seed")}
    config = replace(
        base.config,
        architecture=outcome.network.architecture,
        sessions=tuple(session_keys),
        about={**base.config.about, "code_version": __version__, "retrained": history},
    )

    def fill(folder: Path) -> None:
        retrained = Checkpoint(outcome.network, base.guard, config, metrics)
        save_checkpoint(folder, places.applied_to(retrained))
        write_comparison(folder, outcome.items)

    return fill
