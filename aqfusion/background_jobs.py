"""Long work in a process of its own: started, watched and ended by any process.

Any process can do both, and none of it depends on who started it: the page may be reloaded, the
app may be restarted.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from aqfusion.errors import InputError
from aqfusion.io.atomic_files import replace_file
from aqfusion.io.file_lock import holder, locked
from aqfusion.io.json_models import TableError, check, read_table
from aqfusion.io.temporary_files import private_folder
from aqfusion.permissions import Actor, RoleError
from aqfusion.settings import ROOT

__all__ = [
    "CANCEL",
    "LOCK",
    "LOG",
    "PATIENCE",
    "PROGRESS",
    "Job",
    "JobProgress",
    "RunError",
    "RunningJob",
    "cancel",
    "log",
    "read_progress",
    "refuse_second",
    "running",
    "start",
    "status",
]

LOCK, PROGRESS, LOG, CANCEL = "run.lock", "progress.json", "run.log", "cancel"
PATIENCE = 0.5  # seconds: `status` holds the lock for a moment too


class RunError(InputError):
    """A run that cannot start, or that was ended before its time."""


@dataclass(frozen=True)
class JobProgress:
    """How a run stands: running, done, refused, failed, cancelled, out of time or killed.

    `by` is in whose name, `step` what it did last, `said` a sentence for a person, `version` what
    it made, `promoted` whether that became current; times are UTC in ISO 8601. Of `total` items
    `done` are finished, `failed` of them without a result; 0 where the work is not counted.
    """

    state: str
    started: str
    updated: str
    pid: int
    by: str = ""
    step: str = ""
    said: str = ""
    version: str | None = None
    promoted: bool = False
    done: int = 0
    total: int = 0
    failed: int = 0


def status(home: Path) -> JobProgress | None:
    """How the last run stands; `None` where there was none."""
    progress = read_progress(home / PROGRESS)
    if progress is not None and progress.state == "running" and holder(home / LOCK) is None:
        again = read_progress(home / PROGRESS)  # it may have ended between the two reads
        if again is not None and again.state == "running":
            return replace(again, state="killed", said="the process ended without a message")
        return again
    return progress


def log(home: Path, lines: int = 200) -> str:
    """The end of the last run's log; empty where there was none."""
    try:
        text = (home / LOG).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def refuse_second(home: Path, noun: str) -> None:
    """Raise `RunError` where a run is going on; `noun` is what the sentence calls it."""
    end = time.monotonic() + PATIENCE
    while (pid := holder(home / LOCK)) is not None:
        if time.monotonic() > end:
            raise RunError(
                f"A {noun} is running already (process {pid}). Wait until it ends, or cancel it."
            )
        time.sleep(0.02)


def read_progress(path: Path) -> JobProgress | None:
    """The last progress of a run; `None` where there is nothing, or something else."""
    try:
        progress: JobProgress = check(JobProgress, read_table(path), path.name)
    except TableError:
        return None
    return progress


_START = 60.0  # seconds until a run must have begun, on a machine that does much else
_GIVES_WAY = 10  # of 0 to 19: how much more urgent everything else is


@dataclass(frozen=True)
class Job:
    """A kind of work: `command` follows `python -m aqfusion`, `role` is the least that starts it.

    `noun` and `verb` are what sentences call it: a "retraining", to "retrain". One that
    `gives_way` leaves the processors to whatever else wants them.
    """

    command: tuple[str, ...]
    noun: str
    verb: str
    role: str
    gives_way: bool = False


def start(job: Job, home: Path, actor: Actor, options: tuple[str, ...] = ()) -> JobProgress:
    """Start the work in somebody's name; `RunError` while it runs already.

    Returns once the new process has the lock, so that its progress can be read then.
    """
    _check_role(job, actor, job.verb)
    private_folder(home)
    refuse_second(home, job.noun)
    before = read_progress(home / PROGRESS)
    command = [sys.executable, "-m", "aqfusion", *job.command, f"--by={actor.name}", *options]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    with tempfile.TemporaryFile() as out:  # until the run keeps its own log
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
        if job.gives_way:
            with suppress(OSError):  # it has ended already
                os.setpriority(os.PRIO_PROCESS, child.pid, _GIVES_WAY)
        end = time.monotonic() + _START
        while child.poll() is None and time.monotonic() < end:
            now = read_progress(home / PROGRESS)
            if now is not None and now != before and now.pid == child.pid:
                return now
            time.sleep(0.05)
        out.seek(0)
        output = out.read().decode(errors="replace").strip().splitlines()
    now = read_progress(home / PROGRESS)
    if now is not None and now != before and now.pid == child.pid:  # it was quick
        return now
    raise RunError(
        output[-1] if output else f"The {job.noun} did not start within {_START:.0f} s. Try again."
    )


def cancel(job: Job, home: Path, actor: Actor) -> bool:
    """Ask the run to end, by a file and by a signal; whether there was one."""
    _check_role(job, actor, f"cancel a {job.noun}")
    pid = holder(home / LOCK)
    if pid is None:
        return False
    replace_file(home / CANCEL, b"")
    if pid:
        with suppress(OSError):  # on another machine, or just gone
            os.kill(pid, signal.SIGTERM)
    return True


def _check_role(job: Job, actor: Actor, what: str) -> None:
    if not actor.may(job.role):
        raise RoleError(
            f"The role {job.role} or above is needed to {what}, and your role is {actor.role}. "
            "Ask an admin to change it."
        )


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
) -> Iterator["RunningJob"]:
    """Hold the lock and keep progress and log; `limit` is in seconds. Only in the main thread.

    `noun` is what sentences call the work.
    """
    with locked(home / LOCK, PATIENCE) as held:
        if not held:
            refuse_second(home, noun)
            raise RunError(f"Another {noun} has just started. Wait until it ends, or cancel it.")
        (home / CANCEL).unlink(missing_ok=True)
        run = RunningJob(home, by, report)
        before = {number: signal.signal(number, run.on_signal) for number in _SIGNALS}
        if limit is not None:
            signal.setitimer(signal.ITIMER_REAL, limit)
        try:
            yield run
        except Ended as ended:
            sentence = f"the {noun} was stopped: {ended.state}"
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


class RunningJob:
    """The run of this process."""

    def __init__(self, home: Path, by: str, report: Callable[[str], None]) -> None:
        """Write the first progress, and begin the log anew."""
        self._home, self._tell = home, report
        self._closed = False
        moment = _moment()
        self._now = JobProgress("running", moment, moment, os.getpid(), by)
        replace_file(home / LOG, b"")
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
