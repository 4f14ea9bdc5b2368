"""Progress of the annotator and of the team."""

import uuid
from datetime import datetime
from html import escape
from typing import Any

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.progress import TeamProgress
from aqfusion.ui import browser_time_zone
from aqfusion.ui.labels import annotation_session
from aqfusion.ui.labels.annotation_session import AnnotationSession
from aqfusion.ui.labels.store_session import now, store
from aqfusion.ui.markup import plain, public_text


def progress(on: AnnotationSession) -> dict[str, Any]:
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


def goal(on: AnnotationSession) -> None:
    """Ask for the goal of a session."""
    pace_so_far = store().overview.progress(on.actor, on.since, now())

    def keep() -> None:
        try:
            store().accounts.set_goal(on.actor, st.session_state.get("label_goal", 0))
        except InputError as error:
            on.words = public_text(error)
            on.turn += 1

    st.number_input(
        "Goal for a session (items)",
        min_value=1,
        max_value=10_000,
        value=pace_so_far.goal,
        step=10,
        key="label_goal",
        placeholder="none",
        on_change=keep,
        width=220,
    )


def skipped(on: AnnotationSession) -> None:
    """The way back to what was passed by."""
    left = store().overview.skipped(on.actor)
    if not left:
        st.caption("You have skipped no items.")
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


def _take_up(on: AnnotationSession, item: int) -> None:
    try:
        store().answers.unskip(on.actor, item, uuid.uuid4().hex, now())
    except InputError as error:
        on.words = public_text(error)
        on.turn += 1
        return
    annotation_session.go_to(on, item)


def render_team(on: AnnotationSession) -> None:
    """Draw it where somebody opens it: nobody waits for the counting otherwise."""
    team = st.popover("Team", key="label_team", icon=":material/group:", on_change="rerun")
    if team.open:
        with team:
            st.html(table(store().team.progress(on.actor, _day_began())))


def table(team: TeamProgress) -> str:
    """The figures as HTML."""
    total = team.done + team.left
    share = f" ({team.done / total:.0%})" if total else ""
    wanted = f", {team.answers_left:,} answers" if team.answers_left != team.left else ""
    rows = "".join(
        f'<tr><th scope="row" class="aq-left">{escape(member.name)}</th>'
        f"<td>{member.today:,}</td><td>{member.done:,}</td></tr>"
        for member in team.members
    )
    people = (
        '<table class="aq-table aq-figures"><thead><tr>'
        '<th scope="col" class="aq-left">Annotator</th>'
        f'<th scope="col">Today</th><th scope="col">Total</th></tr></thead><tbody>{rows}</tbody>'
        "</table>"
        if rows
        else "<p>There are no answers yet.</p>"
    )
    return (
        f'<div class="aq"><p><strong>{team.done:,}</strong> items done{share}, '
        f"<strong>{team.left:,}</strong> left{wanted}.</p>{people}</div>"
    )


def _day_began() -> datetime:
    """Midnight where the browser is; where that is not known, where the server is."""
    return (
        now()
        .astimezone(browser_time_zone.reported())
        .replace(hour=0, minute=0, second=0, microsecond=0)
    )
