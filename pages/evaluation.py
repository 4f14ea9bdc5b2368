"""Show how good the model is: against the paper, simpler methods, new places, missing readings."""

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.ui import cached_metrics, page
from aqfusion.ui.evaluation import chart_card, metric_tables, sections, text
from aqfusion.ui.markup import show_error

page.begin(
    "Evaluation of the model", "How well the model predicts photos that it was not trained on."
)
try:
    metrics = cached_metrics.metrics()
except InputError as error:
    show_error(error, "The evaluation results cannot be shown: ")
    page.end()
    st.stop()

st.container(key="evaluation_headline").html(metric_tables.headline(metrics))
st.markdown(text.LEAKAGE)
choice = sections.choose()
protocol = metrics.protocols.get(choice.protocol)
run = metrics.run(choice.protocol, choice.backbone)
if protocol is None:
    st.info(f"{choice.title}: {text.NOT_YET}.")
    page.end()
    st.stop()

st.markdown(protocol.says)
by_session = st.toggle("Weight sessions equally, not photos", key="evaluation_weighing")
chart_card.table("scores", choice.name, metric_tables.score_table(protocol, run, by_session))
with st.expander("What the columns mean", key="evaluation_columns"):
    st.markdown(text.FIGURES)

if run is not None and run.history:
    sections.history_exhibits(run.history, protocol.history_baselines, choice.name)
elif choice.protocol in text.WITH_HISTORY:
    st.info(f"Benefit of the measured days of a place, {choice.title}: {text.NOT_YET}.")

kind = sections.choose_kind()
if run is None or kind not in run.kinds:
    st.info(f"{choice.title}, {text.KINDS[kind].lower()}: {text.NOT_YET}.")
else:
    sections.kind_exhibits(run, kind, choice.name)
chart_card.table(
    "backbones", choice.protocol, metric_tables.backbone_table(metrics, choice.protocol)
)
if run is None or run.guard is None:
    st.info(f"Photo screening, {choice.title}: {text.NOT_YET}.")
else:
    sections.guard_exhibits(run.guard, choice.name)
if run is None or run.heat_maps is None:
    st.info(f"Saliency maps, {choice.title}: {text.NOT_YET}.")
else:
    sections.heat_map_exhibit(run.heat_maps, choice.name)
st.caption(text.source(metrics.data))
page.end()
