"""A new day of a site: typed, from a station, from a table, or from settled labels."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, tzinfo
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from aqfusion.air.aqi import STANDARDS, standard
from aqfusion.csv_table.errors import CellError, TableFault
from aqfusion.errors import InputError
from aqfusion.fair_queue import HEAVY
from aqfusion.images.photo import Photo, PhotoError
from aqfusion.labels.adjudication import adjudicated_labels
from aqfusion.labels.sites import label_days as labels_as_days
from aqfusion.model.predictor import Predictor
from aqfusion.settings import load_settings
from aqfusion.sites.days_table import MOST_BYTES, DayRow, parse_days
from aqfusion.sites.site import MODEL_STANDARD, Day, SiteError
from aqfusion.ui import browser_time_zone, photo_input
from aqfusion.ui.labels import store_session
from aqfusion.ui.markup import plain_list, public_text, show_error
from aqfusion.ui.sites import own_sites, save_days, station_days

_NOON = time(12)
_AQI, _DATE, _TIME, _STANDARD = "mysite_aqi", "mysite_date", "mysite_time", "mysite_standard"


def render_typed_day(model: Predictor, own: own_sites.OwnSites) -> None:
    """Draw the form."""
    with st.form("mysite_day", clear_on_submit=True, border=False):
        with st.container(horizontal=True):
            st.number_input("Measured AQI", 0, 500, None, step=1, key=_AQI)
            st.selectbox(
                "Index of this AQI",
                list(STANDARDS),
                format_func=lambda key: standard(key).short_name,
                key=_STANDARD,
                help=(
                    "Only days with a US AQI count, because the model predicts the US AQI. Other "
                    "days are kept but do not count."
                ),
            )
        with st.container(horizontal=True):
            st.date_input(
                "Day (if known)",
                None,
                min_value=date(1970, 1, 1),
                max_value="today",
                format="YYYY-MM-DD",
                key=_DATE,
                help="If left empty, the capture time in the photo file is used, if there is one.",
            )
            st.time_input("Time (if known)", None, key=_TIME)
        save_days.choose()
        st.form_submit_button(
            "Add this day",
            key="mysite_add",
            type="primary",
            icon=":material/add:",
            on_click=_add_typed,
            args=(model, own),
        )


def _add_typed(model: Predictor, own: own_sites.OwnSites) -> None:
    state = st.session_state

    def work() -> save_days.SavedDays:
        aqi = state.get(_AQI)
        if aqi is None:
            raise SiteError("AQI must be given, got nothing")
        clock = own.site.zone or browser_time_zone.here()
        taken_at = when(state.get(_DATE), state.get(_TIME), clock, datetime.now(UTC))
        brought = save_days.chosen(model, own.site)
        day = Day(
            float(aqi),
            "monitor",
            taken_at or brought.taken_at,
            state.get(_STANDARD, MODEL_STANDARD),
            photo=brought.photo,
        )
        return save_days.SavedDays((day,), brought.problem)

    save_days.add(own, work)


def when(day: date | None, at: time | None, clock: tzinfo, now: datetime) -> datetime | None:
    """The time on that clock; a day alone is noon, or now if that is earlier.

    >>> when(date(2026, 1, 5), None, UTC, datetime(2026, 1, 5, 9, tzinfo=UTC)).hour
    9
    """
    if day is None:
        if at is not None:
            raise SiteError("Day must be given together with a time, got none")
        return None
    moment = datetime.combine(day, at or _NOON, clock)
    if moment <= now:
        return moment
    if at is None and day == now.astimezone(clock).date():
        return now.astimezone(clock).replace(second=0, microsecond=0)
    raise SiteError(f"Day must not be in the future, got {moment:%Y-%m-%d %H:%M}")


MOST_PHOTOS = 30  # at once: each takes a tenth of a second
_EXAMPLE_TABLE, _PHOTOS, _FAULTS = "mysite_table", "mysite_table_photos", "mysite_table_faults"
_SHOWN = 20
_HELP = (
    "Each row is one day. The column `aqi` is required; `time`, `timezone`, `photo` (the name of "
    "a file that you upload too), `standard` (us or india) and readings as on the Stations page "
    "are optional. A time without an offset is in the time zone of the place; a date without a "
    "time means noon."
)


def render_table_days(model: Predictor, own: own_sites.OwnSites) -> None:
    """Draw the form and the faults of the last table."""
    with st.form("mysite_table_form", clear_on_submit=True, border=False):
        st.file_uploader(
            "A table of days (CSV or .xlsx, at most 5 MB)",
            key=_EXAMPLE_TABLE,
            help=_HELP,
            max_upload_size=photo_input.LARGEST_UPLOAD_MB,
        )
        st.file_uploader(
            f"The photos named in the table, if any (at most {MOST_PHOTOS} at once)",
            accept_multiple_files=True,
            max_upload_size=photo_input.LARGEST_UPLOAD_MB,
            key=_PHOTOS,
        )
        st.form_submit_button(
            "Add these days",
            key="mysite_table_add",
            type="primary",
            icon=":material/add:",
            on_click=_add_table,
            args=(model, own),
        )
    faults = st.session_state.get(_FAULTS, ())
    if faults:
        st.warning(
            f"Rows left out, and notes on the table:\n{plain_list(faults, _SHOWN)}",
            icon=":material/rule:",
        )


def _add_table(model: Predictor, own: own_sites.OwnSites) -> None:
    state = st.session_state
    table, photos = state.get(_EXAMPLE_TABLE), state.get(_PHOTOS) or []
    state.pop(_FAULTS, None)

    def work() -> save_days.SavedDays:
        if table is None:
            raise SiteError("no table is chosen; choose one first")
        if len(photos) > MOST_PHOTOS:
            raise SiteError(f"photos must be at most {MOST_PHOTOS} at once, got {len(photos)}")
        days, faults = _read(table, photos, model, own)
        state[_FAULTS] = faults
        return save_days.SavedDays(days)

    save_days.add(own, work)


def _read(
    table: UploadedFile, photos: Sequence[UploadedFile], model: Predictor, own: own_sites.OwnSites
) -> tuple[tuple[Day, ...], tuple[str, ...]]:
    """The days of a table, and a sentence for each fault and note."""
    named = {photo.name: photo for photo in photos}

    def find(name: str) -> Path:
        last = name.replace("\\", "/").rsplit("/", 1)[-1]
        if last not in named:
            raise CellError("must be the name of a photo that is uploaded too")
        return Path(last)

    content = table.getvalue() if table.size <= MOST_BYTES else b"\0" * (MOST_BYTES + 1)
    read = HEAVY.run(lambda: parse_days(content, find, own.site.zone, datetime.now(UTC)))
    days, lost = [], [*read.notes, *map(str, read.faults)]
    for row in read.rows:
        day, fault = _with_photo(row, named, model, own)
        days.append(day)
        lost += [str(fault)] if fault else []
    return tuple(days), tuple(lost)


def _with_photo(
    row: DayRow, named: dict[str, UploadedFile], model: Predictor, own: own_sites.OwnSites
) -> tuple[Day, TableFault | None]:
    if row.photo is None:
        return row.day, None
    file = named[row.photo.name]
    try:
        brought = save_days.analyse(model, own.site, Photo.decode(file.getvalue(), file.name))
    except PhotoError as error:
        return row.day, TableFault(row.line, "photo", public_text(error), file.name[:80], True)
    time = row.day.taken_at or brought.taken_at
    day = replace(row.day, photo=brought.photo, taken_at=time)
    if brought.problem is None:
        return day, None
    return day, TableFault(row.line, "photo", brought.problem, file.name[:80], True)


_MONITOR, _SAMPLE, _STATIONS, _LIVE = "A monitor", "Sample stations", "Your stations", "OpenAQ"
_TABLE, _LABELS = "A table", "Labels"
_STATIONS_OF = {
    _SAMPLE: station_days.SAMPLE,
    _STATIONS: station_days.NEAREST,
    _LIVE: station_days.OPENAQ,
}


def render_add_day(model: Predictor, own: own_sites.OwnSites, moved: str | None) -> None:
    """Draw the choice, the form that it leads to, and what came of it."""
    source = st.segmented_control(
        "Source of the AQI",
        _offered(),
        default=_MONITOR,
        required=True,
        key="mysite_source",
        persist_state="session",
    )
    if source == _MONITOR:
        render_typed_day(model, own)
    elif source == _TABLE:
        render_table_days(model, own)
    elif source == _LABELS:
        render_label_days(own)
    elif source is not None:
        station_days.render_station_days(own, _STATIONS_OF[source])
    save_days.render_adding(save_days.PLACE, moved)


def _offered() -> list[str]:
    offered = [_MONITOR, _SAMPLE, _STATIONS]
    if load_settings().openaq_key is not None:
        offered.append(_LIVE)
    offered.append(_TABLE)
    if own_sites.has_account():
        offered.append(_LABELS)
    return offered


_PLACE = "mysite_label_place"
_MOST_DAYS = 200


def render_label_days(own: own_sites.OwnSites) -> None:
    """Draw the choice of a place of the store."""
    try:
        places = store_session.reached().search.places()
    except InputError as error:
        show_error(error, "The label store cannot be used: ")
        return
    if not places:
        st.info("No photo in the label store has a place yet.")
        return
    same = [place for place in places if place.casefold() == own.site.name.casefold()]
    st.selectbox(
        "Place in the label store",
        places,
        index=places.index(same[0]) if same else 0,
        key=_PLACE,
    )
    st.button(
        "Add its settled labels",
        key="mysite_label_add",
        type="primary",
        icon=":material/add:",
        on_click=_add_from_labels,
        args=(own,),
    )
    st.caption("Labels with an AQI (not only a category) on which all annotators agree.")


def _add_from_labels(own: own_sites.OwnSites) -> None:
    place = st.session_state.get(_PLACE)

    def work() -> save_days.SavedDays:
        settled = adjudicated_labels(store_session.reached().database, places={str(place)})
        days = labels_as_days(settled)
        left = len(days) - _MOST_DAYS
        note = f"the {left} oldest are left out" if left > 0 else None
        return save_days.SavedDays(days[-_MOST_DAYS:], note)

    save_days.add(own, work)
