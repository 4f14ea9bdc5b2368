"""One retraining of the fast path: train, validate, save as a version, promote or refuse."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aqfusion import __version__
from aqfusion.labels.actor import Actor
from aqfusion.labels.store import LabelStore
from aqfusion.model.checkpoint import Checkpoint, save_checkpoint
from aqfusion.registry.comparison import write_comparison
from aqfusion.registry.current import now_text
from aqfusion.registry.registry import Registry
from aqfusion.registry.version import Version
from aqfusion.retrain.compare import EVERYWHERE, table
from aqfusion.retrain.gate import Verdict
from aqfusion.retrain.ground import Ground, ground
from aqfusion.retrain.judge import Outcome, judge
from aqfusion.retrain.readiness import NothingToLearnError
from aqfusion.retrain.said import KINDS
from aqfusion.retrain.site_days import Places, places_with
from aqfusion.retrain.workbench import Workbench
from aqfusion.training.recipe import Recipe

__all__ = ["Kept", "NothingToLearnError", "Trial", "attempt", "keep", "told_of"]

_WORDS = (
    "Trained again behind the same trunk, without the frozen part. The trunk itself saw the frozen "
    "photos when it was first trained, before and after alike, so figures of photos are rosy on "
    "both sides; what tells is the difference. Told from photo and readings alone, on both sides: "
    "what is known of places is no part of it."
)


@dataclass(frozen=True, eq=False)
class Trial:
    """A candidate that was trained and validated, and is not saved yet.

    `fill` writes all of a version but its manifest, `about` becomes that.
    """

    trainer: Workbench
    outcome: Outcome
    about: dict[str, Any]
    fill: Callable[[Path], None]

    @property
    def verdict(self) -> Verdict:
        """Whether it may be promoted, and why not."""
        return self.outcome.verdict


@dataclass(frozen=True, eq=False)
class Kept:
    """A candidate as a version; `promoted`: whether it became current."""

    version: Version
    promoted: bool


def attempt(
    store: LabelStore, registry: Registry, recipe: Recipe, report: Callable[[str], None]
) -> Trial:
    """Train on the store's settled labels, and validate the candidate."""
    on = ground(store, registry, recipe, report)
    outcome = judge(on.trainer, on.before, on.learned.sessions, on.learned_bands)
    about, outcome = told_of(on, outcome, _WORDS)
    base, features = on.trainer.base, on.trainer.features
    places = places_with(base, on.learned.sessions)
    places = places.ranked((base.network, features), (outcome.network, features))
    return Trial(on.trainer, outcome, about, _filled(on.trainer, outcome, about, places))


def told_of(on: Ground, outcome: Outcome, says: str) -> tuple[dict[str, Any], Outcome]:
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


def keep(trial: Trial, registry: Registry, actor: Actor, now: datetime, *, promote: bool) -> Kept:
    """Save a candidate as a version, and promote it where the gate and `promote` allow it.

    Where another version became current meanwhile it is not promoted.
    """
    about = {**trial.about, "made_at": now_text(now), "by": actor.name}
    version = registry.add(trial.fill, about)
    return Kept(version, promote and registry.succeed(actor, version, now))


def _filled(
    trainer: Workbench, outcome: Outcome, about: Mapping[str, Any], places: Places
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
