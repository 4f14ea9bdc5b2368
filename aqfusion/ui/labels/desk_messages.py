"""Messages of an annotation session: saved, undone, refused, or a question."""

from typing import Any

from aqfusion.air.aqi import standard
from aqfusion.labels.answer import Answer
from aqfusion.labels.item import Task
from aqfusion.ui.labels.desk import Desk

_US = standard("us")


def message(on: Desk) -> dict[str, Any]:
    """The message as the page takes it: text, kind, and whether it is a question."""
    if on.to_confirm is not None:
        last = on.to_confirm
        text = (
            f"Item {last.item}, {summary(last.answer)}, is from before this sign-in. Take it back?"
        )
        return {"text": text, "kind": "ask", "ask": True}
    if on.words:
        words = on.words[0].upper() + on.words[1:].removesuffix(".") + "."
        return {"text": words, "kind": "warning", "ask": False}
    if on.cover:
        text = f"Your answer to this item will also be given to {others(len(on.cover))}."
        return {"text": text, "kind": "undone", "ask": False}
    if on.undone is not None:
        too = f", and {others(on.covered)}" if on.covered else ""
        answer_text = summary(on.undone.answer)
        text = f"Undid: item {on.undone.item}, {answer_text}{too}. It is shown again."
        return {"text": text, "kind": "undone", "ask": False}
    if on.last is not None:
        return {"text": _saved(*on.last, on.covered), "kind": "saved", "ask": False}
    return {"text": "", "kind": "", "ask": False}


def summary(answer: Answer | None) -> str:
    """An answer in a few words; `None` is a skip.

    >>> summary(Answer(aqi=151)), summary(Answer(cant_tell="cloud")), summary(None)
    ('Unhealthy, AQI 151', "can't tell: cloud", 'skipped')
    """
    if answer is None:
        return "skipped"
    if answer.cant_tell:
        return f"can't tell: {answer.cant_tell}"
    name = standard(answer.standard).categories[answer.band or 0].name
    return name if answer.aqi is None else f"{name}, AQI {answer.aqi}"


def others(count: int) -> str:
    """So many other photos, in words."""
    return f"{count} more photo{'' if count == 1 else 's'} of the same view"


def _saved(task: Task, answer: Answer | None, covered: int) -> str:
    if answer is None:
        return f"Item {task.id}: skipped."
    words = f"Item {task.id}: saved {summary(answer)}"
    if covered:
        words += f", also for {others(covered)}"
    view = task.model_view
    if view is not None and not answer.cant_tell:
        words += f"; the model said {view.aqi:.0f}, {_US.category_of(view.aqi).name}"
    return words + "."
