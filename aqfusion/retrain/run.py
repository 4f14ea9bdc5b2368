"""A retraining as a process of its own: start it, look at it, end it.

Any process can do all three, and none of it depends on who started it: the page may be reloaded,
the app may be restarted.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from aqfusion.files import replace_file
from aqfusion.labels.actor import Actor, RoleError
from aqfusion.registry.locks import holder
from aqfusion.retrain.progress import (
    CANCEL,
    LOCK,
    PROGRESS,
    Progress,
    RunError,
    log,
    read_progress,
    refuse_second,
    status,
)
from aqfusion.settings import ROOT

__all__ = ["Progress", "RunError", "cancel", "log", "start", "status"]

_START = 60.0  # seconds until a run must have begun, on a machine that does much else


def start(home: Path, actor: Actor, options: tuple[str, ...] = ()) -> Progress:
    """Start `python -m aqfusion retrain` in somebody's name; refused while one runs.

    Returns once the new process has the lock, so that whoever looks then sees it.
    """
    _check_role(actor, "retrain")
    home.mkdir(parents=True, exist_ok=True)
    refuse_second(home)
    before = read_progress(home / PROGRESS)
    command = [sys.executable, "-m", "aqfusion", "retrain", f"--by={actor.name}", *options]
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
        end = time.monotonic() + _START
        while child.poll() is None and time.monotonic() < end:
            now = read_progress(home / PROGRESS)
            if now is not None and now != before and now.pid == child.pid:
                return now
            time.sleep(0.05)
        out.seek(0)
        said = out.read().decode(errors="replace").strip().splitlines()
    now = read_progress(home / PROGRESS)
    if now is not None and now != before and now.pid == child.pid:  # it was quick
        return now
    raise RunError(said[-1] if said else f"a retraining must begin within {_START:.0f} s, got none")


def cancel(home: Path, actor: Actor) -> bool:
    """Ask the run to end, by a file and by a signal; whether there was one."""
    _check_role(actor, "cancel a retraining")
    pid = holder(home / LOCK)
    if pid is None:
        return False
    replace_file(home / CANCEL, b"")
    if pid:
        with suppress(OSError):  # on another machine, or just gone
            os.kill(pid, signal.SIGTERM)
    return True


def _check_role(actor: Actor, what: str) -> None:
    if not actor.may("expert"):
        raise RoleError(f"role must be expert or above to {what}, got {actor.role}")
