"""The inside of such a process: lock, progress, log, its end on request or by the clock."""

import json
import os
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from aqfusion.background.progress import (
    CANCEL,
    LOCK,
    LOG,
    PATIENCE,
    PROGRESS,
    Progress,
    RunError,
    refuse_second,
)
from aqfusion.files import replace_file
from aqfusion.registry.locks import locked

__all__ = ["Running", "running"]

_SIGNALS = {signal.SIGTERM, signal.SIGALRM, signal.SIGINT}


class Ended(BaseException):  # like KeyboardInterrupt: nothing but the run may catch it
    """A run was cancelled, or its time is over, by `state`."""

    def __init__(self, state: str) -> None:
        """Say which."""
        super().__init__(state)
        self.state = state


@contextmanager
def running(
    home: Path,
    by: str,
    report: Callable[[str], None],
    limit: float | None,
    noun: str = "retraining",
) -> Iterator["Running"]:
    """Hold the lock and keep progress and log; `limit` is in seconds. Only in the main thread.

    `noun` is what sentences call the work.
    """
    with locked(home / LOCK, PATIENCE) as held:
        if not held:
            refuse_second(home, noun)
            raise RunError(f"only one {noun} may run at a time, got another just now")
        (home / CANCEL).unlink(missing_ok=True)
        run = Running(home, by, report)
        before = {number: signal.signal(number, run.on_signal) for number in _SIGNALS}
        if limit is not None:
            signal.setitimer(signal.ITIMER_REAL, limit)
        try:
            yield run
        except Ended as ended:
            sentence = f"the {noun} was ended: {ended.state}"
            run.end(ended.state, sentence)
            raise RunError(sentence) from ended
        except BaseException as error:
            run.note(traceback.format_exc())
            run.end("failed", " ".join(str(error).split()) or type(error).__name__)
            raise
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in before.items():
                signal.signal(number, handler)


class Running:
    """The run of this process."""

    def __init__(self, home: Path, by: str, report: Callable[[str], None]) -> None:
        """Write the first progress, and begin the log anew."""
        self._home, self._tell = home, report
        self._closed = False
        moment = _moment()
        self._now = Progress("running", moment, moment, os.getpid(), by)
        (home / LOG).write_bytes(b"")
        self._write()

    def report(self, step: str) -> None:
        """Report a step; ends the run here where somebody asked for it."""
        if os.getpid() != self._now.pid:  # a fork worker: the run's own process reports
            return
        self._end_if_asked()
        self._tell(step)
        self.note(step)
        self._now = replace(self._now, step=step, updated=_moment())
        self._write()

    def count(self, done: int, total: int, failed: int = 0) -> None:
        """Report how many items are finished; ends the run here where somebody asked for it."""
        self._end_if_asked()
        self._now = replace(self._now, done=done, total=total, failed=failed, updated=_moment())
        self._write()

    def note(self, text: str) -> None:
        """Write into the log."""
        with (self._home / LOG).open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{_moment()} {text}\n")

    def close(self) -> None:
        """From now on nothing ends the run: its outcome is about to be saved."""
        self._closed = True

    def end(
        self, state: str, sentence: str, version: str | None = None, promoted: bool = False
    ) -> None:
        """Write the last progress."""
        self._closed = True
        self.note(f"{state}: {sentence}")
        self._now = replace(
            self._now,
            state=state,
            said=sentence,
            version=version,
            promoted=promoted,
            updated=_moment(),
        )
        self._write()

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """End the run at once, wherever it is: every file is replaced whole."""
        if not self._closed:
            raise Ended("out of time" if number == signal.SIGALRM else "cancelled")

    def _end_if_asked(self) -> None:
        if (self._home / CANCEL).exists():
            raise Ended("cancelled")

    def _write(self) -> None:
        replace_file(self._home / PROGRESS, json.dumps(asdict(self._now)).encode())


def _moment() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
