"""The item on the desk: its photo, its readings, why it is here, what became of the last."""

import base64
from html import escape

import streamlit as st

from aqfusion.air.aqi import standard
from aqfusion.air.pollutants import pollutant
from aqfusion.errors import InputError
from aqfusion.labels.answer import Answer
from aqfusion.labels.item import Reason, Task
from aqfusion.labels.leases import Leased
from aqfusion.ui.labels.answer_form import save
from aqfusion.ui.labels.desk import ASSISTED, Desk
from aqfusion.ui.labels.opened import store
from aqfusion.ui.plain import plain
from aqfusion.ui.result_view import pill

_US = standard("us")
_OF_THE_MODEL = {
    "model unsure": "The model is unsure",
    "photo against readings": "Photo and readings seem to say different things",
}
_OF_OTHERS = {
    "annotators disagree": "People see it differently",
    "label likely wrong": "Its label may be wrong",
}
_SAYS_NOTHING_OF_THE_AIR = {"random", "sent back", "overlap", "next", "near-duplicate"}


def photo(task: Task) -> None:
    """The photo, which a click or Enter enlarges; no name of a file comes near the page."""
    try:
        content = store().photos.get(task.photo_hash)
    except InputError as error:
        st.error(plain(str(error)), icon=":material/broken_image:")
        return
    url = f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"
    st.html(
        '<div class="aq aq-zoom" tabindex="0" aria-label="Photo; click to enlarge">'
        f'<img src="{url}" alt="The photo to label"></div>'
    )


def about(leased: Leased, mode: str) -> None:
    """Why it is here, where and when it was, and what the sensors said."""
    task = leased.task
    st.caption(plain("Why this one: " + "; ".join(why(one, mode) for one in leased.why)))
    where = [task.place] if task.place else []
    if task.taken_at is not None:
        where.append(f"{task.taken_at.day} {task.taken_at:%b %Y, %H:%M} UTC")
    if where:
        st.caption(plain(", ".join(where)))
    cells = "".join(
        f"<div><dt>{pollutant(name).pretty_label}</dt>"
        f"<dd>{getattr(task.reading, name):.4g}</dd></div>"
        for name in task.reading.present
    )
    st.html(
        f'<div class="aq"><dl class="aq-readings aq-small">{cells}</dl></div>'
        if cells
        else '<div class="aq aq-muted aq-small">No readings: the photo alone.</div>'
    )


def why(reason: Reason, mode: str) -> str:
    """Return the reason, without what others or the model said where that would sway the answer."""
    if reason.kind in _OF_THE_MODEL:
        return reason.words if mode == ASSISTED else _OF_THE_MODEL[reason.kind]
    if reason.kind in _SAYS_NOTHING_OF_THE_AIR:
        return reason.words
    return _OF_OTHERS.get(reason.kind, "It may be telling")


def suggestion(on: Desk, task: Task, mode: str) -> None:
    """What the model says, marked as such; nothing of it in blind mode."""
    view = task.model_view
    if mode != ASSISTED:
        return
    if view is None:
        st.caption("The model has not looked at this one yet.")
        return
    category = _US.category_of(view.aqi)
    with st.container(border=True, key="label_suggestion"):
        st.html(
            '<div class="aq aq-small"><div class="aq-title">The model suggests</div>'
            f"<p><strong>{view.aqi:.0f}</strong> {pill(category)} "
            f"({view.low:.0f} to {view.high:.0f})</p></div>"
        )
        st.button(
            "Agree with the model",
            key=f"label_{task.id}_agree",
            shortcut="Enter",
            on_click=save,
            args=(on, mode),
            kwargs={"category": _US.categories.index(category)},
        )


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
