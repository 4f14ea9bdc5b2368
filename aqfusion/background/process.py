"""Start work as a process of its own, and end it.

Any process can do both, and none of it depends on who started it: the page may be reloaded, the
app may be restarted.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aqfusion.background.progress import (
    CANCEL,
    LOCK,
    PROGRESS,
    Progress,
    RunError,
    read_progress,
    refuse_second,
)
from aqfusion.files import replace_file
from aqfusion.labels.actor import Actor, RoleError
from aqfusion.registry.locks import holder
from aqfusion.settings import ROOT

__all__ = ["Job", "cancel", "start"]

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


def start(job: Job, home: Path, actor: Actor, options: tuple[str, ...] = ()) -> Progress:
    """Start the work in somebody's name; `RunError` while it runs already.

    Returns once the new process has the lock, so that its progress can be read then.
    """
    _check_role(job, actor, job.verb)
    home.mkdir(parents=True, exist_ok=True)
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
        output[-1] if output else f"a {job.noun} must begin within {_START:.0f} s, got none"
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
        raise RoleError(f"role must be {job.role} or above to {what}, got {actor.role}")
