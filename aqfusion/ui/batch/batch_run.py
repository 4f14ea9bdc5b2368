"""The run of a batch: photo after photo, in turn with other visitors, until done or cancelled."""

from dataclasses import dataclass, field
from functools import partial

import streamlit as st

from aqfusion.bulk.bulk_item import BulkItem, BulkSetup, Row
from aqfusion.bulk.prediction_row import item_row
from aqfusion.bulk.uploaded_files import UploadedBatch
from aqfusion.fair_queue import HEAVY
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import Predictor
from aqfusion.server import metrics
from aqfusion.ui.markup import data_url

_KEY = "batch_run"
_READINGS_A_TURN = 25  # rows without a photo: as long as one with
_THUMBNAIL = (96, 72)


@dataclass
class BatchRun:
    """The rows so far of a batch, which `key` tells from any other, and their pictures in small.

    It is kept in the session; the photos themselves are the page's own and go with it.
    """

    key: str
    items: tuple[BulkItem, ...]
    rows: list[Row] = field(default_factory=list)
    thumbnails: list[str | None] = field(default_factory=list)
    is_cancelled: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether every item has its row."""
        return len(self.rows) == len(self.items)

    @property
    def can_resume(self) -> bool:
        """Whether it was cancelled before its end."""
        return self.is_cancelled and not self.is_complete

    def cancel(self) -> None:
        """Stop after the photo of the moment; for a callback."""
        self.is_cancelled = True

    def resume(self) -> None:
        """Go on with what is left; for a callback."""
        self.is_cancelled = False

    def step(self, model: Predictor, setup: BulkSetup, batch: UploadedBatch) -> None:
        """Add the rows of one turn: one photo, or some rows of readings."""
        start = len(self.rows)
        items = self.items[start : start + 1]
        if items[0].address is None:
            items = self.items[start : start + _READINGS_A_TURN]
            upto = (number for number, item in enumerate(items) if item.address is not None)
            items = items[: next(upto, len(items))]
        for row, thumbnail in HEAVY.run(lambda: [_row(model, setup, i, batch) for i in items]):
            self.rows.append(row)
            self.thumbnails.append(thumbnail)
            if row["error"] is None:
                metrics.predicted(model.model_version, tuple(row["modalities"]))


def current(key: str | None) -> BatchRun | None:
    """The session's run; with a key, only if it is of that batch."""
    run: BatchRun | None = st.session_state.get(_KEY)
    return run if run is not None and key in (None, run.key) else None


def begin(key: str, items: tuple[BulkItem, ...]) -> None:
    """Begin anew; for a callback."""
    st.session_state[_KEY] = BatchRun(key, items)


def forget() -> None:
    """Drop what there is; for a callback."""
    st.session_state.pop(_KEY, None)


def _row(
    model: Predictor, setup: BulkSetup, item: BulkItem, batch: UploadedBatch
) -> tuple[Row, str | None]:
    shown: list[str] = []

    def show(photo: Photo) -> None:
        image = photo.image.copy()
        image.thumbnail(_THUMBNAIL)
        shown.append(data_url(image))

    row = item_row(model, setup, item, partial(batch.read, item), show)
    return row, shown[0] if shown else None
