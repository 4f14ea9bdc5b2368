"""Tasks of the server besides pages: one lock per visitor, cookie route, resumed sessions.

Streamlit 1.67 gives every run of a script its own `SafeSessionState`, and with it a lock,
around the one `SessionState` of the visitor. A run that is being replaced ends while the next
begins: the one removes what it did not draw, the other goes over the same dictionary, and the
visitor reads "dictionary changed size during iteration" where the page should be.
"""

import asyncio
import contextlib
import gc
import logging
import threading
from collections.abc import AsyncIterator, Callable
from functools import cache
from weakref import WeakValueDictionary

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.routing import Route
from streamlit.runtime.state import SafeSessionState, SessionState

from aqfusion.errors import InputError
from aqfusion.images.decoding import trim_memory
from aqfusion.registry.registry import Registry
from aqfusion.server import app_shell, health, log_limits, login_return, logs, metrics, upkeep
from aqfusion.server.gate import Gate
from aqfusion.server.reach import base_path
from aqfusion.settings import SettingsError, load_server_settings, load_settings
from aqfusion.ui import cached_models, heavy_work, pandas_import, warm_up
from aqfusion.ui.labels import browser_sessions, sign_in_cookie, store_session

_alone: Callable[..., None] = SafeSessionState.__init__
_making = threading.Lock()
# By identity: a SessionState can be neither hashed nor weakly referenced. A lock lives as long as a
# SafeSessionState that holds it, and with it the SessionState; so no other can have its identity.
_locks: WeakValueDictionary[int, threading.RLock] = WeakValueDictionary()


def _shared(
    self: SafeSessionState, state: SessionState, yield_callback: Callable[[], None]
) -> None:
    _alone(self, state, yield_callback)
    with _making:
        object.__setattr__(self, "_lock", _locks.setdefault(id(state), self._lock))


def install() -> None:
    """Let all runs of a visitor share one lock, from the next run on; again does nothing more."""
    SafeSessionState.__init__ = _shared  # type: ignore[method-assign]


_PRUNE_SECONDS, _TRIM_SECONDS = 15.0, 10.0
_log = logging.getLogger(__name__)


def routes() -> list[Route]:
    """Return the addresses of our own beside Streamlit's."""
    base = base_path()
    return [
        Route(sign_in_cookie.path(), sign_in_cookie.answer, methods=["POST"]),
        Route(f"{base}/healthz", health.live),
        Route(f"{base}/readyz", health.ReadinessProbe(_checks()).answer),
        Route(f"{base}/metrics", metrics.answer),
    ]


def _checks() -> dict[str, health.Check]:
    """What `/readyz` asks; the settings are read anew each time, as pages do."""

    def disk() -> health.CheckResult:
        return health.check_disk(load_settings(), load_server_settings().least_disk_mb)

    def model() -> health.CheckResult:
        return health.check_model(Registry.of(load_settings()).current, cached_models.loaded)

    return {
        "store": lambda: health.check_store(store_session.reached),
        "model": model,
        "disk": disk,
    }


@cache
def _gate() -> Gate:
    try:
        return Gate(load_server_settings(), browser_sessions.is_browser_of)
    except SettingsError as error:
        raise SystemExit(f"AQFusion cannot start: {error}") from error


def middleware() -> list[Middleware]:
    """Return what every request passes before Streamlit sees it, the outermost first."""
    return [
        Middleware(logs.RequestPseudonym),
        Middleware(metrics.RequestMetrics, base=base_path()),
        *_gate().middleware(),
        Middleware(login_return.LoginReturn, base=base_path()),
        Middleware(app_shell.AppShell, base=base_path()),
        Middleware(browser_sessions.SessionGuard),
    ]


@contextlib.asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Guard sessions from runs that overlap, and end what is over: sign-ins, uploads."""
    logs.install(load_server_settings().log)  # uvicorn has set up its own by now
    log_limits.install()
    install()
    heavy_work.install()
    pandas_import.install()
    warm_up.begin()
    work = (_tidy_up(), _prune_forever(), _trim_forever(), _gate().sweep(), upkeep.back_up_daily())
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tidy_up() -> None:
    try:
        settings = load_settings()
        await run_in_threadpool(upkeep.tighten, settings)
        await run_in_threadpool(upkeep.sweep_at_start, settings)
    except (InputError, OSError) as error:
        _log.warning("Folders could not be tidied up at the start: %s", error)


async def _trim_forever() -> None:
    while True:
        await asyncio.sleep(_TRIM_SECONDS)
        await run_in_threadpool(_collect)


def _collect() -> None:
    gc.collect()  # for all runs since: .streamlit/config.toml tells Streamlit not to at each one
    trim_memory()


async def _prune_forever() -> None:
    while True:
        await asyncio.sleep(_PRUNE_SECONDS)
        if browser_sessions.is_empty():
            continue  # nobody has signed in here: no store needs to be opened
        try:
            await run_in_threadpool(
                lambda: store_session.reached().sessions.prune(store_session.now())
            )
        except (InputError, OSError) as error:  # a busy store: the next round does it
            _log.warning("Sign-ins whose time is over could not be ended: %s", error)
