"""The message about the last click, shown once and where it was made."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aqfusion.errors import InputError
from aqfusion.ui.markup import plain, public_text


def run_with_flash(place: str, work: Callable[[], str | None], *, refused: str = "") -> bool:
    """Run `work` in the callback of a click; its message or error is shown at `place`.

    `refused` comes before the sentence of what went wrong.
    """
    try:
        message = work()
    except (InputError, OSError) as error:
        reason = (
            public_text(error)
            if isinstance(error, InputError)
            else error.strerror or "a file could not be read or written"
        )
        set_flash(place, f"{refused}{reason}", good=False)
        return False
    if message:
        set_flash(place, message)
    return True


def flash_pending(line: DeltaGenerator) -> Callable[[str], None]:
    """The callback for steps of long work: each replaces the one before in `line`."""

    def report(step: str) -> None:
        line.caption(plain(step))

    return report


def set_flash(place: str, text: str, *, good: bool = True) -> None:
    """Keep what to say at `place` when it is drawn next."""
    st.session_state[_key(place)] = (good, text)


def render_flash(place: str) -> None:
    """Draw the message of this place, if there is one; it is gone with the next run."""
    good, text = st.session_state.pop(_key(place), (True, ""))
    if not text:
        return
    sentence = plain(text[0].upper() + text[1:].removesuffix(".")) + "."
    if good:
        st.success(sentence, icon=":material/check_circle:")
    else:
        st.error(sentence, icon=":material/error:")


def _key(place: str) -> str:
    return f"told_{place}"
