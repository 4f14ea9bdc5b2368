"""The item on the desk: its photo, its readings, and one key for every answer."""

import base64
from html import escape

import streamlit as st

from aqfusion.air.aqi import standard
from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.air.sensors import Reading
from aqfusion.errors import InputError
from aqfusion.labels.answer import CANT_TELL, Answer, AnswerError, Seen
from aqfusion.labels.item import Reason, Task
from aqfusion.labels.leases import Leased
from aqfusion.ui.labels import desk
from aqfusion.ui.labels.desk import ASSISTED, Desk
from aqfusion.ui.labels.opened import store
from aqfusion.ui.plain import plain
from aqfusion.ui.result_view import pill

# Streamlit keeps c and r for itself.
_CANT_TELL_KEYS = dict(zip(CANT_TELL, ("n", "l", "k", "f", "m", "o"), strict=True))
_US = standard("us")
# Each category's button has its colour at the edge.
COLOURS = "<style>{}</style>".format(
    "".join(
        f'[class*="_category_{number}"] button {{ border-left: .8rem solid {category.colour}; }}'
        for number, category in enumerate(_US.categories)
    )
)
_OF_THE_MODEL = {
    "model unsure": "The model is unsure",
    "photo against readings": "Photo and readings seem to say different things",
}
_OF_OTHERS = {
    "annotators disagree": "People see it differently",
    "label likely wrong": "Its label may be wrong",
}


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
    st.caption(plain("Why this one: " + "; ".join(_why(one, mode) for one in leased.why)))
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


def _why(reason: Reason, mode: str) -> str:
    """The reason, without what others or the model said where that would sway the answer."""
    if reason.kind in _OF_THE_MODEL:
        return reason.words if mode == ASSISTED else _OF_THE_MODEL[reason.kind]
    return _OF_OTHERS.get(reason.kind, reason.words)


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
            on_click=_save,
            args=(on, mode),
            kwargs={"category": _US.categories.index(category)},
        )


def answers(on: Desk, task: Task, mode: str) -> None:
    """Six keys for the categories, six for why nobody can tell, and the exact number."""
    said = on.leased.said if on.leased else None
    for number, category in enumerate(_US.categories):
        was = said is not None and said.category == number
        st.button(
            f"{category.name}, {category.i_low} to {category.i_high}"
            + (" :material/check:" if was else ""),
            key=f"label_{task.id}_category_{number}",
            shortcut=str(number + 1),
            on_click=_save,
            args=(on, mode),
            kwargs={"category": number},
            width="stretch",
        )
    with st.form(f"label_{task.id}_exact", border=False):
        line = st.container(horizontal=True, vertical_alignment="bottom")
        line.text_input(
            "Exact US AQI, if you know it", key=f"label_{task.id}_aqi", max_chars=3, width=200
        )
        with line:
            st.form_submit_button(
                "Save this AQI", on_click=_save, args=(on, mode), kwargs={"exact": True}
            )
    st.html('<div class="aq aq-title aq-small">Can\'t tell, because of</div>')
    with st.container(horizontal=True, gap="small", key="label_cant_tell"):
        for reason in CANT_TELL:
            st.button(
                reason.capitalize(),
                key=f"label_{task.id}_{reason}",
                shortcut=_CANT_TELL_KEYS[reason],
                on_click=_save,
                args=(on, mode),
                kwargs={"cant_tell": reason},
            )


def remarks(task: Task) -> None:
    """What goes with the answer: doubt, a note, readings that are wrong."""
    st.toggle("I am unsure", key=f"label_{task.id}_unsure")
    with st.expander("Note, or a wrong reading", key=f"label_{task.id}_more"):
        st.text_area("Note", key=f"label_{task.id}_note", max_chars=500, height=80)
        for name in task.reading.present:
            label = pollutant(name).label
            with st.container(horizontal=True, vertical_alignment="bottom"):
                wrong = st.toggle(f"{label} is wrong", key=f"label_{task.id}_{name}_wrong")
                st.text_input(
                    f"Right value of {label}, empty if unknown",
                    key=f"label_{task.id}_{name}_right",
                    max_chars=12,
                    disabled=not wrong,
                    width=260,
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


def _save(
    on: Desk,
    mode: str,
    category: int | None = None,
    cant_tell: str | None = None,
    exact: bool = False,
) -> None:
    if on.leased is None:
        return
    task = on.leased.task

    def answer(seen: Seen) -> Answer:
        state = st.session_state
        return Answer(
            category,
            _whole(state.get(f"label_{task.id}_aqi", "")) if exact else None,
            cant_tell,
            confidence="unsure" if state.get(f"label_{task.id}_unsure") else "sure",
            note=state.get(f"label_{task.id}_note") or "",
            corrections=_corrections(task),
            seen=seen,
        )

    desk.save(on, answer, mode)


def _corrections(task: Task) -> dict[str, float | None]:
    state = st.session_state
    wrong = [n for n in POLLUTANTS if state.get(f"label_{task.id}_{n}_wrong")]
    right = Reading.of({name: state.get(f"label_{task.id}_{name}_right") or "" for name in wrong})
    return {name: getattr(right, name) for name in wrong}


def _whole(text: str) -> int:
    if not (text.strip().isascii() and text.strip().isdecimal()):
        raise AnswerError(f"aqi must be a whole number from 0 to 500, got {text!r}")
    return int(text)
