"""Scoring as a process of its own, one for each label store: start, read progress, end."""

from pathlib import Path

from aqfusion import background_jobs
from aqfusion.background_jobs import Job, JobProgress
from aqfusion.permissions import Actor
from aqfusion.settings import Settings
from aqfusion.text_validation import digest_of

__all__ = ["NOUN", "cancel", "log", "scoring_folder", "start", "status"]

NOUN = "scoring"
_JOB = Job(("labels", "score"), NOUN, "score items", "admin", gives_way=True)


def scoring_folder(settings: Settings) -> Path:
    """Where the scorings of the settings' label store keep progress, log and lock."""
    return Path(settings.home) / "scoring" / digest_of(settings.labels or "")[:16]


def start(settings: Settings, actor: Actor) -> JobProgress:
    """Start `python -m aqfusion labels score` in an admin's name; `RunError` while one runs."""
    return background_jobs.start(_JOB, scoring_folder(settings), actor)


def cancel(settings: Settings, actor: Actor) -> bool:
    """Ask the scoring to end; whether there was one. What it has scored stays."""
    return background_jobs.cancel(_JOB, scoring_folder(settings), actor)


def status(settings: Settings) -> JobProgress | None:
    """How the last scoring stands; `None` where there was none."""
    return background_jobs.status(scoring_folder(settings))


def log(settings: Settings) -> str:
    """The end of the last scoring's log."""
    return background_jobs.log(scoring_folder(settings))
