"""Score the items that wait for labels: the model's prediction, and the worth of an answer.

Each batch is saved before the next begins: a scoring that was ended goes on where it was, and an
item that this model has scored is passed by, unless people have contradicted each other since or
its place has got more labelled days.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from aqfusion.curation.place_days import PlaceDays
from aqfusion.labels.actor import Actor
from aqfusion.labels.answer_table import CANNOT_TELL
from aqfusion.labels.items import View as Scoring
from aqfusion.labels.likely_errors import LikelyError, likely_errors
from aqfusion.labels.photo_store import PhotoMissingError
from aqfusion.labels.priority import Evidence, View, priority
from aqfusion.labels.store import LabelStore
from aqfusion.labels.unscored import ToScore
from aqfusion.model.label_view import model_view, version_of
from aqfusion.model.predict import Embedding, NothingKnownError, Predictor
from aqfusion.model.prediction import Prediction
from aqfusion.photo import Photo, PhotoError

__all__ = ["BATCH", "Count", "Scored", "score_unlabelled"]

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
    todo = store.unscored.ids(actor, version_of(model))
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
            left = store.unscored.ids(actor, version_of(model))
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
) -> Iterator[tuple[tuple[ToScore, ...], list[_Decoded]]]:
    """Go through batches whose photos are being decoded while the one before is scored."""
    next_up: tuple[tuple[ToScore, ...], list[_Decoded]] | None = None
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
    entry: ToScore,
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
        Evidence(
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
    view = model_view(model, result) if result else None
    return Scoring(
        item.task.id,
        worth.score,
        worth.reasons,
        view,
        scored_by=version_of(model),
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
        if label.doubt != _words(doubts.get(label.item))
    }


def _words(doubt: LikelyError | None) -> str | None:
    if doubt is None:
        return None
    return priority(Evidence(likely_error=doubt)).reasons[0].words


def _view(prediction: Prediction) -> View:
    return View(prediction.aqi, prediction.low, prediction.high)
