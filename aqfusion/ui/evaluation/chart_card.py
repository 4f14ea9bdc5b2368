"""A chart or a table in its card, with the sentence that explains it and its CSV."""

import plotly.graph_objects as go
import streamlit as st

from aqfusion.ui.chart_style import png_button
from aqfusion.ui.evaluation.text import EXHIBITS, NOT_YET
from aqfusion.ui.table import Table, csv_button


def chart(noun: str, key: str, figure: go.Figure, content: Table, more: str = "") -> None:
    """Show the chart `noun` of `of` (`leak-safe-resnet18`); `more` is HTML below it."""
    title, says = EXHIBITS[noun]
    with _card(noun):
        st.plotly_chart(
            figure,
            width="stretch",
            key=f"chart_{noun}",
            config=png_button(f"aqfusion-{noun}-{key}"),
            alt=f"{title}. {says}",
        )
        if more:
            st.html(more)
        csv_button(noun, content, key)


def table(noun: str, key: str, content: Table, more: str = "") -> None:
    """Show the table `noun` of `of`; `more` is HTML below it."""
    with _card(noun):
        st.html(content.html(EXHIBITS[noun][0]) + more)
        csv_button(noun, content, key)


def absent(noun: str) -> None:
    """Keep the place of an exhibit that has no figures yet."""
    _card(noun).info(f"{NOT_YET.capitalize()}.")


def _card(noun: str) -> "st.delta_generator.DeltaGenerator":
    title, says = EXHIBITS[noun]
    card = st.container(border=True, height="stretch", key=f"exhibit_{noun}")
    card.subheader(title, anchor=False)
    card.markdown(says.replace(" %", "\u00a0%"))  # no line ends between number and sign
    return card
