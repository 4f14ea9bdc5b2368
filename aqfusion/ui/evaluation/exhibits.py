"""The cards in their order, two in a row where there is room."""

from collections.abc import Sequence

import streamlit as st

from aqfusion.figures import Kind
from aqfusion.history_figures import HistoryBaseline, HistoryFigures
from aqfusion.metrics import Guard, HeatMaps, Run
from aqfusion.ui.evaluation import (
    confusion_chart,
    coverage_chart,
    exhibit,
    guard_table,
    heat_map_table,
    history_chart,
    history_table,
    partial_chart,
    place_table,
    reliability_chart,
    session_chart,
)


def history_exhibits(
    history: Sequence[HistoryFigures], baselines: Sequence[HistoryBaseline], key: str
) -> None:
    """Show the gain by a site's days: for held-out sites, and for known ones."""
    by_step = [figures for figures in history if figures.days is not None]
    if by_step:
        rivals = history_table.rival_table(by_step, baselines)
        exhibit.chart(
            "history",
            key,
            history_chart.history_chart(by_step, baselines),
            rivals,
            _small(*history_table.chart_sentences(by_step, baselines))
            + rivals.html("Session RMSE by known days of the place"),
        )
        steps = history_table.step_table(by_step)
        exhibit.table("history-steps", key, steps, _small(history_table.interval_sentence(by_step)))
    at_known_places = [figures for figures in history if figures.days is None]
    if at_known_places:
        exhibit.table(
            "known-places",
            key,
            history_table.known_place_table(at_known_places, baselines),
            _small(
                history_table.known_place_sentence(at_known_places, baselines),
                history_table.interval_sentence(at_known_places),
            ),
        )


def kind_exhibits(run: Run, kind: str, key: str) -> None:
    """Show all cards of one kind of input, which the run must have."""
    kind_metrics, kind_key = run.kinds[kind], f"{key}-{kind}"
    left, right = st.columns(2)
    with left:
        exhibit.chart(
            "sessions",
            kind_key,
            session_chart.session_chart(run.sessions, kind),
            session_chart.session_table(run.sessions),
        )
    with right:
        exhibit.chart(
            "confusion",
            kind_key,
            confusion_chart.confusion_chart(kind_metrics.confusion),
            confusion_chart.confusion_table(kind_metrics.confusion),
        )
    left, right = st.columns(2)
    with left:
        _reliability(kind_metrics, kind_key)
    with right:
        exhibit.chart(
            "coverage-by-place",
            kind_key,
            coverage_chart.place_coverage_chart(kind_metrics.per_place),
            place_table.place_table(kind_metrics.per_place),
        )
    left, right = st.columns(2)
    with left:
        exhibit.chart(
            "coverage-by-readings",
            kind_key,
            coverage_chart.readings_coverage_chart(kind_metrics.interval_by_readings),
            coverage_chart.readings_coverage_table(kind_metrics.interval_by_readings),
        )
    with right:
        _missing_readings(run, key)
    exhibit.table("places", kind_key, place_table.place_table(kind_metrics.per_place))


def guard_exhibits(guard: Guard, key: str) -> None:
    """Show false alarms and catches."""
    left, right = st.columns(2)
    with left:
        exhibit.table("false-alarms", key, guard_table.alarm_table(guard))
    with right:
        exhibit.table("catches", key, guard_table.catch_table(guard))


def heat_map_exhibit(saliency: HeatMaps, key: str) -> None:
    """Show how faithful each method's saliency maps are."""
    exhibit.table(
        "heat-maps",
        key,
        heat_map_table.heat_map_table(saliency),
        f'<p class="aq aq-small">{heat_map_table.heat_map_sentence(saliency)}</p>',
    )


def _reliability(kind_metrics: Kind, key: str) -> None:
    trust = reliability_chart.trust_table(kind_metrics.calibration)
    exhibit.chart(
        "reliability",
        key,
        reliability_chart.reliability_chart(kind_metrics.calibration),
        reliability_chart.reliability_table(kind_metrics.calibration),
        trust.html("Calibration before and after"),
    )


def _missing_readings(run: Run, key: str) -> None:
    partial = run.partial_sensors
    if partial is None:
        exhibit.absent("missing-readings")
        return
    exhibit.chart(
        "missing-readings",
        key,
        partial_chart.partial_chart(partial.by_readings),
        partial_chart.partial_table(partial.by_readings),
        f'<p class="aq aq-small">{partial_chart.partial_sentence(partial)}</p>',
    )


def _small(*sentences: str) -> str:
    text = " ".join(filter(None, sentences)).replace(" %", "\u00a0%")
    return f'<p class="aq aq-small">{text}</p>'
