"""Who may do what, how the label store is, and what it runs with: for admins."""

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.ui import page
from aqfusion.ui.labels import (
    account,
    export_view,
    guidelines,
    import_view,
    invite_view,
    opened,
    people_view,
    settings_view,
    store_view,
)

PEOPLE, STORE, IN_AND_OUT, SETTINGS = "People", "Store", "In and out", "Settings"

page.begin("Admin", "Who may do what, and how the label store is.")
actor = account.require("admin")

part = st.segmented_control(
    "Part",
    [PEOPLE, STORE, IN_AND_OUT, SETTINGS],
    default=PEOPLE,
    required=True,
    key="admin_choice_part",
    persist_state="session",
    label_visibility="collapsed",
)
try:
    if part == PEOPLE:
        people_view.show(actor)
        with st.container(border=True, key="card_invite"):
            invite_view.show(actor)
    elif part == STORE:
        store_view.show(actor)
    elif part == IN_AND_OUT:
        with st.container(border=True, key="card_import"):
            import_view.show(actor)
        with st.container(border=True, key="card_export"):
            export_view.show(actor)
    else:
        settings_view.show(actor)
        with st.container(border=True, key="card_guidelines"):
            guidelines.edit(actor)
except InputError as error:
    opened.failed(error)
page.end()
