"""Saving days of an own site, with the result shown where it was requested."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from aqfusion.sites.site import MODEL_STANDARD, Day
from aqfusion.ui.labels import told
from aqfusion.ui.site import mine

PLACE = "mysite_add"
_ACTED = "mysite_acted"


@dataclass(frozen=True)
class Added:
    """Days to save, and a sentence on excluded ones."""

    days: tuple[Day, ...]
    note: str | None = None


def add(own: mine.Own, find: Callable[[], Added]) -> None:
    """Add what `find` gives; for a callback."""

    def work() -> str:
        saved_days = find()
        if not saved_days.days:
            return f"No day was added{_and(saved_days.note)}"
        before = len(own.site.days)
        mine.add_days(own.key, saved_days.days)
        after = mine.get(own.key)
        new = 0 if after is None else len(after.site.days) - before
        sentence = _count_sentence(len(saved_days.days), new)
        return f"{sentence}{_other(saved_days.days)}{_and(saved_days.note)}"

    acted(PLACE)
    told.attempt(PLACE, work, refused="No day was added: ")


def acted(place: str) -> None:
    """Remember where days were changed last; for a callback."""
    st.session_state[_ACTED] = place


def show(place: str, moved: str | None) -> None:
    """Show the result and, if it was here, the effect of the last change of days."""
    told.show(place)
    if moved is not None and st.session_state.get(_ACTED) == place:
        st.info(moved, icon=":material/trending_flat:")


def _count_sentence(count: int, new: int) -> str:
    """The number of added and replaced days in a sentence.

    >>> _count_sentence(1, 1), _count_sentence(3, 2), _count_sentence(1, 0)
    ('1 day added', '3 days added, 1 of them in the place of an older one', '1 day replaced')
    """
    days = f"{count} day{'' if count == 1 else 's'}"
    if new == count:
        return f"{days} added"
    if new <= 0:
        return f"{days} replaced"
    return f"{days} added, {count - new} of them in the place of an older one"


def _other(days: tuple[Day, ...]) -> str:
    if all(day.standard == MODEL_STANDARD for day in days):
        return ""
    return "; what is not a US AQI is kept, but does not count"


def _and(note: str | None) -> str:
    return "" if note is None else f"; {note}"
