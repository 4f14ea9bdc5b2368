"""Days from the settled labels of a place in the label store, for people with an account."""

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.adjudicated import adjudicated
from aqfusion.labels.site_labels import label_days as labels_as_days
from aqfusion.ui.labels import opened
from aqfusion.ui.plain import plain
from aqfusion.ui.site import adding, mine

_PLACE = "mysite_label_place"
_MOST_DAYS = 200


def show(own: mine.Own) -> None:
    """Draw the choice of a place of the store."""
    try:
        places = opened.reached().search.places()
    except InputError as error:
        st.error(f"The label store cannot be used: {plain(str(error))}", icon=":material/error:")
        return
    if not places:
        st.info("No photo in the label store has a place yet.")
        return
    same = [place for place in places if place.casefold() == own.site.name.casefold()]
    st.selectbox(
        "Place in the label store",
        places,
        index=places.index(same[0]) if same else 0,
        key=_PLACE,
    )
    st.button(
        "Add its settled labels",
        key="mysite_label_add",
        type="primary",
        icon=":material/add:",
        on_click=_add,
        args=(own,),
    )
    st.caption("Labels that name an AQI, not a category alone, and on which all agree.")


def _add(own: mine.Own) -> None:
    place = st.session_state.get(_PLACE)

    def work() -> adding.Added:
        settled = adjudicated(opened.reached().database, places={str(place)})
        days = labels_as_days(settled)
        left = len(days) - _MOST_DAYS
        note = f"the {left} oldest are left out" if left > 0 else None
        return adding.Added(days[-_MOST_DAYS:], note)

    adding.add(own, work)
