"""How far people agree, how each one works, and where they and the model part."""

import plotly.graph_objects as go
import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor
from aqfusion.ui.chart_style import png_button
from aqfusion.ui.evaluation.prediction_charts import confusion_chart, confusion_table
from aqfusion.ui.markup import show_error
from aqfusion.ui.review import agreement_stats
from aqfusion.ui.review.agreement_stats import MOST_PAIRED, Figures, figures_of
from aqfusion.ui.table import Table, csv_button

_EVERYBODY = "Everybody"


def render_agreement(store: LabelStore, actor: Actor) -> None:
    """Draw all figures of the answers as they are now."""
    try:
        figures = _counted(
            store, actor, store.database.where, store.annotation_records.last_event(actor)
        )
    except InputError as error:
        show_error(error)
        return
    if not figures.answers:
        st.info("There are no answers yet.", icon=":material/hourglass_empty:")
        return
    st.caption(_basis(figures))
    _table(
        "agreement",
        "Agreement of all annotators",
        agreement_stats.ALPHA,
        agreement_stats.alpha_table(figures),
    )
    if figures.pairs:
        limit_note = f" Only the {MOST_PAIRED} people with the most answers are shown." * (
            len(figures.annotators) > MOST_PAIRED
        )
        _table(
            "pairs",
            "Agreement by pair",
            agreement_stats.PAIRS + limit_note,
            agreement_stats.pair_table(figures),
        )
    _table(
        "annotators",
        "Each annotator",
        agreement_stats.ANNOTATORS,
        agreement_stats.annotator_table(figures),
    )
    _against_model(figures)


def _basis(figures: Figures) -> str:
    left = figures.other_scales
    other = f" {left:d} answers by another standard than the US one are left out." if left else ""
    return (
        f"{figures.answers:d} answers as they are now; {figures.blind:d} of them are blind. "
        f"Agreement and comparisons count only these, of {figures.items:d} items.{other}"
    )


def _against_model(figures: Figures) -> None:
    with _card("against-model", "Annotators and the model", agreement_stats.AGAINST_MODEL):
        who = st.selectbox(
            "Whose answers",
            (_EVERYBODY, *figures.against_model),
            key="review_choice_whose",
            persist_state="session",
            width=260,
        )
        counts = figures.against_model.get(who) or figures.everybody
        if not any(map(sum, counts)):
            st.info("None of the answered items has a prediction of the model.")
            return
        chart: go.Figure = confusion_chart(counts, "annotators answered", "the model predicted")
        st.plotly_chart(
            chart,
            width="stretch",
            key="chart_against_model",
            config=png_button("aqfusion-people-and-model"),
            alt="How often each category was answered where the model predicted each category",
        )
        most = agreement_stats.commonest_difference(counts)
        if most:
            st.markdown(most)
        csv_button("against-model", confusion_table(counts, "people said", "the model says"))


def _table(noun: str, title: str, says: str, content: Table) -> None:
    with _card(noun, title, says):
        st.html(content.html(title))
        csv_button(noun, content)


def _card(noun: str, title: str, says: str) -> "st.delta_generator.DeltaGenerator":
    card = st.container(border=True, key=f"exhibit_{noun}")
    card.subheader(title, anchor=False)
    card.markdown(says.replace(" %", "\u00a0%"))
    return card


@st.cache_data(ttl=600, max_entries=2, show_spinner="Counting the answers ...")
def _counted(_store: LabelStore, _actor: Actor, where: str, last_event: int) -> Figures:
    """The figures of the database at `where`, which stay until the next event."""
    return figures_of(_store.annotation_records(_actor))
