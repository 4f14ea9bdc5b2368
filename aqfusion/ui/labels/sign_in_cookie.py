"""The page's side of the sign-in cookie: read at the handshake, fetched after a sign-in."""

import json
from datetime import datetime

import streamlit as st

from aqfusion.labels.actor import Actor
from aqfusion.labels.sign_in_sessions import CODE_LASTS
from aqfusion.labels.store import LabelStore
from aqfusion.ui.labels import cookie_route, opened

_CODE = "account_cookie_code"
# Runs once for each code: the same script in a later run is not run again.
_FETCH = """<script>
fetch({path}, {{method: "POST", credentials: "same-origin", cache: "no-store",
  headers: {{"Content-Type": "application/json"}}, body: JSON.stringify({{code: {code}}})}});
</script>"""


def holder(store: LabelStore) -> Actor | None:
    """Whom the cookie of this tab's connection belongs to, if its sign-in goes on."""
    value = _value(store)
    return store.sessions.by_cookie(value, opened.now()) if value else None


def hand_over(code: str) -> None:
    """Let the browser fetch the cookie when the page is drawn next."""
    st.session_state[_CODE] = (code, opened.now() + CODE_LASTS)


def take_away() -> None:
    """Let the browser forget the cookie of a sign-in that has ended."""
    hand_over("")


def draw() -> None:
    """Draw what fetches the cookie, as long as its code may still be on the way."""
    kept: tuple[str, datetime] | None = st.session_state.get(_CODE)
    if kept is None:
        return
    code, until = kept
    if opened.now() > until:
        st.session_state.pop(_CODE, None)
        return
    script = _FETCH.format(path=json.dumps(cookie_route.path()), code=json.dumps(code))
    with st.container(key="account_cookie"):
        st.html(script, unsafe_allow_javascript=True)


def _value(store: LabelStore) -> str | None:
    origin = st.context.headers.get("Origin", "")
    return cookie_route.value_in(st.context.cookies, origin, store.sessions.cookie_name)
