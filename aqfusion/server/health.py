"""Health checks: whether the process lives (`/healthz`) and can do its work (`/readyz`)."""

import asyncio
import hashlib
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from aqfusion.labels.database import database_url
from aqfusion.labels.migrations import is_current
from aqfusion.labels.store import LabelStore
from aqfusion.model.checkpoint import WEIGHTS
from aqfusion.model.predictor import Predictor, model_folder
from aqfusion.registry.serving import Served
from aqfusion.settings import Settings

__all__ = ["CheckResult", "ReadinessProbe", "check_disk", "check_model", "check_store", "live"]

_log = logging.getLogger(__name__)
_NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class CheckResult:
    """Whether one part works, and a fixed sentence for anybody: no path, address or secret."""

    ok: bool
    detail: str


Check = Callable[[], CheckResult]


async def live(_request: Request) -> Response:
    """Answer that the process lives; nothing else is asked."""
    return JSONResponse({"status": "ok"}, headers=_NO_STORE)


class ReadinessProbe:
    """Runs all checks at most once at a time, and answers from the last results for a while."""

    def __init__(
        self, checks: Mapping[str, Check], *, patience: float = 2.0, lasts: float = 5.0
    ) -> None:
        """Give each check `patience` seconds; results are told for `lasts` seconds."""
        self._probes = {name: _CheckThread(name, check) for name, check in checks.items()}
        self._patience, self._lasts = patience, lasts
        self._round: asyncio.Task[dict[str, CheckResult]] | None = None
        self._ended = 0.0

    async def answer(self, _request: Request) -> Response:
        """Answer 200 where everything works and 503 where something does not, and what."""
        results = await self.results()
        ready = all(result.ok for result in results.values())
        content = {
            "status": "ready" if ready else "not ready",
            "checks": {
                name: {"ok": result.ok, "detail": result.detail} for name, result in results.items()
            },
        }
        return JSONResponse(content, 200 if ready else 503, headers=_NO_STORE)

    async def results(self) -> dict[str, CheckResult]:
        """Return each check's result, at most `lasts` seconds old."""
        current = self._round
        if current is None or (current.done() and time.monotonic() - self._ended > self._lasts):
            current = self._round = asyncio.create_task(self._run())
        return await asyncio.shield(current)  # whoever asked may leave; the round goes on

    async def _run(self) -> dict[str, CheckResult]:
        try:
            results = await asyncio.gather(
                *(probe.result(self._patience) for probe in self._probes.values())
            )
            return dict(zip(self._probes, results, strict=True))
        finally:
            self._ended = time.monotonic()


class _CheckThread:
    """One check in a thread of its own; while it hangs, no other is begun."""

    def __init__(self, name: str, check: Check) -> None:
        self._name, self._check = name, check
        self._running: Future[CheckResult] | None = None
        self._last: CheckResult | None = None

    async def result(self, patience: float) -> CheckResult:
        if self._running is None or self._running.done():
            self._running = Future()
            # A daemon: a pool's thread would hold the end of the process as long as it hangs.
            threading.Thread(target=self._work, args=(self._running,), daemon=True).start()
        waiting = asyncio.shield(asyncio.wrap_future(self._running))
        try:
            result = await asyncio.wait_for(waiting, patience)
        except TimeoutError:
            result = CheckResult(False, "no answer in time")
        if result != self._last and not result.ok:
            _log.warning("Not ready: %s: %s", self._name, result.detail)
        self._last = result
        return result

    def _work(self, answer: "Future[CheckResult]") -> None:
        try:
            answer.set_result(self._check())
        except Exception as error:  # noqa: BLE001 - whatever it is, the part does not work
            if self._last is None or self._last.ok:
                _log.warning("The check of the %s failed", self._name, exc_info=error)
            answer.set_result(CheckResult(False, "cannot be used"))


def check_store(opened: Callable[[], LabelStore]) -> CheckResult:
    """Ask the store for the version of its tables."""
    if is_current(opened().database):
        return CheckResult(True, "answers")
    return CheckResult(False, "has tables of another version than this program")


def check_model(serving: Callable[[], Served], load: Callable[[str], Predictor]) -> CheckResult:
    """Load the model that should serve; the one in use must be it, down to its weights."""
    served = serving()
    model = load(served.model)
    if served.warning is not None:
        return CheckResult(False, "the version that should serve is damaged; another one is in use")
    weights = model_folder(served.model) / WEIGHTS
    status = weights.stat()
    if model.checkpoint.sha256 != _sha256(weights, status.st_size, status.st_mtime_ns):
        return CheckResult(False, "other weights are in use than those on disk; restart the app")
    return CheckResult(True, served.version or "the shipped model")


@lru_cache(maxsize=8)
def _sha256(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_disk(settings: Settings, least_mb: int) -> CheckResult:
    """Look for room wherever the app writes."""
    for folder in _folders(settings):
        place = next(path for path in (folder, *folder.parents) if path.exists())
        if not os.access(place, os.W_OK):
            return CheckResult(False, "cannot be written")
        if shutil.disk_usage(place).free < least_mb * 1_000_000:
            return CheckResult(False, f"has less than {least_mb} MB of room")
    return CheckResult(True, f"has at least {least_mb} MB of room")


def _folders(settings: Settings) -> Iterable[Path]:
    yield settings.home.absolute()
    if settings.models is not None:
        yield settings.models.absolute()
    if settings.photos is not None and "://" not in settings.photos:
        yield Path(settings.photos).expanduser().absolute()
    if settings.labels is not None:
        url = database_url(settings.labels)
        if url.get_backend_name() == "sqlite" and url.database:
            yield Path(url.database).parent
