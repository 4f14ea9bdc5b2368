"""How the label store is: its figures, whether it is sound, its backup."""

from html import escape

import streamlit as st

from aqfusion.labels.actor import Actor
from aqfusion.ui.labels import backup_view, opened, told
from aqfusion.ui.plain import plain_list

PLACE = "admin_store"
SAYS = {
    "pending": "offered by visitors, and to be looked at by an expert",
    "open": "waiting for answers",
    "answered": "answered, and the answers agree",
    "conflict": "answered, and the answers differ",
    "flagged": "a reading is said to be wrong, or somebody can't tell",
    "settled": "decided by an expert",
    "sent back": "asked anew by an expert",
    "rejected": "refused by an expert",
}
_MOST_FAULTS = 20


def show(actor: Actor) -> None:
    """Draw all of it."""
    left, right = st.columns(2)
    with left.container(border=True, height="stretch", key="card_counts"):
        st.subheader("Items", anchor=False)
        st.html(counts_table(opened.store().overview.counts()))
    with right.container(border=True, height="stretch", key="card_sound"):
        st.subheader("Is it sound?", anchor=False)
        _verify()
        _sweep(actor)
    with st.container(border=True, key="card_backup"):
        backup_view.show(actor)


def counts_table(counts: dict[str, int]) -> str:
    """The number of items of each status, and what that means, as HTML."""
    rows = "".join(
        f'<tr><th scope="row" class="aq-left">{escape(status)}</th><td>{number:,}</td>'
        f'<td class="aq-left aq-muted">{SAYS[status]}</td></tr>'
        for status, number in counts.items()
    )
    return (
        '<div class="aq aq-scroll" tabindex="0"><table class="aq-table aq-figures">'
        f'<tbody>{rows}<tr><th scope="row" class="aq-left">all</th>'
        f'<td><strong>{sum(counts.values()):,}</strong></td><td class="aq-left"></td></tr>'
        "</tbody></table></div>"
    )


def _verify() -> None:
    st.markdown(
        "What was said is kept as a list of events, to which lines are only ever added. What the "
        "pages show is its sum, kept beside it."
    )
    if not st.button("Check that they agree", key="admin_verify", icon=":material/rule:"):
        return
    with st.spinner("Adding the events up ..."):
        faults = opened.store().verify()
    if not faults:
        st.success("What is shown is the sum of all events.", icon=":material/check_circle:")
        return
    listed = plain_list(faults, _MOST_FAULTS)
    st.error(f"{len(faults)} faults:\n{listed}", icon=":material/error:")


def _sweep(actor: Actor) -> None:
    st.markdown("Photos that visitors offered and an expert refused stay until they are deleted.")
    st.button(
        "Delete photos that no item needs",
        key="admin_sweep",
        icon=":material/delete_sweep:",
        on_click=_delete_photos,
        args=(actor,),
    )
    told.show(PLACE)


def _delete_photos(actor: Actor) -> None:
    def work() -> str:
        gone = opened.reached().sweep_photos(actor, opened.now())
        return f"{gone} photo{'' if gone == 1 else 's'} deleted"

    told.attempt(PLACE, work)
