"""The button under a table that takes it away as CSV."""

import streamlit as st

from aqfusion.ui.table import Table


def csv_button(noun: str, content: Table, about: str = "") -> None:
    """Draw it; `noun` names button, file and widget, as "against-model", `of` the file further."""
    st.download_button(
        f"{noun.replace('-', ' ').capitalize()} as CSV",
        content.csv,
        "-".join(filter(None, ("aqfusion", noun, about))) + ".csv",
        "text/csv",
        key=f"csv_{noun}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )
