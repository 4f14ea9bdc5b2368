"""A day entered by hand: a monitor's AQI, the time, and a photo."""

from datetime import UTC, date, datetime, time, tzinfo

import streamlit as st

from aqfusion.air.aqi import STANDARDS, standard
from aqfusion.model.predict import Predictor
from aqfusion.sites.site import MODEL_STANDARD, Day, SiteError
from aqfusion.ui import reader_zone
from aqfusion.ui.site import adding, day_photo, mine

_NOON = time(12)
_AQI, _DATE, _TIME, _STANDARD = "mysite_aqi", "mysite_date", "mysite_time", "mysite_standard"


def show(model: Predictor, own: mine.Own) -> None:
    """Draw the form."""
    with st.form("mysite_day", clear_on_submit=True, border=False):
        with st.container(horizontal=True):
            st.number_input("AQI that was measured", 0, 500, None, step=1, key=_AQI)
            st.selectbox(
                "By which index",
                list(STANDARDS),
                format_func=lambda key: standard(key).short_name,
                key=_STANDARD,
                help="Only days of the US index count: the model tells that one. Others are kept.",
            )
        with st.container(horizontal=True):
            st.date_input(
                "Day, if known",
                None,
                min_value=date(1970, 1, 1),
                max_value="today",
                format="YYYY-MM-DD",
                key=_DATE,
                help="Left empty, it is when the photo was taken, if its file tells.",
            )
            st.time_input("Time, if known", None, key=_TIME)
        day_photo.choose()
        st.form_submit_button(
            "Add this day",
            key="mysite_add",
            type="primary",
            icon=":material/add:",
            on_click=_add,
            args=(model, own),
        )


def _add(model: Predictor, own: mine.Own) -> None:
    state = st.session_state

    def work() -> adding.Added:
        aqi = state.get(_AQI)
        if aqi is None:
            raise SiteError("AQI must be given, got nothing")
        clock = own.site.zone or reader_zone.here()
        taken_at = when(state.get(_DATE), state.get(_TIME), clock, datetime.now(UTC))
        brought = day_photo.chosen(model, own.site)
        day = Day(
            float(aqi),
            "monitor",
            taken_at or brought.taken_at,
            state.get(_STANDARD, MODEL_STANDARD),
            photo=brought.photo,
        )
        return adding.Added((day,), brought.problem)

    adding.add(own, work)


def when(day: date | None, at: time | None, clock: tzinfo, now: datetime) -> datetime | None:
    """The time on that clock; a day alone is noon, or now if that is earlier.

    >>> when(date(2026, 1, 5), None, UTC, datetime(2026, 1, 5, 9, tzinfo=UTC)).hour
    9
    """
    if day is None:
        if at is not None:
            raise SiteError("Day must be given where a time is, got none")
        return None
    moment = datetime.combine(day, at or _NOON, clock)
    if moment <= now:
        return moment
    if at is None and day == now.astimezone(clock).date():
        return now.astimezone(clock).replace(second=0, microsecond=0)
    raise SiteError(f"Day must not be in the future, got {moment:%Y-%m-%d %H:%M}")
