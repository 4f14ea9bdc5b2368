"""A file that was prepared for a download; it is deleted once it has been downloaded."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.io.temporary_files import TemporaryFolder
from aqfusion.permissions import Actor
from aqfusion.ui.labels import flash, store_session
from aqfusion.ui.markup import public_text

MOST_BYTES = 1_000_000_000  # a download is held in memory


Done = TypeVar("Done")


class DownloadError(InputError):
    """A file that is too large for a download in the browser, or that is gone."""


class ReadyFile:
    """A file in a folder of its own, which goes when it is taken or the session ends."""

    def __init__(self, name: str, role: str) -> None:
        """Make the folder; `name` is the file's, `role` may take it."""
        self._folder = TemporaryFolder()
        self._role = role
        self.path = self._folder.path / name

    def check_size(self) -> None:
        """Refuse what no browser should take."""
        size = self.path.stat().st_size
        if size > MOST_BYTES:
            raise DownloadError(
                f"file must have at most {MOST_BYTES // 1_000_000} MB for a download in the "
                f"browser, got {size / 1e6:.0f}. Use labels export or labels backup in the terminal"
            )

    def take(self, actor: Actor) -> bytes:
        """Hand the file over, once, to who still has the role."""
        if not store_session.reached().sign_in.again(actor).may(self._role):
            raise DownloadError(
                f"{actor.name} no longer has the role {self._role}, which this download needs. "
                "Ask an admin."
            )
        try:
            content = self.path.read_bytes()
        except FileNotFoundError as error:
            raise DownloadError(
                "This file has been downloaded already. Prepare it again."
            ) from error
        self.discard()
        return content

    def discard(self) -> None:
        """Delete it."""
        self._folder.cleanup()


def prepared(key: str, place: str, ready: ReadyFile, work: Callable[[Path], Done]) -> Done | None:
    """Let `work` write the file and keep it for the session; an error is shown at `place`."""
    try:
        done = work(ready.path)
        ready.check_size()
    except InputError as error:
        ready.discard()
        flash.set_flash(place, public_text(error), good=False)
        flash.render_flash(place)
        return None
    st.session_state[key] = ready
    return done


def kept(key: str) -> ReadyFile | None:
    """The file of this session under `key`, if it has not been taken yet."""
    ready: ReadyFile | None = st.session_state.get(key)
    if ready is not None and not ready.path.exists():
        st.session_state.pop(key, None)
        return None
    return ready


def discard(key: str) -> None:
    """Delete the file of this session under `key`."""
    ready: ReadyFile | None = st.session_state.pop(key, None)
    if ready is not None:
        ready.discard()


def offer(key: str, actor: Actor, ready: ReadyFile, name: str) -> None:
    """Draw the buttons that take it, as `name`, or leave it."""
    st.download_button(
        f"Download, {ready.path.stat().st_size / 1e6:.1f} MB",
        lambda: ready.take(actor),
        name,
        key=f"{key}_take",
        icon=":material/download:",
        type="primary",
    )
    st.button("Discard", key=f"{key}_discard", type="tertiary", on_click=discard, args=(key,))
