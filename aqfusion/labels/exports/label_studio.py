"""Tasks as Label Studio imports them, with the answers of each annotator.

The format: https://labelstud.io/guide/task_format.html. Accounts are other ones there and an
unknown `completed_by` stops an import, so who answered is a result of its own.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from typing import Any

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.labels.exports.csv_tables import category_name
from aqfusion.labels.exports.item_history import WholeItem, photo_name
from aqfusion.labels.label_studio_interface import (
    ANSWERED_BY,
    CANT_TELL_CONTROL,
    CONTROLS,
    PHOTO_CONTROL,
)

__all__ = ["HOW_TO", "MAY_NOT_BE_LABELLED", "PHOTOS", "Tasks", "task_of"]

PHOTOS = "photos"
# The consent of visitors says that an expert sees a photo before anybody labels it.
MAY_NOT_BE_LABELLED = {
    "pending": "that no expert has admitted yet",
    "rejected": "that an expert has rejected",
}
HOW_TO = f"""\
tasks.json has one task per photo; labelling.xml is the labelling interface to paste into a project.
The photos' paths are relative to this folder. For Label Studio to find them, serve the folder
(`python -m http.server` in it) or add it as local storage, and put that
address in front of "{PHOTOS}/".
To bring answers back, export the project as JSON or JSON-MIN, then run
`python -m aqfusion labels import FILE.json`.
"""


class Tasks:
    """Writes items as tasks, and keeps count: an item that must not be labelled is none.

    `without` are hashes of photos that are missing: there is nothing to label either.
    """

    def __init__(self, without: Set[str] = frozenset()) -> None:
        """Begin with nothing counted."""
        self.count = 0
        self._without = without
        self._out: Counter[str] = Counter()

    @property
    def left_out(self) -> tuple[str, ...]:
        """A sentence for each reason for which items are no tasks."""
        return tuple(f"{count} left out: items {why}" for why, count in sorted(self._out.items()))

    def json(self, items: Iterable[WholeItem]) -> Iterator[bytes]:
        """Write the tasks as one JSON list, a line each."""
        before = b"[\n"
        for item in items:
            why = self._why_not(item)
            if why is not None:
                self._out[why] += 1
                continue
            self.count += 1
            yield before + json.dumps(task_of(item), ensure_ascii=False).encode()
            before = b",\n"
        yield b"[]\n" if before == b"[\n" else b"\n]\n"

    def _why_not(self, item: WholeItem) -> str | None:
        if item.row.status in MAY_NOT_BE_LABELLED:
            return MAY_NOT_BE_LABELLED[item.row.status]
        return "whose photo is missing" if item.row.photo_hash in self._without else None


def task_of(item: WholeItem) -> dict[str, Any]:
    """Return a task: each answer is an annotation, an expert's decision the ground truth.

    Its data has what an annotator may know: no guess, no known AQI, no name that a file had.
    """
    row = item.row
    data = {name: getattr(row, name) for name in (*POLLUTANTS, "place", "licence")}
    decision = [] if item.decision is None else [_annotation(item.decision, truth=True)]
    return {
        "id": row.id,
        "data": {
            "image": f"{PHOTOS}/{photo_name(row.photo_hash)}",
            "item": row.id,
            **{name: value for name, value in data.items() if value is not None},
            **({} if row.taken_at is None else {"taken_at": row.taken_at.isoformat()}),
        },
        "annotations": [*(_annotation(answer) for answer in item.answers), *decision],
    }


def _annotation(event: Any, truth: bool = False) -> dict[str, Any]:
    results = []
    name = category_name(event.standard, event.category)
    if name is not None:
        results.append(_result(event, CONTROLS[event.standard], "choices", {"choices": [name]}))
    if event.aqi is not None:
        results.append(_result(event, "aqi", "number", {"number": event.aqi}))
    if event.cant_tell is not None:
        results.append(_result(event, CANT_TELL_CONTROL, "choices", {"choices": [event.cant_tell]}))
    if event.note:
        results.append(_result(event, "note", "textarea", {"text": [event.note]}))
    results.append(_result(event, ANSWERED_BY, "textarea", {"text": [event.name]}))
    return {
        "id": event.id,
        "result": results,
        "was_cancelled": False,
        "ground_truth": truth,
        "created_at": event.at.isoformat(),
        **({} if event.seconds is None else {"lead_time": event.seconds}),
    }


def _result(event: Any, control: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    own = {"id": f"{event.id}-{control}", "from_name": control, "to_name": PHOTO_CONTROL}
    return {**own, "type": kind, "value": value}
