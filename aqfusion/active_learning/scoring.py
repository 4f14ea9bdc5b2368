"""Score the items that wait for labels: the model's prediction, and how much an answer is worth.

Each batch is saved before the next begins: a scoring that was ended goes on where it was, and an
item that this model has scored is passed by, unless people have contradicted each other since or
its place has got more labelled days.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from aqfusion.images.photo import Photo, PhotoError
from aqfusion.labels.agreement import CANNOT_TELL
from aqfusion.labels.capture_time import local_days
from aqfusion.labels.confident_learning import LikelyError, likely_errors
from aqfusion.labels.item import Task
from aqfusion.labels.item_insertion import ItemScore as Scoring
from aqfusion.labels.photo_store import PhotoMissingError
from aqfusion.labels.priority import PredictionSummary, PriorityInputs, priority
from aqfusion.labels.scoring_backlog import ItemToScore
from aqfusion.labels.store import LabelStore
from aqfusion.model.prediction import Prediction
from aqfusion.model.predictor import Embedding, NothingKnownError, Predictor
from aqfusion.permissions import Actor

__all__ = ["BATCH", "Count", "PlaceDays", "Scored", "score_unlabelled"]

_KIND = "first days of a place"


@dataclass(frozen=True)
class PlaceDays:
    """Days by the place's name: those that people labelled, and those of a model's own places."""

    labelled: Mapping[str, frozenset[date]]
    learned: Mapping[str, frozenset[date]]

    @classmethod
    def from_store(cls, store: LabelStore, actor: Actor, model: Predictor) -> "PlaceDays":
        """Count what there is now, for an admin."""
        learned = {
            site.learned_as or site.name: frozenset(
                day
                for measured_day in site.history
                if (day := site.date_of(measured_day)) is not None
            )
            for site in model.known_sites()
        }
        return cls(store.unscored.labelled_days(actor), learned)

    def before(self, task: Task) -> int | None:
        """How many days its place has, if it would bring a new one; `None` if it would not."""
        days = local_days(task.taken_at, task.time_zone, task.place)
        return self._before(task.place, days)

    def changed(self, store: LabelStore, actor: Actor) -> tuple[int, ...]:
        """Waiting items whose place has more days by now than their reason states."""
        return tuple(
            entry.item
            for entry in store.unscored.of_places(actor, _KIND)
            if entry.words != _few_days_reason(self._before(entry.place, entry.days))
        )

    def _before(self, place: str | None, days: Sequence[date]) -> int | None:
        if place is None or not days:
            return None
        known_days = self.labelled.get(place, frozenset()) | self.learned.get(place, frozenset())
        return None if {*days} & known_days else len(known_days)


def _few_days_reason(days: int | None) -> str:
    reasons = priority(PriorityInputs(place_days=days)).reasons
    return reasons[0].words if reasons else ""


BATCH = 16  # photos that go through the network at once, and are lost with a kill -9
_FEW = 20  # given labels: with fewer there are no thresholds to speak of
_DECODERS = 2  # photos that are decoded while the network works

# Gets how many items are done, of how many, and of how many the photo is missing.
Count = Callable[[int, int, int], None]
_Decoded = Future[Any]  # of a tensor, `None` where the photo is not to be had


@dataclass(frozen=True)
class Scored:
    """How many items were scored, how many had been before, and how many photos are missing."""

    new: int
    known: int
    missing: int


def score_unlabelled(store: LabelStore, actor: Actor, model: Predictor, count: Count) -> Scored:
    """Give items that wait a view of this model, a priority and its reasons.

    Items that come in meanwhile are scored as well.
    """
    before = sum(store.unscored.counts().values())
    done = 0
    missing: set[int] = set()
    todo = store.unscored.ids(actor, model.model_version)
    scored_before = before - len(todo)
    places = PlaceDays.from_store(store, actor, model)
    with ThreadPoolExecutor(_DECODERS) as pool:
        while todo:
            total = done + len(missing) + len(todo)
            count(done + len(missing), total, len(missing))
            for scored, lost in _batches(store, actor, model, todo, pool, places, {}):
                done += scored
                missing.update(lost)
                count(done + len(missing), total, len(missing))
            left = store.unscored.ids(actor, model.model_version)
            # What was answered or decided meanwhile waits no more, and a missing photo stays so.
            todo = tuple(item for item in left if item not in missing and item not in {*todo})
        places = PlaceDays.from_store(store, actor, model)
        for _ in _batches(store, actor, model, places.changed(store, actor), pool, places, {}):
            count(done + len(missing), done + len(missing), len(missing))
        doubts = _changed_doubts(store, actor)
        for _ in _batches(store, actor, model, tuple(doubts), pool, places, doubts):
            count(done + len(missing), done + len(missing), len(missing))
    return Scored(done, max(0, scored_before), len(missing))


def _batches(
    store: LabelStore,
    actor: Actor,
    model: Predictor,
    ids: Sequence[int],
    pool: ThreadPoolExecutor,
    places: PlaceDays,
    doubts: Mapping[int, LikelyError | None],
) -> Iterator[tuple[int, list[int]]]:
    """Score batch by batch; yields how many were saved, and the items whose photo is missing."""
    for items, decoded in _ahead(store, actor, model, ids, pool):
        pixels = [future.result() for future in decoded]
        lost = [
            entry.item.task.id for entry, image in zip(items, pixels, strict=True) if image is None
        ]
        readable = [image for image in pixels if image is not None]
        embeddings = iter(model.embed_pixels(readable) if readable else ())
        scorings = [
            _scoring(entry, model, next(embeddings), places, doubts.get(entry.item.task.id))
            for entry, image in zip(items, pixels, strict=True)
            if image is not None
        ]
        store.items.set_views(actor, scorings)
        yield len(scorings), lost


def _ahead(
    store: LabelStore, actor: Actor, model: Predictor, ids: Sequence[int], pool: ThreadPoolExecutor
) -> Iterator[tuple[tuple[ItemToScore, ...], list[_Decoded]]]:
    """Go through batches whose photos are being decoded while the one before is scored."""
    next_up: tuple[tuple[ItemToScore, ...], list[_Decoded]] | None = None
    for start in range(0, len(ids), BATCH):
        items = store.unscored.read(actor, ids[start : start + BATCH])
        decoded = [
            pool.submit(_pixels, store, model, entry.item.task.photo_hash) for entry in items
        ]
        if next_up is not None:
            yield next_up
        next_up = items, decoded
    if next_up is not None:
        yield next_up


def _pixels(store: LabelStore, model: Predictor, photo_hash: str) -> Any:
    try:
        return model.pixels(Photo.decode(store.photos.get(photo_hash), "photo"))
    except (PhotoError, PhotoMissingError):
        return None


def _scoring(
    entry: ItemToScore,
    model: Predictor,
    embedding: Embedding,
    places: PlaceDays,
    doubt: LikelyError | None,
) -> Scoring:
    item = entry.item
    try:
        result = model.predict(item.task.reading, embedding)
    except NothingKnownError:  # a refused photo without readings
        result = None
    worth = priority(
        PriorityInputs(
            _view(result.fused) if result else None,
            _view(result.image_only) if result and result.image_only else None,
            item.task.reading,
            tuple(
                CANNOT_TELL if answer.category is None else answer.category
                for answer in entry.answers
            ),
            doubt,
            item.duplicate_of is not None,
            places.before(item.task),
            item.units_stated,
        )
    )
    view = model.item_prediction(result) if result else None
    return Scoring(
        item.task.id,
        worth.score,
        worth.reasons,
        view,
        scored_by=model.model_version,
        scored_event=entry.last_event,
    )


def _changed_doubts(store: LabelStore, actor: Actor) -> dict[int, LikelyError | None]:
    """Labels that are likely wrong and not marked so yet, or marked so and no longer are.

    By predictions of models that did not learn from them: that is the item's out-of-fold view. A
    model's own view serves where there is none: it has no doubts of a label that it learned from,
    so that it misses errors and invents none.
    """
    labels = store.unscored.given_labels(actor)
    doubts: dict[int, LikelyError] = {}
    if len(labels) >= _FEW:
        held_out = np.array([label.view.probabilities for label in labels])
        categories = np.array([label.category for label in labels])
        for error in likely_errors(held_out / held_out.sum(1, keepdims=True), categories):
            doubts[labels[error.position].item] = error
    return {
        label.item: doubts.get(label.item)
        for label in labels
        if label.doubt != _likely_error_reason(doubts.get(label.item))
    }


def _likely_error_reason(doubt: LikelyError | None) -> str | None:
    if doubt is None:
        return None
    return priority(PriorityInputs(likely_error=doubt)).reasons[0].words


def _view(prediction: Prediction) -> PredictionSummary:
    return PredictionSummary(prediction.aqi, prediction.low, prediction.high)
