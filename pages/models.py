"""Turn corrections into a better model, see what that gave, and go back where it gave nothing."""

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.ui import page
from aqfusion.ui.labels import account, store_session
from aqfusion.ui.markup import show_error
from aqfusion.ui.registry import drift_view, label_impact_view, retraining_view, version_list
from aqfusion.ui.registry.registry_session import registry

NOW, VERSIONS, DRIFT = "Current", "Versions", "Drift"

page.begin(
    "Models",
    "Retrain the model on corrected labels, compare its versions, and go back to an earlier one "
    "if needed.",
)
actor = account.require("expert")

part = st.segmented_control(
    "Section",
    [NOW, VERSIONS, DRIFT],
    default=NOW,
    required=True,
    key="models_choice_part",
    persist_state="session",
    label_visibility="collapsed",
)
try:
    if part == NOW:
        left, right = st.columns(2, gap="medium")
        with left.container(border=True, height="stretch", key="card_serving"):
            version_list.render_serving(actor)
        with right.container(border=True, height="stretch", key="card_run"):
            retraining_view.render_retraining(actor)
        with st.container(border=True, key="card_gain"):
            label_impact_view.render_label_impact()
    elif part == VERSIONS:
        version_list.render_version_list(actor)
    else:
        with st.container(border=True, key="card_drift"):
            st.subheader("Data drift", anchor=False)
            drift_view.render_drift(
                store_session.store(), actor, registry().current(), store_session.now()
            )
except InputError as error:
    show_error(error)
page.end()
