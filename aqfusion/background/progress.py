"""Progress of a job in a process of its own: files that any process can read, replaced whole."""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aqfusion.errors import InputError
from aqfusion.registry.locks import holder

__all__ = [
    "CANCEL",
    "LOCK",
    "LOG",
    "PATIENCE",
    "PROGRESS",
    "Progress",
    "RunError",
    "log",
    "read_progress",
    "refuse_second",
    "status",
]

LOCK, PROGRESS, LOG, CANCEL = "run.lock", "progress.json", "run.log", "cancel"
PATIENCE = 0.5  # seconds: `status` holds the lock for a moment too


class RunError(InputError):
    """A run that cannot start, or that was ended before its time."""


@dataclass(frozen=True)
class Progress:
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


def status(home: Path) -> Progress | None:
    """How the last run stands; `None` where there was none."""
    progress = read_progress(home / PROGRESS)
    if progress is not None and progress.state == "running" and holder(home / LOCK) is None:
        again = read_progress(home / PROGRESS)  # it may have ended between the two reads
        if again is not None and again.state == "running":
            return replace(again, state="killed", said="the process ended without a word")
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
            raise RunError(f"only one {noun} may run at a time, got one already (process {pid})")
        time.sleep(0.02)


def read_progress(path: Path) -> Progress | None:
    """The last progress of a run; `None` where there is nothing, or something else."""
    try:
        entry: dict[str, Any] = json.loads(path.read_bytes())
        return Progress(**entry)
    except (OSError, ValueError, TypeError):
        return None
