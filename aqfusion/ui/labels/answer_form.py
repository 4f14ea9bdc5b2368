"""One key for every answer, and what may go with it."""

import streamlit as st

from aqfusion.air.aqi import standard
from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.air.sensors import Reading
from aqfusion.labels.answer import CANT_TELL, Answer, AnswerError, Seen
from aqfusion.labels.item import Task
from aqfusion.ui.labels import desk
from aqfusion.ui.labels.desk import Desk

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
            on_click=save,
            args=(on, mode, on.request),
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
                "Save this AQI", on_click=save, args=(on, mode, on.request), kwargs={"exact": True}
            )
    st.html('<div class="aq aq-title aq-small">Can\'t tell, because of</div>')
    with st.container(horizontal=True, gap="small", key="label_cant_tell"):
        for reason in CANT_TELL:
            st.button(
                reason.capitalize(),
                key=f"label_{task.id}_{reason}",
                shortcut=_CANT_TELL_KEYS[reason],
                on_click=save,
                args=(on, mode, on.request),
                kwargs={"cant_tell": reason},
            )


def remarks(on: Desk, task: Task) -> None:
    """What goes with the answer: doubt, a note, readings that are wrong."""
    st.toggle("I am unsure", key=f"label_{task.id}_unsure")
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


def save(
    on: Desk,
    mode: str,
    request: str,
    category: int | None = None,
    cant_tell: str | None = None,
    exact: bool = False,
) -> None:
    """Keep the answer that was pressed, with what stands in the fields of its item.

    `request` is of the showing that was pressed: the second half of a double press, or a key that
    waited on a slow line, belongs to an item that has gone, and answers none.
    """
    if on.leased is None or request != on.request:
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
