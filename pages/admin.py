"""Who may do what, how the label store is, and what it runs with: for admins."""

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.ui import page
from aqfusion.ui.labels import (
    account,
    accounts_view,
    audit_log_view,
    export_view,
    guidelines,
    import_view,
    store_session,
    store_view,
)

PEOPLE, LOG, STORE = "People", "Audit log", "Store"
IN_AND_OUT, SETTINGS = "Import and export", "Settings"

page.begin("Admin", "Accounts and roles, the label store, import and export, settings.")
actor = account.require("admin")

part = st.segmented_control(
    "Part",
    [PEOPLE, LOG, STORE, IN_AND_OUT, SETTINGS],
    default=PEOPLE,
    required=True,
    key="admin_choice_part",
    persist_state="session",
    label_visibility="collapsed",
)
try:
    if part == PEOPLE:
        accounts_view.render_people(actor)
        with st.container(border=True, key="card_invite"):
            accounts_view.render_invite(actor)
    elif part == LOG:
        audit_log_view.render_audit_log(actor)
    elif part == STORE:
        store_view.render_store(actor)
    elif part == IN_AND_OUT:
        with st.container(border=True, key="card_import"):
            import_view.render_import(actor)
        with st.container(border=True, key="card_export"):
            export_view.render_export(actor)
    else:
        store_view.render_settings(actor)
        with st.container(border=True, key="card_guidelines"):
            guidelines.edit(actor)
except InputError as error:
    store_session.failed(error)
page.end()
