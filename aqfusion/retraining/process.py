"""A retraining as a process of its own: start it, read its progress, end it."""

from pathlib import Path

from aqfusion import background_jobs
from aqfusion.background_jobs import Job, JobProgress, RunError, log, status
from aqfusion.permissions import Actor

__all__ = ["JobProgress", "RunError", "cancel", "log", "start", "status"]

_JOB = Job(("retrain",), "retraining", "retrain", "expert")


def start(home: Path, actor: Actor, options: tuple[str, ...] = ()) -> JobProgress:
    """Start `python -m aqfusion retrain` in somebody's name; refused while one runs."""
    return background_jobs.start(_JOB, home, actor, options)


def cancel(home: Path, actor: Actor) -> bool:
    """Ask the run to end; whether there was one."""
    return background_jobs.cancel(_JOB, home, actor)
