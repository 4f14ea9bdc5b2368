"""The deployed version, since when and why, and the rollback."""

from contextlib import suppress

import streamlit as st

from aqfusion.labels.actor import Actor
from aqfusion.registry.current import Promotion
from aqfusion.registry.version import RegistryError, title
from aqfusion.ui.labels import opened as labels
from aqfusion.ui.labels import told
from aqfusion.ui.plain import plain
from aqfusion.ui.table import Column, Table
from aqfusion.ui.versions.opened import as_now, moment, registry

PLACE = "models_serving"


def show(actor: Actor) -> None:
    """Draw it, with what is wrong about it."""
    st.subheader("Serving now", anchor=False)
    served = registry().current()
    if served.warning:
        st.warning(plain(served.warning), icon=":material/broken_image:")
    made: tuple[Promotion, ...] = ()
    with suppress(RegistryError):  # the warning has the reason
        made = registry().promotions()
    in_force = made[-1] if made and made[-1].version == served.version else None
    name = title(served.version)
    st.markdown(f"**{name.capitalize()}**" + (f" :small[{served.version or served.model}]"))
    if in_force is not None:
        st.markdown(plain(f"Since {moment(in_force.at)} UTC, by {in_force.by}: {in_force.reason}."))
    elif served.version is None and not served.warning:
        st.markdown("No correction has changed it yet.")
    told.show(PLACE)
    if served.version is not None:
        _way_back(actor, served.version)
    if made:
        with st.expander("All changes", key="models_promotions"):
            st.html(history(made).html("All changes of what serves, the latest first"))


def history(made: tuple[Promotion, ...]) -> Table:
    """The deployed versions by time, the latest first."""
    rows = (
        (moment(promotion.at), title(promotion.version), promotion.by, promotion.reason)
        for promotion in reversed(made)
    )
    return Table(tuple(map(Column, ("UTC", "Served", "By", "Why"))), tuple(rows))


def _way_back(actor: Actor, version: str) -> None:
    way = st.popover("Go back to the one before", icon=":material/undo:", key="models_back")
    with way.form("models_back_form", border=False):
        st.text_input("Reason, if there is one to tell", key="models_back_reason")
        st.form_submit_button(
            f"Go back from {title(version)}", on_click=_go_back, args=(actor,), type="primary"
        )


def _go_back(actor: Actor) -> None:
    def work() -> str:
        reason = st.session_state.get("models_back_reason", "")
        done = registry().rollback(as_now(actor), reason, labels.now())
        return f"{title(done.version)} serves again"

    told.attempt(PLACE, work)
