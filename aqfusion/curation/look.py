"""Look at every item that waits for labels: what the model says, and how much an answer is worth.

It can be stopped and started again: an item that this model has looked at is passed by, unless
people have contradicted each other about it meanwhile.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from aqfusion.labels.actor import Actor
from aqfusion.labels.answer_table import CANNOT_TELL
from aqfusion.labels.item import Item, ModelView
from aqfusion.labels.items import View as Looked
from aqfusion.labels.likely_errors import LikelyError, likely_errors
from aqfusion.labels.photo_store import PhotoMissingError
from aqfusion.labels.priority import Evidence, View, priority
from aqfusion.labels.search import Filters
from aqfusion.labels.store import LabelStore
from aqfusion.model.label_view import model_view, version_of
from aqfusion.model.predict import Predictor, Result
from aqfusion.model.prediction import Prediction
from aqfusion.photo import Photo, PhotoError

WAITING = ("open", "conflict", "flagged", "sent back", "pending")
_PAGE = 200
_FEW = 20  # given labels: with fewer there are no thresholds to speak of

Report = Callable[[str], None]


@dataclass(frozen=True)
class LookedAt:
    """How many items got a view, how many had one, and of how many the photo is not to be had."""

    new: int
    known: int
    missing: int


def look(store: LabelStore, actor: Actor, model: Predictor, report: Report) -> LookedAt:
    """Give items that wait a view of this model, a priority and its reasons."""
    looked: list[tuple[Item, Result]] = []
    known = missing = 0
    for item in _waiting(store, actor):
        if item.status == "open" and _is_of(item.task.model_view, model):
            known += 1
            continue
        try:
            photo = Photo.decode(store.photos.get(item.task.photo_hash), "photo")
        except (PhotoError, PhotoMissingError):
            missing += 1
            continue
        embedding = model.embed(photo)
        looked.append((item, model.predict(item.task.reading, embedding)))
        if len(looked) % 100 == 0:
            report(f"looked at {len(looked)} items")
    doubts = _doubts(looked)
    store.items.set_views(
        actor,
        (
            _looked(store, actor, item, (model, result), doubts.get(item.task.id))
            for item, result in looked
        ),
    )
    return LookedAt(len(looked), known, missing)


def _waiting(store: LabelStore, actor: Actor) -> Iterator[Item]:
    after: int | None = None
    while True:
        page = store.search(actor, Filters(statuses=WAITING), after, _PAGE)
        yield from page.items
        after = page.after
        if after is None:
            return


def _is_of(view: ModelView | None, model: Predictor) -> bool:
    return view is not None and view.model_version == version_of(model)


def _doubts(looked: list[tuple[Item, Result]]) -> dict[int, LikelyError]:
    """Given labels that are likely wrong, by what models say that did not learn from them.

    That is the item's out-of-fold view. A model's own view does where there is none: of a label
    that it learned from it has no doubts, so that it misses errors and invents none.
    """
    told = [
        (item.task.id, int(item.guess["category"]), _chances(item, result))
        for item, result in looked
        if item.guess and item.guess.get("category") is not None
    ]
    if len(told) < _FEW:
        return {}
    held_out = np.array([chances for _, _, chances in told])
    found = likely_errors(
        held_out / held_out.sum(1, keepdims=True), np.array([given for _, given, _ in told])
    )
    return {told[error.position][0]: error for error in found}


def _chances(item: Item, result: Result) -> tuple[float, ...]:
    if item.fold_view is not None:
        return item.fold_view.probabilities
    return tuple(result.fused.probabilities.values())


def _looked(
    store: LabelStore,
    actor: Actor,
    item: Item,
    said: tuple[Predictor, Result],
    doubt: LikelyError | None,
) -> Looked:
    model, result = said
    worth = priority(
        Evidence(
            _view(result.fused) if result.modalities else None,
            _view(result.image_only) if result.image_only else None,
            item.task.reading,
            _answers(store, actor, item),
            doubt,
            item.duplicate_of is not None,
        )
    )
    # A refused photo without readings: the model says only what is common.
    view = model_view(model, result) if result.modalities else None
    return Looked(item.task.id, worth.score, worth.reasons, view)


def _answers(store: LabelStore, actor: Actor, item: Item) -> tuple[int, ...]:
    if item.status == "open":
        return ()
    said = [one.answer for one in store.review.view(actor, item.task.id).answers if one.answer]
    return tuple(CANNOT_TELL if one.band is None else one.band for one in said)


def _view(prediction: Prediction) -> View:
    return View(prediction.aqi, prediction.low, prediction.high)
