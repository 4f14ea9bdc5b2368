"""What may go with an answer, and the answer itself as the page sends it."""

from collections.abc import Mapping

import streamlit as st

from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.air.sensors import Reading
from aqfusion.labels.answer import Answer, AnswerError, Seen
from aqfusion.labels.item import Task
from aqfusion.ui.labels import desk
from aqfusion.ui.labels.desk import Desk


def remarks(on: Desk, task: Task) -> None:
    """What may go with the answer: a note, readings that are wrong."""
    more = st.expander("Note, or a wrong reading", key=f"label_{task.id}_more", on_change="rerun")
    # Drawn when it is first opened: a dozen closed fields would hold up every next item. Later they
    # stay, as Streamlit forgets what stands in fields that are not drawn.
    if more.open:
        on.remarked = task.id
    if on.remarked != task.id:
        return
    with more:
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


def save(on: Desk, mode: str, pressed: object) -> None:
    """Keep the answer that was pressed, with what stands in the fields of its item.

    It says which showing it is an answer to: the second half of a double press, or a key that
    waited on a slow line, belongs to an item that has gone, and answers none. It comes from a
    browser, so nothing of it is believed.
    """
    if on.leased is None or not isinstance(pressed, Mapping):
        return
    if pressed.get("request") != on.request:
        return
    task = on.leased.task

    def answer(seen: Seen) -> Answer:
        return Answer(
            pressed.get("category"),
            _whole(pressed["aqi"]) if "aqi" in pressed else None,
            pressed.get("cant_tell"),
            confidence="unsure" if pressed.get("unsure") is True else "sure",
            note=st.session_state.get(f"label_{task.id}_note") or "",
            corrections=_corrections(task),
            seen=seen,
        )

    desk.save(on, answer, mode)


def _corrections(task: Task) -> dict[str, float | None]:
    state = st.session_state
    wrong = [n for n in POLLUTANTS if state.get(f"label_{task.id}_{n}_wrong")]
    right = Reading.of({name: state.get(f"label_{task.id}_{name}_right") or "" for name in wrong})
    return {name: getattr(right, name) for name in wrong}


def _whole(text: object) -> int:
    if not (isinstance(text, str) and text.strip().isascii() and text.strip().isdecimal()):
        raise AnswerError(f"aqi must be a whole number from 0 to 500, got {text!r}")
    return int(text)
