"""How far the annotator is, what they have skipped, and what they aim at."""

import uuid
from typing import Any

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.ui.labels import desk
from aqfusion.ui.labels.desk import Desk
from aqfusion.ui.labels.opened import now, store
from aqfusion.ui.plain import plain


def progress(on: Desk) -> dict[str, Any]:
    """Items done since the page was opened, the pace, and the share of the goal, for the desk."""
    pace_so_far = store().overview.progress(on.actor, on.since, now())
    pace = (
        f", {pace_so_far.per_hour:.0f} an hour"
        if pace_so_far.per_hour and pace_so_far.done > 2
        else ""
    )
    goal = f" of {pace_so_far.goal}" if pace_so_far.goal else ""
    return {
        "words": f"{pace_so_far.done}{goal} done in this session{pace}",
        "share": min(1.0, pace_so_far.done / pace_so_far.goal) if pace_so_far.goal else None,
    }


def goal(on: Desk) -> None:
    """Ask for the goal of a session."""
    pace_so_far = store().overview.progress(on.actor, on.since, now())

    def keep() -> None:
        try:
            store().accounts.set_goal(on.actor, st.session_state.get("label_goal", 0))
        except InputError as error:
            on.words = str(error)
            on.turn += 1

    st.number_input(
        "Goal for a session, items",
        min_value=1,
        max_value=10_000,
        value=pace_so_far.goal,
        step=10,
        key="label_goal",
        placeholder="none",
        on_change=keep,
        width=220,
    )


def skipped(on: Desk) -> None:
    """The way back to what was passed by."""
    left = store().overview.skipped(on.actor)
    if not left:
        st.caption("Nothing skipped.")
        return
    for skipped_item in left[:50]:
        st.button(
            plain(f"Item {skipped_item.task.id}, {skipped_item.task.place or 'place unknown'}"),
            key=f"label_skipped_{skipped_item.task.id}",
            icon=":material/undo:",
            type="tertiary",
            on_click=_take_up,
            args=(on, skipped_item.task.id),
        )
    if len(left) > 50:
        st.caption(f"and {len(left) - 50} more")


def _take_up(on: Desk, item: int) -> None:
    try:
        store().answers.unskip(on.actor, item, uuid.uuid4().hex, now())
    except InputError as error:
        on.words = str(error)
        on.turn += 1
        return
    desk.go_to(on, item)
