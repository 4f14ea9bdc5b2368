"""Tasks of the server besides pages: the sign-in cookie, and who may resume a session."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.routing import Route

from aqfusion.errors import InputError
from aqfusion.ui import one_lock
from aqfusion.ui.labels import cookie_route, opened, session_guard, session_registry

_PRUNE_SECONDS = 15.0
_log = logging.getLogger(__name__)


def routes() -> list[Route]:
    """Return the addresses of our own beside Streamlit's."""
    return [Route(cookie_route.path(), cookie_route.answer, methods=["POST"])]


def middleware() -> list[Middleware]:
    """Return what every request passes before Streamlit sees it."""
    return [Middleware(session_guard.SessionGuard)]


@contextlib.asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Guard sessions from runs that overlap, and end sign-ins when their time is over."""
    one_lock.install()
    task = asyncio.create_task(_prune_forever())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _prune_forever() -> None:
    while True:
        await asyncio.sleep(_PRUNE_SECONDS)
        if session_registry.is_empty():
            continue  # nobody has signed in here: no store needs to be opened
        try:
            await run_in_threadpool(lambda: opened.reached().sessions.prune(opened.now()))
        except (InputError, OSError) as error:  # a busy store: the next round does it
            _log.warning("Sign-ins whose time is over could not be ended: %s", error)
