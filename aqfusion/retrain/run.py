"""A retraining as a process of its own: lock, progress, log, cancel, time limit.

Any process can read how it stands, and none of it depends on who started it: the page may be
reloaded, the app may be restarted.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from aqfusion.errors import InputError
from aqfusion.files import replace_file
from aqfusion.registry.locks import holder, locked
from aqfusion.settings import ROOT

__all__ = ["Progress", "RunError", "cancel", "running", "start", "status"]

LOCK, PROGRESS, LOG, CANCEL = "run.lock", "progress.json", "run.log", "cancel"
_PATIENCE = 0.5  # seconds: `status` holds the lock for a moment too
_SIGNALS = {signal.SIGTERM, signal.SIGALRM, signal.SIGINT}


class RunError(InputError):
    """A run that cannot start, or that was ended before its time."""


class Ended(BaseException):  # like KeyboardInterrupt: nothing but the run may catch it
    """A run was cancelled, or its time is over; `state` says which."""

    def __init__(self, state: str) -> None:
        """Say which."""
        super().__init__(state)
        self.state = state


@dataclass(frozen=True)
class Progress:
    """How a run stands: running, done, refused, failed, cancelled, out of time or killed.

    `step` is what it did last, `said` a sentence for a person, `version` what it made.
    """

    state: str
    started: str
    updated: str
    pid: int
    step: str = ""
    said: str = ""
    version: str | None = None


def status(home: Path) -> Progress | None:
    """How the last run stands; `None` where there was none."""
    found = _read(home / PROGRESS)
    if found is not None and found.state == "running" and holder(home / LOCK) is None:
        again = _read(home / PROGRESS)  # it may have ended between the two looks
        if again is not None and again.state == "running":
            return replace(again, state="killed", said="the process ended without a word")
        return again
    return found


def start(home: Path, options: tuple[str, ...] = ()) -> int:
    """Start `python -m aqfusion retrain`, and return its process; refused while one runs."""
    home.mkdir(parents=True, exist_ok=True)
    _refuse_second(home)
    command = [sys.executable, "-m", "aqfusion", "retrain", *options]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    with (home / LOG).open("ab") as log:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
    return child.pid


def cancel(home: Path) -> bool:
    """Ask the run to end, by a file and by a signal; whether there was one."""
    pid = holder(home / LOCK)
    if pid is None:
        return False
    replace_file(home / CANCEL, b"")
    if pid:
        with suppress(OSError):  # on another machine, or just gone
            os.kill(pid, signal.SIGTERM)
    return True


@contextmanager
def running(home: Path, report: Callable[[str], None], limit: float | None) -> Iterator["Running"]:
    """Hold the lock and keep the progress; `limit` is in seconds. Only in the main thread."""
    with locked(home / LOCK, _PATIENCE) as held:
        if not held:
            _refuse_second(home)
            raise RunError("only one retraining may run at a time, got another just now")
        (home / CANCEL).unlink(missing_ok=True)
        run = Running(home, report)
        before = {one: signal.signal(one, run.on_signal) for one in _SIGNALS}
        if limit is not None:
            signal.setitimer(signal.ITIMER_REAL, limit)
        try:
            yield run
        except Ended as ended:
            sentence = f"the retraining was ended: {ended.state}"
            run.end(ended.state, sentence)
            raise RunError(sentence) from ended
        except BaseException as error:
            run.end("failed", " ".join(str(error).split()) or type(error).__name__)
            raise
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for one, handler in before.items():
                signal.signal(one, handler)


class Running:
    """The run of this process."""

    def __init__(self, home: Path, report: Callable[[str], None]) -> None:
        """Write the first progress."""
        self._home, self._tell = home, report
        self._closed = False
        moment = _moment()
        self._now = Progress("running", moment, moment, os.getpid())
        self._write()

    def report(self, step: str) -> None:
        """Tell a step; ends the run here where somebody asked for it."""
        if (self._home / CANCEL).exists():
            raise Ended("cancelled")
        self._tell(step)
        self._now = replace(self._now, step=step, updated=_moment())
        self._write()

    def close(self) -> None:
        """From now on nothing ends the run: what it came to is about to be kept."""
        self._closed = True

    def end(self, state: str, said: str, version: str | None = None) -> None:
        """Write the last progress."""
        self._closed = True
        self._now = replace(self._now, state=state, said=said, version=version, updated=_moment())
        self._write()

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """End the run at once, wherever it is: every file is replaced whole."""
        if not self._closed:
            raise Ended("out of time" if number == signal.SIGALRM else "cancelled")

    def _write(self) -> None:
        replace_file(self._home / PROGRESS, json.dumps(asdict(self._now)).encode())


def _refuse_second(home: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while (pid := holder(home / LOCK)) is not None:
        if time.monotonic() > end:
            raise RunError(
                f"only one retraining may run at a time, got one already (process {pid})"
            )
        time.sleep(0.02)


def _read(path: Path) -> Progress | None:
    try:
        entry: dict[str, Any] = json.loads(path.read_bytes())
        return Progress(**entry)
    except (OSError, ValueError, TypeError):
        return None


def _moment() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
