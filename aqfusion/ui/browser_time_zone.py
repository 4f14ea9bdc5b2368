"""The reader's time zone, as the browser reports it."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import streamlit as st


def reported() -> tzinfo | None:
    """The reader's zone; `None` where the browser reports none, or an unknown one."""
    try:
        return ZoneInfo(st.context.timezone) if st.context.timezone else None
    except (ValueError, OSError):  # a name that is none, or has no data
        return None


def here() -> tzinfo:
    """The reader's zone, UTC where it is unknown."""
    return reported() or UTC
