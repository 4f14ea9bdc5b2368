"""The effect of labels: sentences, and the learning curve over versions."""

from collections.abc import Sequence, Set

import plotly.graph_objects as go
import streamlit as st

from aqfusion.labels.progress import SettledSince
from aqfusion.registry.version import Version
from aqfusion.ui import chart_style
from aqfusion.ui.labels import store_session
from aqfusion.ui.markup import plain
from aqfusion.ui.registry import label_impact
from aqfusion.ui.registry.registry_session import registry, versions
from aqfusion.ui.registry.version_tables import KINDS

_MARKS = {
    "fused": (chart_style.BLUE, "circle"),
    "image_only": (chart_style.VERMILION, "square"),
    "sensors_only": (chart_style.GREEN, "diamond"),
}
_FORMS = {"rmse": ".1f", "accuracy": ".0%"}
_FIGURES = {"rmse": "Error, RMSE in AQI", "accuracy": "Right category"}


def line() -> None:
    """One line for annotators: what their labels wait for, and what the last ones gave."""
    served = registry().current().version
    by_name = {version.name: version for version in versions()}
    text = label_impact.new_labels_sentence(_since(by_name.get(served or "")), served)
    if served in by_name:
        text += " " + label_impact.effect_sentence(by_name[served])
    st.caption(plain(text))


def render_label_impact() -> None:
    """Draw all of it, for the Models page."""
    st.subheader("Impact of new labels", anchor=False)
    served, all_versions = registry().current().version, versions()
    by_name = {version.name: version for version in all_versions}
    st.markdown(plain(label_impact.new_labels_sentence(_since(by_name.get(served or "")), served)))
    if served in by_name:
        st.markdown(plain(label_impact.effect_sentence(by_name[served])))
    curve = label_impact.comparable(all_versions)
    if not curve:
        st.caption("The learning curve begins with the first version.")
        return
    figure = st.segmented_control(
        "Figure",
        list(_FIGURES),
        default="rmse",
        required=True,
        format_func=_FIGURES.__getitem__,
        key="models_choice_figure",
        persist_state="session",
        label_visibility="collapsed",
    )
    st.plotly_chart(
        learning_curve(curve, {promotion.version for promotion in registry().promotions()}, figure),
        key="chart_learning_curve",
        config=chart_style.png_button("learning-curve"),
    )
    st.caption(
        "Measured on a hold-out set from the training data, which never contains corrections. "
        "The image network saw these photos when it was first trained, so the values themselves "
        "are optimistic: look at how they change. Hollow marks are versions that were never "
        "deployed."
    )


def learning_curve(
    compared: Sequence[Version], promoted: Set[str | None], figure: str
) -> go.Figure:
    """A line per kind of input, from the model before the first version over those that served.

    A version that never served is a hollow mark beside the line.
    """
    names = ["before", *(f"v{version.number}" for version in compared)]
    served = [True, *(version.name in promoted for version in compared)]
    drawn = chart_style.blank(
        280,
        xaxis={"type": "category", "categoryorder": "array", "categoryarray": names},
        yaxis={
            "title": {"text": _FIGURES[figure]},
            "rangemode": "tozero",
            "tickformat": ".0%" if figure == "accuracy" else "",
        },
    )
    for kind, words in KINDS.items():
        colour, symbol = _MARKS[kind]
        steps = [label_impact.step(version, figure, kind) for version in compared]
        if steps[0] is None:
            continue
        points = list(
            zip(names, (steps[0].before, *(s and s.after for s in steps)), served, strict=True)
        )
        for of_line in (True, False):
            marks = [(name, value) for name, value, was in points if was == of_line]
            drawn.add_scatter(
                x=[name for name, _ in marks],
                y=[value for _, value in marks],
                name=words,
                showlegend=of_line,
                mode="lines+markers" if of_line else "markers",
                line={"color": colour},
                marker={"symbol": symbol if of_line else f"{symbol}-open", "size": 9},
                hovertemplate=f"{words}: %{{y:{_FORMS[figure]}}}<extra></extra>",
            )
    return drawn


def _since(version: Version | None) -> SettledSince:
    event = version.manifest["labels"]["last_event"] if version else 0
    return store_session.store().overview.settled_since(event)
