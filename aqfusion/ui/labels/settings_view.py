"""Settings of the label store, shown without secrets; environment or secrets set them."""

from html import escape

import streamlit as st

from aqfusion.labels.actor import Actor
from aqfusion.labels.invites import INVITE_LASTS
from aqfusion.labels.schema import VERSION
from aqfusion.labels.store import LabelStore
from aqfusion.ui.labels import elsewhere, opened


def show(_actor: Actor) -> None:
    """Draw the table."""
    st.html(settings_table(opened.store(), elsewhere.providers()))
    st.caption(
        "AQFUSION_LABELS and AQFUSION_PHOTOS name other places, `[auth]` in the secrets file a "
        "provider; README tells how. A change holds from the server's next start on."
    )


def settings_table(store: LabelStore, providers: tuple[str, ...]) -> str:
    """Places, ways to sign in and limits, as HTML."""
    limits = store.offers.limits
    rows = {
        "Database": store.database.where,
        "Photos": store.photos.where,
        "Version of the store": str(VERSION),
        "Sign-in": "PIN" + "".join(f", OpenID Connect ({name})" for name in providers),
        "Invitations last": f"{INVITE_LASTS.days} days, or what is chosen",
        "Offers of one visitor": f"{limits.per_session} an hour",
        "Offers of all visitors": f"{limits.per_hour} an hour",
        "Offers waiting to be looked at": f"at most {limits.pending:,}",
        "An offered photo": f"at most {limits.photo_bytes / 1e6:g} MB, without metadata",
    }
    cells = "".join(
        f'<tr><th scope="row" class="aq-left">{escape(name)}</th>'
        f'<td class="aq-left">{escape(value)}</td></tr>'
        for name, value in rows.items()
    )
    return (
        '<div class="aq aq-scroll" tabindex="0"><table class="aq-table aq-figures aq-settings">'
        f"<tbody>{cells}</tbody></table></div>"
    )
