"""How far everybody is: done, left, by whom, today and in all."""

from datetime import datetime
from html import escape

import streamlit as st

from aqfusion.labels.team import TeamProgress
from aqfusion.ui import reader_zone
from aqfusion.ui.labels.desk import Desk
from aqfusion.ui.labels.opened import now, store


def show(on: Desk) -> None:
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
        '<table class="aq-table aq-figures"><thead><tr><th scope="col" class="aq-left">By</th>'
        f'<th scope="col">Today</th><th scope="col">In all</th></tr></thead><tbody>{rows}</tbody>'
        "</table>"
        if rows
        else "<p>Nobody has answered anything yet.</p>"
    )
    return (
        f'<div class="aq"><p><strong>{team.done:,}</strong> items done{share}, '
        f"<strong>{team.left:,}</strong> left{wanted}.</p>{people}</div>"
    )


def _day_began() -> datetime:
    """Midnight where the browser is; where that is not known, where the server is."""
    return (
        now().astimezone(reader_zone.reported()).replace(hour=0, minute=0, second=0, microsecond=0)
    )
