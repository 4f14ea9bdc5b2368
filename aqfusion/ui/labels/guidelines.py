"""The guidelines of the label desk: their text, example pictures, and where an admin edits them."""

from functools import cache
from typing import Any

import streamlit as st

from aqfusion.images.photo import Photo
from aqfusion.labels.store import LONGEST_GUIDELINES
from aqfusion.permissions import Actor
from aqfusion.settings import ASSETS
from aqfusion.synthetic_scenes import scenes
from aqfusion.ui.labels import flash, store_session
from aqfusion.ui.markup import data_url

PLACE = "admin_guidelines"
_TEXT = ASSETS / "label" / "guidelines.md"
_EXAMPLES = ASSETS / "label" / "examples"
_FIELD = "admin_guidelines_text"


def text() -> str:
    """The text that holds now: the admin's, else the one that comes with the program."""
    return store_session.reached().settings.guidelines() or default()


@cache
def default() -> str:
    """The text that comes with the program."""
    return _TEXT.read_text(encoding="utf-8").strip()


@cache
def examples() -> tuple[dict[str, str], ...]:
    """One rendered picture of each US category, the cleanest first: title, words and picture."""
    pictures = []
    for scene in scenes(_EXAMPLES):
        picture = data_url(Photo.open(_EXAMPLES / scene.file).image, 75)
        pictures.append({"title": scene.title, "words": scene.alt, "picture": picture})
    return tuple(pictures)


def for_desk() -> dict[str, Any]:
    """Text and pictures as the desk takes them."""
    note = "The pictures are rendered by this program: the same view in air of six categories."
    return {"text": text(), "note": note, "examples": [*examples()]}


def edit(actor: Actor) -> None:
    """Draw the field in which an admin writes the guidelines."""
    st.subheader("Guidelines for labelling", anchor=False)
    flash.render_flash(PLACE)
    if st.session_state.get(_FIELD) is None:
        st.session_state[_FIELD] = text()
    st.text_area("Text", key=_FIELD, max_chars=LONGEST_GUIDELINES, height=360)
    st.caption(
        "The key g on the Label page shows them. A line that begins with # is a title, a line that "
        "begins with - is a list item; everything else is plain text. The example pictures stay."
    )

    def keep(new_text: str) -> None:
        def work() -> str:
            store_session.reached().settings.set_guidelines(actor, new_text, store_session.now())
            return (
                "the guidelines are saved" if new_text.strip() else "the default text is used again"
            )

        if flash.run_with_flash(PLACE, work, refused="Not saved: "):
            st.session_state[_FIELD] = None

    with st.container(horizontal=True):
        st.button(
            "Save the guidelines",
            key="admin_guidelines_save",
            type="primary",
            on_click=lambda: keep(st.session_state.get(_FIELD) or ""),
        )
        st.button(
            "Restore the default text", key="admin_guidelines_default", on_click=lambda: keep("")
        )
