"""The exhibits in their order, two in a row where there is room."""

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
    history: Sequence[HistoryFigures], baselines: Sequence[HistoryBaseline], of: str
) -> None:
    """Show what days of a place are worth: where it was left out, and where it is known."""
    by_step = [one for one in history if one.days is not None]
    if by_step:
        rivals = history_table.rival_table(by_step, baselines)
        exhibit.chart(
            "history",
            of,
            history_chart.history_chart(by_step, baselines),
            rivals,
            _small(*history_table.chart_sentences(by_step, baselines))
            + rivals.html("Session RMSE by known days of the place"),
        )
        steps = history_table.step_table(by_step)
        exhibit.table("history-steps", of, steps, _small(history_table.interval_sentence(by_step)))
    known = [one for one in history if one.days is None]
    if known:
        exhibit.table(
            "known-places",
            of,
            history_table.known_place_table(known, baselines),
            _small(
                history_table.known_place_sentence(known, baselines),
                history_table.interval_sentence(known),
            ),
        )


def kind_exhibits(run: Run, kind: str, of: str) -> None:
    """Show all about one kind of input, which the run must have."""
    found, of_kind = run.kinds[kind], f"{of}-{kind}"
    left, right = st.columns(2)
    with left:
        exhibit.chart(
            "sessions",
            of_kind,
            session_chart.session_chart(run.sessions, kind),
            session_chart.session_table(run.sessions),
        )
    with right:
        exhibit.chart(
            "confusion",
            of_kind,
            confusion_chart.confusion_chart(found.confusion),
            confusion_chart.confusion_table(found.confusion),
        )
    left, right = st.columns(2)
    with left:
        _reliability(found, of_kind)
    with right:
        exhibit.chart(
            "coverage-by-place",
            of_kind,
            coverage_chart.place_coverage_chart(found.per_place),
            place_table.place_table(found.per_place),
        )
    left, right = st.columns(2)
    with left:
        exhibit.chart(
            "coverage-by-readings",
            of_kind,
            coverage_chart.readings_coverage_chart(found.interval_by_readings),
            coverage_chart.readings_coverage_table(found.interval_by_readings),
        )
    with right:
        _missing_readings(run, of)
    exhibit.table("places", of_kind, place_table.place_table(found.per_place))


def guard_exhibits(guard: Guard, of: str) -> None:
    """Show false alarms and catches."""
    left, right = st.columns(2)
    with left:
        exhibit.table("false-alarms", of, guard_table.alarm_table(guard))
    with right:
        exhibit.table("catches", of, guard_table.catch_table(guard))


def heat_map_exhibit(found: HeatMaps, of: str) -> None:
    """Show how far each method's maps can be trusted."""
    exhibit.table(
        "heat-maps",
        of,
        heat_map_table.heat_map_table(found),
        f'<p class="aq aq-small">{heat_map_table.heat_map_sentence(found)}</p>',
    )


def _reliability(found: Kind, of: str) -> None:
    trust = reliability_chart.trust_table(found.calibration)
    exhibit.chart(
        "reliability",
        of,
        reliability_chart.reliability_chart(found.calibration),
        reliability_chart.reliability_table(found.calibration),
        trust.html("Calibration before and after"),
    )


def _missing_readings(run: Run, of: str) -> None:
    partial = run.partial_sensors
    if partial is None:
        exhibit.absent("missing-readings")
        return
    exhibit.chart(
        "missing-readings",
        of,
        partial_chart.partial_chart(partial.by_readings),
        partial_chart.partial_table(partial.by_readings),
        f'<p class="aq aq-small">{partial_chart.partial_sentence(partial)}</p>',
    )


def _small(*sentences: str) -> str:
    said = " ".join(filter(None, sentences)).replace(" %", "\u00a0%")
    return f'<p class="aq aq-small">{said}</p>'
