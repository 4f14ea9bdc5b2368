"""An app for Streamlit, which a collection of doctests would run in pytest's own process."""

collect_ignore = ["small_app.py"]
