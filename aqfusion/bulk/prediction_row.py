"""From an item to its row of the results: a prediction, or the reason why there is none.

Photos go through the network one by one, so that each answer is that of `predict --image`,
whatever it was computed beside.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

from aqfusion.air.aqi import standard
from aqfusion.bulk.bulk_item import BulkError, BulkItem, BulkSetup, Row
from aqfusion.errors import InputError
from aqfusion.fair_queue import BusyError
from aqfusion.images.photo import MAX_BYTES, Photo, PhotoError
from aqfusion.io.file_address import FileAddress
from aqfusion.model.predictor import (
    NothingKnownError,
    PhotoRefusedError,
    Predictor,
    Result,
    load_model,
    share_processors,
)

__all__ = ["COLUMNS", "flat_columns", "item_row", "predict_portion", "unpredicted"]

COLUMNS = (
    *("file", "line", "aqi", "low", "high", "category", "probabilities", "modalities", "readings"),
    *("photo_share", "site_share", "site", "taken_at", "model_version", "problem", "error"),
)
_READERS = 4  # photos on their way from another machine, each at most 25 MB
_MOST_PREDICTORS = 2
_loading = threading.Lock()
_predictors: dict[str, Predictor] = {}  # by the setup's key, each at its site


def flat_columns() -> tuple[str, ...]:
    """The columns of a table: a column for the probability of each category in place of all.

    >>> flat_columns()[6]
    'probability_good'
    """
    names = (category.name for category in standard("us").categories)
    spread = (f"probability_{'_'.join(name.lower().split())}" for name in names)
    at = COLUMNS.index("probabilities")
    return (*COLUMNS[:at], *spread, *COLUMNS[at + 1 :])


def predict_portion(setup: BulkSetup, items: Sequence[BulkItem]) -> list[Row]:
    """A row of each item, in order; the model is loaded once in a process."""
    predictor = _predictor(setup)
    return [
        item_row(predictor, setup, item, read)
        for item, read in zip(items, _reads(items), strict=True)
    ]


def item_row(
    predictor: Predictor,
    setup: BulkSetup,
    item: BulkItem,
    read: Callable[[], bytes],
    show: Callable[[Photo], None] | None = None,
) -> Row:
    """The row of an item whose photo `read` gives, decoded for `show` too; a fault is its error."""
    if item.error is not None:
        return _failed(predictor, item, item.error)
    try:
        photo = Photo.decode(read()) if item.address else None
        if photo is not None and show is not None:
            show(photo)
        return _predict_item(predictor, item, photo, setup.taken_at, setup.trust_photo)
    except BusyError:  # of this minute, not of the photo
        raise
    except InputError as error:
        return _failed(predictor, item, error.public)
    except Exception as error:  # noqa: BLE001  # one photo must not end a hundred thousand
        return _failed(predictor, item, f"no prediction could be made ({type(error).__name__})")


def _predict_item(
    predictor: Predictor,
    item: BulkItem,
    photo: Photo | None,
    taken_at: datetime | None = None,
    trust_photo: bool = False,
) -> Row:
    """The row of an item whose photo is decoded; `predictor` is at the site of all items.

    The time is the item's own, else `taken_at`, else, at a site, that of the camera.
    """
    time = item.taken_at or taken_at or _camera_time(predictor, photo)
    at_time = predictor
    if time is not None and time != predictor.taken_at:
        at_time = predictor.at(predictor.site, time)
    try:
        result = at_time.predict(item.reading, photo, trust_photo=trust_photo)
    except PhotoRefusedError as error:
        return _failed(predictor, item, f"the photo is left out: {error.problem}")
    except NothingKnownError as error:
        return _failed(predictor, item, str(error))
    return _predicted(predictor, item, result, time, () if photo is None else photo.notes)


def _predictor(setup: BulkSetup) -> Predictor:
    with _loading:
        if setup.key not in _predictors:
            if len(_predictors) >= _MOST_PREDICTORS:  # a worker serves one run after another
                _predictors.clear()
            _predictors[setup.key] = _load(setup)
        return _predictors[setup.key]


def _load(setup: BulkSetup) -> Predictor:
    share_processors(os.cpu_count() or 1)  # a thread each, as every core has a process or worker
    predictor = load_model(setup.model)
    if predictor.checkpoint.sha256 != setup.weights:
        raise BulkError(
            f"model {setup.model} must have the weights {setup.weights[:12]} on every machine, got "
            f"{predictor.checkpoint.sha256[:12]}: copy the model's folder there"
        )
    if setup.site is None and setup.taken_at is None:
        return predictor
    return predictor.at(setup.site, setup.taken_at)


def _reads(items: Sequence[BulkItem]) -> Iterator[Callable[[], bytes]]:
    """What gives each photo's bytes; those of other machines are read ahead, a few at a time."""
    if all(item.address is None or FileAddress(item.address).path for item in items):
        for item in items:
            yield lambda item=item: _bytes(item)  # type: ignore[misc]
        return
    with ThreadPoolExecutor(_READERS) as pool:
        ahead: list[Future[bytes]] = [pool.submit(_bytes, item) for item in items[:_READERS]]
        for number in range(len(items)):
            yield ahead.pop(0).result
            if number + _READERS < len(items):
                ahead.append(pool.submit(_bytes, items[number + _READERS]))


def _bytes(item: BulkItem) -> bytes:
    if item.address is None:
        return b""
    try:
        return FileAddress(item.address).read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise PhotoError("photo must be an image file, got nothing there") from error
    except OSError as error:
        raise PhotoError(f"photo must be readable, got {error.strerror or error}") from error


def _camera_time(predictor: Predictor, photo: Photo | None) -> datetime | None:
    """What the camera wrote, on the clock of the site; a time to come is of a wrong clock."""
    if photo is None or photo.taken_at is None or predictor.site is None:
        return None
    time = photo.taken_at
    if time.tzinfo is None:
        if predictor.site.zone is None:
            return None
        time = time.replace(tzinfo=predictor.site.zone)
    return time if time <= datetime.now(UTC) else None


def _predicted(
    predictor: Predictor,
    item: BulkItem,
    result: Result,
    time: datetime | None,
    notes: Sequence[str],
) -> Row:
    refused = f"the photo is left out: {result.photo_problem}" if result.photo_problem else None
    if result.photo_problem and result.image_only is not None:
        refused = f"the photo looks unsuitable: {result.photo_problem}"
    problems = [problem for problem in (refused, *notes, item.problem) if problem]
    return _failed(predictor, item, "") | {
        **result.fused.as_json(),
        "modalities": list(result.modalities),
        "readings": list(result.readings_used),
        "photo_share": round(result.photo_share, 4),
        "site_share": round(result.site_share, 4),
        "taken_at": time.isoformat() if time else None,
        "problem": "; ".join(problems) or None,
        "error": None,
    }


def _failed(predictor: Predictor, item: BulkItem, error: str) -> Row:
    site = predictor.site.name if predictor.site else None
    return unpredicted(item, predictor.model_version, site, error)


def unpredicted(item: BulkItem, model_version: str, site: str | None, error: str) -> Row:
    """The row of an item that has no prediction."""
    values = {"file": item.file, "line": item.line, "site": site, "model_version": model_version}
    values |= {"problem": item.problem, "error": error}
    return {name: values.get(name) for name in COLUMNS}
