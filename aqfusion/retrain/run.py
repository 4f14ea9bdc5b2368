"""A retraining as a process of its own: start it, read its progress, end it."""

from pathlib import Path

from aqfusion.background import process
from aqfusion.background.process import Job
from aqfusion.background.progress import Progress, RunError, log, status
from aqfusion.labels.actor import Actor

__all__ = ["Progress", "RunError", "cancel", "log", "start", "status"]

_JOB = Job(("retrain",), "retraining", "retrain", "expert")


def start(home: Path, actor: Actor, options: tuple[str, ...] = ()) -> Progress:
    """Start `python -m aqfusion retrain` in somebody's name; refused while one runs."""
    return process.start(_JOB, home, actor, options)


def cancel(home: Path, actor: Actor) -> bool:
    """Ask the run to end; whether there was one."""
    return process.cancel(_JOB, home, actor)
