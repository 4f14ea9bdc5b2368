"""Show how good the model is: against the paper, simpler methods, new places, missing readings."""

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.ui import figures_found, page
from aqfusion.ui.evaluation import (
    backbone_table,
    exhibit,
    exhibits,
    headline,
    score_table,
    selectors,
    words,
)

page.begin("How good is it?", "What the model gets right and wrong on photos it was not shown.")
try:
    metrics = figures_found.metrics()
except InputError as error:
    st.error(f"There are no figures to show: {error}", icon=":material/error:")
    page.end()
    st.stop()

st.html(headline.headline(metrics))
st.markdown(words.LEAKAGE)
choice = selectors.choose()
protocol = metrics.protocols.get(choice.protocol)
run = metrics.run(choice.protocol, choice.backbone)
if protocol is None:
    st.info(f"{choice.title}: {words.NOT_YET}.")
    page.end()
    st.stop()

st.markdown(protocol.says)
by_session = st.toggle("Let every session count alike, not every photo", key="evaluation_weighing")
exhibit.table("scores", choice.name, score_table.score_table(protocol, run, by_session))
with st.expander("What the columns mean", key="evaluation_columns"):
    st.markdown(words.FIGURES)

if run is not None and run.history:
    exhibits.history_exhibits(run.history, protocol.history_baselines, choice.name)
elif choice.protocol in words.WITH_HISTORY:
    st.info(f"What a place's days are worth, {choice.title}: {words.NOT_YET}.")

kind = selectors.choose_kind()
if run is None or kind not in run.kinds:
    st.info(f"{choice.title}, {words.KINDS[kind].lower()}: {words.NOT_YET}.")
else:
    exhibits.kind_exhibits(run, kind, choice.name)
exhibit.table("backbones", choice.protocol, backbone_table.backbone_table(metrics, choice.protocol))
if run is None or run.guard is None:
    st.info(f"The guard, {choice.title}: {words.NOT_YET}.")
else:
    exhibits.guard_exhibits(run.guard, choice.name)
if run is None or run.heat_maps is None:
    st.info(f"The heat maps, {choice.title}: {words.NOT_YET}.")
else:
    exhibits.heat_map_exhibit(run.heat_maps, choice.name)
st.caption(words.source(metrics.data))
page.end()
