"""The registry of versions that the settings name, and in whose name something is done there."""

from datetime import datetime

import streamlit as st

from aqfusion.permissions import Actor
from aqfusion.registry.registry import Registry
from aqfusion.registry.version import Version
from aqfusion.settings import load_settings
from aqfusion.ui.labels import store_session


def registry() -> Registry:
    """The registry; it is a name for a folder, and costs nothing."""
    return Registry.of(load_settings())


def as_now(actor: Actor) -> Actor:
    """The actor with the role that the label store gives them at this moment."""
    return store_session.reached().sign_in.again(actor)


def moment(text: str) -> str:
    """A moment of a manifest or a promotion, as a person reads it, in UTC."""
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}"


def versions() -> tuple[Version, ...]:
    """All whole versions, oldest first; read anew only when the folder or a promotion changed."""
    home = registry().home
    stamp = home.stat().st_mtime_ns if home.is_dir() else 0
    return _versions(str(home), stamp)


@st.cache_resource(max_entries=4, show_spinner=False)
def _versions(home: str, stamp: int) -> tuple[Version, ...]:
    return registry().versions()
