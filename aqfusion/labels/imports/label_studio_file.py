"""Reads Label Studio's own exports, JSON and JSON-MIN: what each annotator answered to which task.

Formats: https://labelstud.io/guide/export.html. Predictions are a model's, not people's, and are
never read; JSON-MIN has no annotations that were skipped.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aqfusion.air.aqi import STANDARDS, standard
from aqfusion.csv_table.errors import TableFault, shortened
from aqfusion.errors import InputError
from aqfusion.labels.answer import CANT_TELL, Answer, AnswerContext
from aqfusion.labels.imports.item_import import SourceError
from aqfusion.labels.label_studio_interface import ANSWERED_BY, CANT_TELL_CONTROL, CONTROLS
from aqfusion.text_validation import several_lines, whole_number

__all__ = ["Annotation", "LabelStudioTask", "answer_of", "printable", "read_label_studio"]

MOST_BYTES = 200_000_000
_LONGEST_NOTE = 500
_PHOTO_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?=\.jpg)")
_WRONG_SHAPE = (TypeError, LookupError, AttributeError, ValueError, RecursionError, OverflowError)


@dataclass(frozen=True)
class Annotation:
    """One annotator's answer as Label Studio has it; `results` are values by control.

    `answered_by` names who gave it here, where it is an answer that we exported.
    """

    id: str
    completed_by: str
    updated_at: str
    at: datetime | None
    seconds: float | None
    cancelled: bool
    answered_by: str | None
    results: tuple[tuple[str, Mapping[str, Any]], ...]


@dataclass(frozen=True)
class LabelStudioTask:
    """A task: `id` is Label Studio's, `item` and `photo_hash` ours, where its data has them."""

    number: int
    id: str
    item: int | None
    photo_hash: str | None
    annotations: tuple[Annotation, ...]
    predictions: int


def read_label_studio(file: Path) -> tuple[list[LabelStudioTask], list[TableFault]]:
    """Return the tasks, and a fault for each entry that is none.

    What is no export of Label Studio at all raises `SourceError`.
    """
    entries = _entries(file)
    tasks: list[LabelStudioTask] = []
    wrong: list[TableFault] = []
    for number, entry in enumerate(entries, start=1):
        try:
            tasks.append(_task(number, entry, wrong))
        except _WRONG_SHAPE:
            rule = "must be one of Label Studio's JSON or JSON-MIN export"
            wrong.append(TableFault(number, "task", rule, shortened(str(entry))))
    if not tasks:
        rule = "must be a JSON or JSON-MIN export of Label Studio, with a task in it"
        raise SourceError(f"{file.name} {rule}, got {'none' if not entries else 'other JSON'}")
    return tasks, wrong


def answer_of(annotation: Annotation) -> tuple[Answer, tuple[str, ...]]:
    """Return an annotation as an answer, and a sentence for each part of it that is not kept.

    One without an answer, or with a choice that our labelling interface does not have, raises
    `InputError`.
    """
    bands: dict[str, int] = {}
    aqi: int | None = None
    cant_tell: str | None = None
    notes: list[str] = []
    left: list[str] = []
    for control, value in annotation.results:
        if control in _STANDARD_OF:
            key = _STANDARD_OF[control]
            names = [category.name for category in standard(key).categories]
            bands[key] = names.index(_choice(control, value, names))
        elif control == CANT_TELL_CONTROL:
            cant_tell = _choice(control, value, CANT_TELL)
        elif control == "aqi":
            aqi = _aqi(value.get("number"))
        elif control == "note":
            notes += _texts(value.get("text"))
        elif control not in (ANSWERED_BY, "annotator"):
            rule = "control must belong to our labelling interface"
            left.append(f"{rule}, got {control[:40]!r}")
    note, why = _note(notes)
    answer, more = _answer(annotation, bands, aqi, cant_tell, note)
    return answer, (*left, *why, *more)


_STANDARD_OF = {control: key for key, control in CONTROLS.items()}


def _answer(
    annotation: Annotation,
    bands: Mapping[str, int],
    aqi: int | None,
    cant_tell: str | None,
    note: str,
) -> tuple[Answer, tuple[str, ...]]:
    left: list[str] = []
    scale = next((key for key in STANDARDS if key in bands), "us")
    for other in bands.keys() - {scale}:
        name = standard(other).categories[bands[other]].name
        rule = f"answer must have one standard, of which {standard(scale).short_name} is kept"
        left.append(f"{rule}, got {standard(other).short_name} {name} too")
    band = bands.get(scale)
    if band is None and aqi is None and cant_tell is None:
        raise InputError("annotation must have a category, an AQI or a reason, got none")
    if cant_tell is not None and not (band is None and aqi is None):
        raise InputError(f"annotation must not have a category beside a reason, got {cant_tell!r}")
    seen = AnswerContext(seconds=annotation.seconds)
    answer = Answer(
        category=band if aqi is None else None,
        aqi=aqi,
        cant_tell=cant_tell,
        standard=scale,
        note=note,
        seen=seen,
    )
    if band not in (None, answer.band):
        name = standard(scale).categories[band or 0].name
        raise InputError(f"category must be that of the AQI {aqi}, got {name!r}")
    return answer, tuple(left)


def _note(texts: list[str]) -> tuple[str, tuple[str, ...]]:
    """Return a note that can be kept, and a sentence where that is not all of it."""
    text = "\n".join(texts).strip()
    try:
        return several_lines("note", text, _LONGEST_NOTE), ()
    except InputError as error:
        kept = "".join(sign if sign.isprintable() or sign in "\n\t" else " " for sign in text)
        sentence = str(error).replace("note must", "note, of which the rest is kept, must", 1)
        return kept[:_LONGEST_NOTE].strip(), (sentence,)


def _entries(file: Path) -> list[Any]:
    with file.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise SourceError(f"{file.name} must have at most {MOST_BYTES // 1_000_000} MB")
    try:
        read = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{file.name} must be JSON text, got something else") from error
    return read if isinstance(read, list) else [read]


def _task(number: int, entry: Mapping[str, Any], wrong: list[TableFault]) -> LabelStudioTask:
    full = "annotations" in entry
    if not full and "annotation_id" not in entry:
        raise KeyError("annotations")
    data = entry["data"] if full else entry
    item = data.get("item")
    hashes = _PHOTO_HASH.findall(str(data["image"]))
    id = printable(entry.get("id", number), 40)
    annotations: list[Annotation] = []
    for entry_annotation in entry["annotations"] if full else [entry]:
        try:
            annotations.append(_full(entry_annotation) if full else _minimal(entry_annotation))
        except _WRONG_SHAPE:
            rule = "must have its annotations in Label Studio's format"
            wrong.append(TableFault(number, f"task {id}", rule, shortened(str(entry_annotation))))
    return LabelStudioTask(
        number,
        id,
        item if type(item) is int else None,
        hashes[-1] if hashes else None,
        tuple(annotations),
        len(entry.get("predictions") or ()) if full else 0,
    )


def printable(value: object, longest: int) -> str:
    """Return a value as every database and terminal can show it."""
    return "".join(sign if sign.isprintable() else "?" for sign in str(value)[:longest])


def _full(annotation: Mapping[str, Any]) -> Annotation:
    results = tuple((str(each["from_name"]), dict(each["value"])) for each in annotation["result"])
    return _annotation(annotation, annotation["id"], annotation.get("completed_by"), results)


def _minimal(task: Mapping[str, Any]) -> Annotation:
    controls = (*_STANDARD_OF, CANT_TELL_CONTROL, "aqi", "note", ANSWERED_BY)
    results = tuple((name, _value(name, task[name])) for name in controls if name in task)
    return _annotation(task, task["annotation_id"], task.get("annotator"), results)


def _value(control: str, value: Any) -> dict[str, Any]:
    """Return a value of JSON-MIN as the full export has it: a lone choice or text is bare there."""
    key = {"aqi": "number", "note": "text", ANSWERED_BY: "text"}.get(control, "choices")
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        value = value[0]
    if isinstance(value, dict):
        return value
    return {key: value if key == "number" or isinstance(value, list) else [value]}


def _annotation(
    annotation: Mapping[str, Any],
    id: Any,
    completed_by: Any,
    results: tuple[tuple[str, Mapping[str, Any]], ...],
) -> Annotation:
    ours = [
        text
        for control, value in results
        if control in (ANSWERED_BY, "annotator")
        for text in _texts(value.get("text"))
    ]
    lead = annotation.get("lead_time")
    seconds = float(lead) if isinstance(lead, int | float) and 0 <= lead <= 86_400 else None
    return Annotation(
        id=printable(id, 80),
        completed_by=_who(completed_by),
        updated_at=str(annotation.get("updated_at") or annotation.get("created_at") or "")[:80],
        at=_time(annotation.get("updated_at") or annotation.get("created_at")),
        seconds=seconds,
        cancelled=bool(annotation.get("was_cancelled")),
        answered_by=ours[0] if ours else None,
        results=results,
    )


def _who(completed_by: Any) -> str:
    """Name an annotator as both exports do: by number, or by address where that is stated."""
    if isinstance(completed_by, Mapping):
        completed_by = completed_by.get("email") or completed_by.get("id")
    return "" if completed_by is None else str(completed_by)


def _choice(control: str, value: Mapping[str, Any], valid_choices: Any) -> str:
    choices = value.get("choices")
    chosen = choices if isinstance(choices, list) else [choices]
    if len(chosen) != 1 or chosen[0] not in valid_choices:
        got = ", ".join(map(str, chosen))[:80]
        raise InputError(f"{control} must be one choice of {', '.join(valid_choices)}, got {got!r}")
    return str(chosen[0])


def _aqi(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():  # JSON's 160.0
        value = int(value)
    return whole_number(value, "aqi", 0, 500)


def _texts(value: Any) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    return [text for text in texts if isinstance(text, str)]


def _time(text: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    # What is older is a clock's beginning.
    is_plausible = time.tzinfo is not None and time.year > 2000
    return time if is_plausible else None
