"""Show experts what annotators could not settle, let them decide, and tell how far people agree."""

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.ui import page
from aqfusion.ui.labels import account, export_view, store_session
from aqfusion.ui.markup import show_error
from aqfusion.ui.review import agreement_view, item_view, routing, work_list

page.begin("Review", "Decide the items on which annotators disagree.")
actor = account.require("expert")
store = store_session.store()
try:
    number = routing.item()
except InputError as error:
    show_error(error, icon=":material/link_off:")
    number = None

if number is not None:
    item_view.render_item_page(store, actor, number)
    page.end()
    st.stop()

part = st.segmented_control(
    "View",
    ("Work list", "Agreement", "Export"),
    default="Work list",
    required=True,
    key="review_choice_part",
    persist_state="session",
    label_visibility="collapsed",
)
if part == "Work list":
    work_list.render_work_list(store, actor)
elif part == "Agreement":
    agreement_view.render_agreement(store, actor)
else:
    with st.container(border=True, key="card_export"):
        export_view.render_export(actor)
page.end()
