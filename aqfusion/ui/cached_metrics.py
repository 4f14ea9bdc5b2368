"""The figures of the last evaluation, read once."""

from pathlib import Path

import streamlit as st

from aqfusion.metrics import Metrics, read_metrics
from aqfusion.settings import ASSETS

METRICS = ASSETS / "metrics.json"


def metrics() -> Metrics:
    """Return the figures; a file that is absent or damaged raises `TableError`."""
    changed = METRICS.stat().st_mtime_ns if METRICS.is_file() else 0
    return _metrics(METRICS, changed)


@st.cache_resource(max_entries=1, show_spinner="Loading the evaluation results ...")
def _metrics(path: Path, changed: int) -> Metrics:
    return read_metrics(path)
