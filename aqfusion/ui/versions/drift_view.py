"""Data drift: whether recent inputs differ from the training set."""

from datetime import datetime

import streamlit as st

from aqfusion.drift.report import WINDOWS, Histogram, Report, counted_of, report
from aqfusion.drift.shift import FAR, MOVED, STEADY, TOO_FEW
from aqfusion.errors import InputError
from aqfusion.labels.actor import Actor
from aqfusion.labels.store import LabelStore
from aqfusion.registry.current import Served
from aqfusion.settings import load_settings
from aqfusion.ui import consent, counted, models
from aqfusion.ui.csv_button import csv_button
from aqfusion.ui.figure_style import png_button
from aqfusion.ui.plain import plain
from aqfusion.ui.table import Table
from aqfusion.ui.versions import drift_tables, drift_words
from aqfusion.ui.versions.drift_chart import drift_chart, drift_table

_ICONS = {
    FAR: ":material/warning:",
    MOVED: ":material/trending_up:",
    TOO_FEW: ":material/hourglass_empty:",
    STEADY: ":material/check:",
}


def show(store: LabelStore, actor: Actor, served: Served, now: datetime) -> None:
    """Draw it for an expert; the store raises for anybody else."""
    days = st.segmented_control(
        "Days",
        WINDOWS,
        default=30,
        required=True,
        format_func=lambda days: f"{days} days",
        key="drift_choice_days",
        label_visibility="collapsed",
    )
    try:
        read = counted_of(store, actor, now, days)
        reference = counted.reference(models.loaded(served.model), load_settings().model)
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    drift_report = report(read, reference)
    st.caption(plain(drift_words.basis(drift_report)))
    if drift_report.why:
        st.info(drift_report.why, icon=":material/info:")
    st.markdown("\n".join(_line(*sentence) for sentence in drift_words.sentences(drift_report)))
    if drift_report.histograms:
        _histogram(drift_report)
        _table("drift", "All comparisons", drift_tables.shift_table(drift_report))
    _table("drift-rates", "Shares", drift_tables.rate_table(drift_report))
    st.markdown(drift_words.ABOUT.replace(" %", "\u00a0%"))
    st.caption(consent.COUNTED)


def _line(verdict: str, sentence: str) -> str:
    return f"- {_ICONS[verdict]} {plain(sentence)}"


def _histogram(drift_report: Report) -> None:
    by_name = {histogram.name: histogram for histogram in drift_report.histograms}
    name = st.selectbox(
        "What to look at",
        by_name,
        format_func=lambda name: drift_words.name_of(by_name[name]),
        key="drift_choice_histogram",
        width=320,
    )
    histogram: Histogram = by_name[name]
    ranges = drift_words.ranges_of(histogram)
    st.plotly_chart(
        drift_chart(histogram, ranges),
        width="stretch",
        key="chart_drift",
        config=png_button(f"aqfusion-drift-{name}"),
        alt=f"{drift_words.name_of(histogram)}: the share in each range, of late and in training",
    )
    csv_button(f"drift-{name}", drift_table(histogram, ranges))


def _table(noun: str, title: str, content: Table) -> None:
    st.html(content.html(title))
    csv_button(noun, content)
