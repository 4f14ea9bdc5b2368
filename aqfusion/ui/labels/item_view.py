"""The item on the desk: its photo, its readings, why it is here, a key for every answer.

All of it is one component, `assets/label/item.js`, which is refilled from item to item: Streamlit's
own fifty widgets take a third of a second to be drawn anew. Text from outside stays text there.
"""

import base64
from html import escape
from typing import Any

import streamlit as st

from aqfusion.air.aqi import standard
from aqfusion.air.pollutants import pollutant
from aqfusion.errors import InputError
from aqfusion.labels.answer import CANT_TELL, Answer
from aqfusion.labels.item import Reason, Task
from aqfusion.labels.leases import Leased
from aqfusion.settings import ASSETS
from aqfusion.ui.labels.answer_form import save
from aqfusion.ui.labels.desk import ASSISTED, Desk
from aqfusion.ui.labels.opened import store
from aqfusion.ui.plain import plain
from aqfusion.ui.result_view import pill

KEY = "label_item"
_FOLDER = ASSETS / "label"
_US = standard("us")
# Streamlit keeps c and r for itself.
_CANT_TELL_KEYS = dict(zip(CANT_TELL, ("n", "l", "k", "f", "m", "o"), strict=True))
_CATEGORIES = [
    {"words": f"{one.name}, {one.i_low} to {one.i_high}", "colour": one.colour}
    for one in _US.categories
]
_REASONS = [
    {"reason": reason, "words": reason.capitalize(), "key": key}
    for reason, key in _CANT_TELL_KEYS.items()
]
_OF_THE_MODEL = {
    "model unsure": "The model is unsure",
    "photo against readings": "Photo and readings seem to say different things",
}
_OF_OTHERS = {
    "annotators disagree": "People see it differently",
    "label likely wrong": "Its label may be wrong",
}
_SAYS_NOTHING_OF_THE_AIR = {"random", "sent back", "overlap", "next", "near-duplicate"}

_component = st.components.v2.component(
    "aqfusion_label_item",
    js=(_FOLDER / "item.js").read_text(encoding="utf-8"),
    css=(_FOLDER / "item.css").read_text(encoding="utf-8"),
    isolate_styles=False,  # the page's own style reaches in
)


def show(on: Desk, leased: Leased, mode: str) -> None:
    """Draw the item, and save what is pressed."""

    def pressed() -> None:
        save(on, mode, (st.session_state.get(KEY) or {}).get("answer"))

    _component(key=KEY, data=shown(on, leased, mode), on_answer_change=pressed)


def shown(on: Desk, leased: Leased, mode: str) -> dict[str, Any]:
    """All that the page is told of an item: no name of a file, and in blind mode no hint."""
    task, said = leased.task, leased.said
    photo, missing = _photo(task)
    return {
        "request": on.request,
        "refusals": on.refusals,  # another number: what was sent may be mended and sent again
        "item": task.id,
        "photo": photo,
        "missing": missing,
        "about": _about(leased, mode),
        "readings": [
            [pollutant(name).pretty_label, f"{getattr(task.reading, name):.4g}"]
            for name in task.reading.present
        ],
        "categories": _CATEGORIES,
        "reasons": _REASONS,
        "said": said.category if said is not None else None,
        "suggestion": _suggestion(task) if mode == ASSISTED else None,
    }


def _photo(task: Task) -> tuple[str, str]:
    """The photo as a data URL, or why there is none."""
    try:
        content = store().photos.get(task.photo_hash)
    except InputError as error:
        return "", str(error)
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}", ""


def _about(leased: Leased, mode: str) -> list[str]:
    """Why it is here, where and when it was."""
    task = leased.task
    where = [task.place] if task.place else []
    if task.taken_text is not None:
        where.append(task.taken_text)
    lines = ["Why this one: " + "; ".join(why(one, mode) for one in leased.why), ", ".join(where)]
    if not task.reading.present:
        lines.append("No readings: the photo alone.")
    return [line for line in lines if line]


def why(reason: Reason, mode: str) -> str:
    """Return the reason, without what others or the model said where that would sway the answer."""
    if reason.kind in _OF_THE_MODEL:
        return reason.words if mode == ASSISTED else _OF_THE_MODEL[reason.kind]
    if reason.kind in _SAYS_NOTHING_OF_THE_AIR:
        return reason.words
    return _OF_OTHERS.get(reason.kind, "It may be telling")


def _suggestion(task: Task) -> dict[str, Any]:
    """What the model says, to be marked as such."""
    view = task.model_view
    if view is None:
        return {"aqi": "", "words": "It has not looked at this one yet."}
    category = _US.category_of(view.aqi)
    return {
        "aqi": f"{view.aqi:.0f}",
        "range": f"{view.low:.0f} to {view.high:.0f}",
        "category": _US.categories.index(category),
        "words": category.name,
        "colour": category.colour,
        "ink": category.text_colour,
    }


def last(on: Desk) -> None:
    """What was saved last, what the model would have said, and the way back."""
    if on.last is not None:
        task, answer = on.last
        st.html(f'<div class="aq aq-small aq-last" role="status">{_told(task, answer)}</div>')
    if on.words:
        st.warning(plain(on.words), icon=":material/info:")


def _told(task: Task, answer: Answer | None) -> str:
    if answer is None:
        return f"Item {task.id}: skipped."
    if answer.cant_tell:
        return f"Item {task.id}: saved, can't tell, {escape(answer.cant_tell)}."
    band = _US.categories[answer.band or 0]
    words = f"Item {task.id}: saved {pill(band)}"
    if answer.aqi is not None:
        words += f" {answer.aqi}"
    view = task.model_view
    if view is not None:
        words += f", the model said {view.aqi:.0f} {pill(_US.category_of(view.aqi))}"
    return words + "."
