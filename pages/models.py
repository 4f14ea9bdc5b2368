"""Turn corrections into a better model, see what that gave, and go back where it gave nothing."""

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.ui import page
from aqfusion.ui.labels import account, opened
from aqfusion.ui.plain import plain
from aqfusion.ui.versions import drift_view, gain_view, run_view, serving_view, version_list
from aqfusion.ui.versions.opened import registry

NOW, VERSIONS, DRIFT = "Now", "Versions", "Drift"

page.begin("Models", "Corrections become a better model, and there is always a way back.")
actor = account.require("expert")

part = st.segmented_control(
    "Part",
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
            serving_view.show(actor)
        with right.container(border=True, height="stretch", key="card_run"):
            run_view.show(actor)
        with st.container(border=True, key="card_gain"):
            gain_view.show()
    elif part == VERSIONS:
        version_list.show(actor)
    else:
        with st.container(border=True, key="card_drift"):
            st.subheader("Is the air still what it was?", anchor=False)
            drift_view.show(opened.store(), actor, registry().current(), opened.now())
except InputError as error:
    st.error(plain(str(error)), icon=":material/error:")
page.end()
