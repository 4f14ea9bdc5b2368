"""Turn corrections into a better model, see what that gave, and go back where it gave nothing."""

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.ui import page
from aqfusion.ui.labels import account
from aqfusion.ui.plain import plain
from aqfusion.ui.versions import gain_view, run_view, serving_view, version_list

NOW, VERSIONS = "Now", "Versions"

page.begin("Models", "Corrections become a better model, and there is always a way back.")
actor = account.require("expert")

part = st.segmented_control(
    "Part",
    [NOW, VERSIONS],
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
    else:
        version_list.show(actor)
except InputError as error:
    st.error(plain(str(error)), icon=":material/error:")
page.end()
