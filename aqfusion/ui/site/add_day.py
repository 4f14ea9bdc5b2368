"""The source of a new day: a monitor, a station, a table, or the labels of the store."""

import streamlit as st

from aqfusion.model.predict import Predictor
from aqfusion.settings import load_settings
from aqfusion.ui.site import adding, mine, station_days, table_days, typed_day

_MONITOR, _SAMPLE, _STATIONS, _LIVE = "A monitor", "Sample stations", "Your stations", "OpenAQ"
_TABLE, _LABELS = "A table", "Labels"
_STATIONS_OF = {
    _SAMPLE: station_days.SAMPLE,
    _STATIONS: station_days.NEAREST,
    _LIVE: station_days.OPENAQ,
}


def show(model: Predictor, own: mine.Own, moved: str | None) -> None:
    """Draw the choice, the form that it leads to, and what came of it."""
    source = st.segmented_control(
        "Where the AQI comes from",
        _offered(),
        default=_MONITOR,
        required=True,
        key="mysite_source",
        persist_state="session",
    )
    if source == _MONITOR:
        typed_day.show(model, own)
    elif source == _TABLE:
        table_days.show(model, own)
    elif source == _LABELS:
        from aqfusion.ui.site import label_days

        label_days.show(own)
    elif source is not None:
        station_days.show(own, _STATIONS_OF[source])
    adding.show(adding.PLACE, moved)


def _offered() -> list[str]:
    offered = [_MONITOR, _SAMPLE, _STATIONS]
    if load_settings().openaq_key is not None:
        offered.append(_LIVE)
    offered.append(_TABLE)
    if mine.has_account():
        offered.append(_LABELS)
    return offered
