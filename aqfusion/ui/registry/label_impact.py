"""The effect of labels: new ones since the deployed version, and its metrics before and after."""

from collections.abc import Sequence
from dataclasses import dataclass

from aqfusion.labels.progress import SettledSince
from aqfusion.registry.version import Version, title

EVERYWHERE, FUSED = "everywhere", "fused"


@dataclass(frozen=True)
class Step:
    """A figure of the test part that no correction enters: before a version, and with it."""

    before: float
    after: float


def step(version: Version, figure: str, kind: str = FUSED, place: str = EVERYWHERE) -> Step | None:
    """One figure ("rmse", "accuracy") of a version; `None` where it was not measured."""
    for row in version.manifest["metrics"]["frozen"]:
        if (row["place"], row["kind"], row["figure"]) == (place, kind, figure):
            return Step(row["before"], row["after"])
    return None


def comparable(versions: Sequence[Version]) -> tuple[Version, ...]:
    """The versions that were tested on the same photos as the newest one."""
    if not versions:
        return ()
    same = versions[-1].manifest["frozen_sha256"]
    return tuple(version for version in versions if version.manifest["frozen_sha256"] == same)


def new_labels_sentence(since: SettledSince, served: str | None) -> str:
    """The labels settled since the deployed version, in a sentence or two."""
    if not since.settled:
        return f"No label has been settled since {title(served)}."
    single = since.settled == 1
    text = (
        f"{since.settled:,} label{'' if single else 's'} settled since {title(served)}, which "
        f"{'has' if single else 'have'} not been used to train it yet."
    )
    if since.compared:
        were = "was" if since.differed == 1 else "were"
        text += (
            f" {since.differed:,} of {since.compared:,} {were} in another category than the model "
            "predicted."
        )
    return text


def effect_sentence(version: Version) -> str:
    """A version's training labels and their effect, in a sentence or two."""
    labels = version.manifest["labels"]
    learned, differed = labels["new"], labels["differed"]
    text = (
        f"{title(version.name).capitalize()} learned {learned:,} new "
        f"label{'' if learned == 1 else 's'}, {differed:,} of them in another category than the "
        "previous model predicted."
    )
    corrections = version.manifest["metrics"].get("corrections") or {}
    if corrections.get("before"):  # 0 where they were too few to be held out
        text += (
            " On such labels that were held out from training, its error is "
            f"{corrections['after']:.0f} AQI; before, it was {corrections['before']:.0f}."
        )
    rmse, accuracy = step(version, "rmse"), step(version, "accuracy")
    if rmse and accuracy:
        text += (
            f" On the hold-out set: error {rmse.before:.1f} before, {rmse.after:.1f} after; right "
            f"category {accuracy.before:.0%} before, {accuracy.after:.0%} after."
        )
    return text
