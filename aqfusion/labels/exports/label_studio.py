"""Tasks as Label Studio imports them, with what each annotator said.

The format: https://labelstud.io/guide/task_format.html. Accounts are other ones there and an
unknown `completed_by` stops an import, so who answered is a result of its own.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import quoteattr

from aqfusion.air.aqi import STANDARDS, standard
from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.labels.answer import CANT_TELL
from aqfusion.labels.exports.photo_copies import photo_name
from aqfusion.labels.exports.tables import category_name
from aqfusion.labels.exports.whole_item import WholeItem

__all__ = ["HOW_TO", "PHOTOS", "labelling_interface", "task_of", "tasks_json"]

PHOTOS = "photos"
_PHOTO = "photo"
_CONTROL = {key: "category" if key == "us" else f"category_{key}" for key in STANDARDS}
HOW_TO = f"""\
tasks.json has one task per photo; labelling.xml is the labelling interface to paste into a project.
The photos' paths are relative to this folder. For Label Studio to find them, serve the folder
(`python -m http.server` in it) or add it as local storage, and put that address before "{PHOTOS}/".
"""


def labelling_interface() -> str:
    """Return the interface whose controls the tasks' results are of."""
    lines = ["<View>", f'  <Image name="{_PHOTO}" value="$image" zoom="true"/>']
    for key, control in _CONTROL.items():
        names = [category.name for category in standard(key).categories]
        lines += _choices(control, standard(key).short_name, names)
    lines += [
        '  <Header value="AQI, if known"/>',
        f'  <Number name="aqi" toName="{_PHOTO}" min="0" max="500" step="1"/>',
    ]
    lines += _choices("cant_tell", "Can't tell", CANT_TELL)
    lines += [
        f'  <TextArea name="note" toName="{_PHOTO}" placeholder="Note"/>',
        f'  <TextArea name="annotator" toName="{_PHOTO}" editable="false"/>',
        "</View>",
    ]
    return "\n".join(lines) + "\n"


def tasks_json(whole: Iterable[WholeItem]) -> Iterator[bytes]:
    """Write the tasks as one JSON list, a line each."""
    before = b"[\n"
    for one in whole:
        yield before + json.dumps(task_of(one), ensure_ascii=False).encode()
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def task_of(one: WholeItem) -> dict[str, Any]:
    """Return a task: each answer is an annotation, an expert's decision the ground truth.

    Its data has what an annotator may know: no guess, no known AQI, no name that a file had.
    """
    row = one.row
    known = {name: getattr(row, name) for name in (*POLLUTANTS, "place", "licence")}
    decision = [] if one.decision is None else [_annotation(one.decision, truth=True)]
    return {
        "id": row.id,
        "data": {
            "image": f"{PHOTOS}/{photo_name(row.photo_hash)}",
            "item": row.id,
            **{name: value for name, value in known.items() if value is not None},
            **({} if row.taken_at is None else {"taken_at": row.taken_at.isoformat()}),
        },
        "annotations": [*(_annotation(answer) for answer in one.answers), *decision],
    }


def _annotation(event: Any, truth: bool = False) -> dict[str, Any]:
    results = []
    name = category_name(event.standard, event.category)
    if name is not None:
        results.append(_result(event, _CONTROL[event.standard], "choices", {"choices": [name]}))
    if event.aqi is not None:
        results.append(_result(event, "aqi", "number", {"number": event.aqi}))
    if event.cant_tell is not None:
        results.append(_result(event, "cant_tell", "choices", {"choices": [event.cant_tell]}))
    if event.note:
        results.append(_result(event, "note", "textarea", {"text": [event.note]}))
    results.append(_result(event, "annotator", "textarea", {"text": [event.name]}))
    return {
        "id": event.id,
        "result": results,
        "was_cancelled": False,
        "ground_truth": truth,
        "created_at": event.at.isoformat(),
        **({} if event.seconds is None else {"lead_time": event.seconds}),
    }


def _result(event: Any, control: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    own = {"id": f"{event.id}-{control}", "from_name": control, "to_name": _PHOTO}
    return {**own, "type": kind, "value": value}


def _choices(control: str, title: str, names: Iterable[str]) -> list[str]:
    return [
        f"  <Header value={quoteattr(title)}/>",
        f'  <Choices name="{control}" toName="{_PHOTO}" choice="single" showInline="true">',
        *(f"    <Choice value={quoteattr(name)}/>" for name in names),
        "  </Choices>",
    ]
