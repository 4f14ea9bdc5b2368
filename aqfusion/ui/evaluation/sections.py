"""Selectors and cards of the Evaluation page, in their order."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from aqfusion.metric_values import InputKindMetrics
from aqfusion.metrics import (
    HistoryBaseline,
    HistoryFigures,
    PhotoScreenMetrics,
    Run,
    SaliencyMetrics,
)
from aqfusion.ui.evaluation import (
    calibration_charts,
    chart_card,
    history_view,
    metric_tables,
    prediction_charts,
    text,
)


@dataclass(frozen=True)
class Selection:
    """Keys of protocol and backbone in the metrics."""

    protocol: str
    backbone: str

    @property
    def name(self) -> str:
        """The choice as part of a file's name."""
        return f"{self.protocol}-{self.backbone}"

    @property
    def title(self) -> str:
        """The choice as a person reads it."""
        return f"{text.PROTOCOLS[self.protocol]}, {text.BACKBONES[self.backbone]}"


def choose() -> Selection:
    """Draw the two selectors that rule all below them."""
    with st.container(horizontal=True, gap="medium", key="evaluation_choice"):
        protocol = _control("How the photos were split", text.PROTOCOLS, "evaluation_protocol")
        backbone = _control("Backbone", text.BACKBONES, "evaluation_backbone")
    return Selection(protocol, backbone)


def choose_kind() -> str:
    """Draw the selector for the kind of input."""
    return _control("Kind of input", text.KINDS, "evaluation_kind")


def _control(label: str, titles: dict[str, str], key: str) -> str:
    return st.segmented_control(
        label,
        list(titles),
        default=next(iter(titles)),
        required=True,
        format_func=titles.__getitem__,
        key=key,
    )


def history_exhibits(
    history: Sequence[HistoryFigures], baselines: Sequence[HistoryBaseline], key: str
) -> None:
    """Show the gain by a site's days: for held-out sites, and for known ones."""
    by_step = [figures for figures in history if figures.days is not None]
    if by_step:
        rivals = history_view.rival_table(by_step, baselines)
        chart_card.chart(
            "history",
            key,
            history_view.history_chart(by_step, baselines),
            rivals,
            _small(*history_view.chart_sentences(by_step, baselines))
            + rivals.html("Session RMSE by known days of the place"),
        )
        steps = history_view.step_table(by_step)
        chart_card.table(
            "history-steps", key, steps, _small(history_view.interval_sentence(by_step))
        )
    at_known_places = [figures for figures in history if figures.days is None]
    if at_known_places:
        chart_card.table(
            "known-places",
            key,
            history_view.known_place_table(at_known_places, baselines),
            _small(
                history_view.known_place_sentence(at_known_places, baselines),
                history_view.interval_sentence(at_known_places),
            ),
        )


def kind_exhibits(run: Run, kind: str, key: str) -> None:
    """Show all cards of one kind of input, which the run must have."""
    kind_metrics, kind_key = run.kinds[kind], f"{key}-{kind}"
    left, right = st.columns(2)
    with left:
        chart_card.chart(
            "sessions",
            kind_key,
            prediction_charts.session_chart(run.sessions, kind),
            prediction_charts.session_table(run.sessions),
        )
    with right:
        chart_card.chart(
            "confusion",
            kind_key,
            prediction_charts.confusion_chart(kind_metrics.confusion),
            prediction_charts.confusion_table(kind_metrics.confusion),
        )
    left, right = st.columns(2)
    with left:
        _reliability(kind_metrics, kind_key)
    with right:
        chart_card.chart(
            "coverage-by-place",
            kind_key,
            calibration_charts.place_coverage_chart(kind_metrics.per_place),
            metric_tables.place_table(kind_metrics.per_place),
        )
    left, right = st.columns(2)
    with left:
        chart_card.chart(
            "coverage-by-readings",
            kind_key,
            calibration_charts.readings_coverage_chart(kind_metrics.interval_by_readings),
            calibration_charts.readings_coverage_table(kind_metrics.interval_by_readings),
        )
    with right:
        _missing_readings(run, key)
    chart_card.table("places", kind_key, metric_tables.place_table(kind_metrics.per_place))


def guard_exhibits(guard: PhotoScreenMetrics, key: str) -> None:
    """Show false alarms and catches."""
    left, right = st.columns(2)
    with left:
        chart_card.table("false-alarms", key, metric_tables.alarm_table(guard))
    with right:
        chart_card.table("catches", key, metric_tables.catch_table(guard))


def heat_map_exhibit(saliency: SaliencyMetrics, key: str) -> None:
    """Show how faithful each method's saliency maps are."""
    chart_card.table(
        "heat-maps",
        key,
        metric_tables.heat_map_table(saliency),
        f'<p class="aq aq-small">{metric_tables.heat_map_sentence(saliency)}</p>',
    )


def _reliability(kind_metrics: InputKindMetrics, key: str) -> None:
    trust = calibration_charts.trust_table(kind_metrics.calibration)
    chart_card.chart(
        "reliability",
        key,
        calibration_charts.reliability_chart(kind_metrics.calibration),
        calibration_charts.reliability_table(kind_metrics.calibration),
        trust.html("Calibration before and after"),
    )


def _missing_readings(run: Run, key: str) -> None:
    partial = run.partial_sensors
    if partial is None:
        chart_card.absent("missing-readings")
        return
    chart_card.chart(
        "missing-readings",
        key,
        prediction_charts.partial_chart(partial.by_readings),
        prediction_charts.partial_table(partial.by_readings),
        f'<p class="aq aq-small">{prediction_charts.partial_sentence(partial)}</p>',
    )


def _small(*sentences: str) -> str:
    text = " ".join(filter(None, sentences)).replace(" %", "\u00a0%")
    return f'<p class="aq aq-small">{text}</p>'
