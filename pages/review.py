"""Show experts what annotators could not settle, let them decide, and tell how far people agree."""

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.settings import ASSETS
from aqfusion.ui import page
from aqfusion.ui.labels import account, export_view, opened
from aqfusion.ui.plain import plain
from aqfusion.ui.review import agreement_view, item_page, place, work_list

page.begin("Which label holds?", "What annotators could not settle among themselves, you decide.")
st.html(ASSETS / "review" / "review.css")
actor = account.require("expert")
store = opened.store()
try:
    number = place.item()
except InputError as error:
    st.error(plain(str(error)), icon=":material/link_off:")
    number = None

if number is not None:
    item_page.show(store, actor, number)
    page.end()
    st.stop()

part = st.segmented_control(
    "What to see",
    ("Work list", "Agreement", "Export"),
    default="Work list",
    required=True,
    key="review_choice_part",
    persist_state="session",
    label_visibility="collapsed",
)
if part == "Work list":
    work_list.show(store, actor)
elif part == "Agreement":
    agreement_view.show(store, actor)
else:
    with st.container(border=True, key="card_export"):
        export_view.show(actor)
page.end()
