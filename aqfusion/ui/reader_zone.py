"""The time zone of whoever reads the page, as their browser tells it."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import streamlit as st


def reported() -> tzinfo | None:
    """The reader's zone; `None` where the browser tells none, or one that is not known here."""
    try:
        return ZoneInfo(st.context.timezone) if st.context.timezone else None
    except (ValueError, OSError):  # a name that is none, or has no data
        return None


def here() -> tzinfo:
    """The reader's zone, UTC where it is not known."""
    return reported() or UTC
