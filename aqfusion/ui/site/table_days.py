"""Days from a table, with the photos that it names."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from aqfusion.csv_table.fault import CellError, Fault
from aqfusion.model.predict import Predictor
from aqfusion.photo import Photo, PhotoError
from aqfusion.sites.days_table import MOST_BYTES, DayRow, parse_days
from aqfusion.sites.site import Day, SiteError
from aqfusion.ui.plain import plain_list
from aqfusion.ui.site import adding, day_photo, mine

MOST_PHOTOS = 30  # at once: each takes a tenth of a second
_TABLE, _PHOTOS, _FAULTS = "mysite_table", "mysite_table_photos", "mysite_table_faults"
_SHOWN = 20
_HELP = (
    "One row is one day. `aqi` is needed; `time`, `timezone`, `photo` (the name of a file that "
    "you bring along), `standard` (us or india) and readings as on the Stations page are not. "
    "A time without an offset is on the clock of the place; a date alone is noon."
)


def show(model: Predictor, own: mine.Own) -> None:
    """Draw the form and the faults of the last table."""
    with st.form("mysite_table_form", clear_on_submit=True, border=False):
        st.file_uploader("A table of days (CSV or .xlsx, at most 5 MB)", key=_TABLE, help=_HELP)
        st.file_uploader(
            f"The photos it names, if any (at most {MOST_PHOTOS} at once)",
            accept_multiple_files=True,
            key=_PHOTOS,
        )
        st.form_submit_button(
            "Add these days",
            key="mysite_table_add",
            type="primary",
            icon=":material/add:",
            on_click=_add,
            args=(model, own),
        )
    faults = st.session_state.get(_FAULTS, ())
    if faults:
        st.warning(
            f"Left out of the table, or noted:\n{plain_list(faults, _SHOWN)}",
            icon=":material/rule:",
        )


def _add(model: Predictor, own: mine.Own) -> None:
    state = st.session_state
    table, photos = state.get(_TABLE), state.get(_PHOTOS) or []
    state.pop(_FAULTS, None)

    def work() -> adding.Added:
        if table is None:
            raise SiteError("a table must be chosen, got none")
        if len(photos) > MOST_PHOTOS:
            raise SiteError(f"photos must be at most {MOST_PHOTOS} at once, got {len(photos)}")
        days, faults = _read(table, photos, model, own)
        state[_FAULTS] = faults
        return adding.Added(days)

    adding.add(own, work)


def _read(
    table: UploadedFile, photos: Sequence[UploadedFile], model: Predictor, own: mine.Own
) -> tuple[tuple[Day, ...], tuple[str, ...]]:
    """The days of a table, and a sentence for each fault and note."""
    named = {photo.name: photo for photo in photos}

    def find(name: str) -> Path:
        last = name.replace("\\", "/").rsplit("/", 1)[-1]
        if last not in named:
            raise CellError("must be the name of a photo that is brought along")
        return Path(last)

    content = table.getvalue() if table.size <= MOST_BYTES else b"\0" * (MOST_BYTES + 1)
    read = parse_days(content, find, own.site.zone, datetime.now(UTC))
    days, lost = [], [*read.notes, *map(str, read.faults)]
    for row in read.rows:
        day, fault = _with_photo(row, named, model, own)
        days.append(day)
        lost += [str(fault)] if fault else []
    return tuple(days), tuple(lost)


def _with_photo(
    row: DayRow, named: dict[str, UploadedFile], model: Predictor, own: mine.Own
) -> tuple[Day, Fault | None]:
    if row.photo is None:
        return row.day, None
    file = named[row.photo.name]
    try:
        brought = day_photo.analyse(model, own.site, Photo.decode(file.getvalue(), file.name))
    except PhotoError as error:
        return row.day, Fault(row.line, "photo", str(error), file.name[:80], True)
    time = row.day.taken_at or brought.taken_at
    day = replace(row.day, photo=brought.photo, taken_at=time)
    if brought.problem is None:
        return day, None
    return day, Fault(row.line, "photo", brought.problem, file.name[:80], True)
