"""Backups made again and again into one folder: each tried by a restore, the newest ones kept.

`backups.json` in the folder says which were made and how the last try went. Only files that it
lists, and that nobody has changed since, are ever deleted.
"""

import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aqfusion.errors import InputError
from aqfusion.io.atomic_files import replace_file
from aqfusion.io.file_lock import locked
from aqfusion.io.json_models import TableError, check, check_format, read_table
from aqfusion.io.temporary_files import private_folder, sweep
from aqfusion.labels.backup import Backup, BackupError, backup, rehearse
from aqfusion.labels.store import LabelStore
from aqfusion.labels.store_errors import disk_sentences
from aqfusion.permissions import Actor
from aqfusion.settings import Settings

__all__ = [
    *("OLD", "STATE", "BackupHistory", "BackupRunningError", "FailedBackup", "ScheduledBackup"),
    *("backup_folder", "is_due", "make_scheduled", "read_history"),
]

STATE = "backups.json"
OLD = timedelta(days=2)  # a last good backup of then is one that somebody should look after
_LOCK = "backups.lock"
_FORMAT = 1
_LARGEST = 5_000_000  # bytes of the state
# Somewhat less than a day: a task that is looked for every few minutes would else come later daily.
_DAILY = timedelta(hours=23, minutes=30)
_AGAIN = timedelta(hours=1)  # after one that failed
_NAME = re.compile(r"aqfusion-labels-[0-9]{8}T[0-9]{6}Z\.zip")
_UNVERIFIED = ".unverified.zip"


class BackupRunningError(BackupError):
    """Another process is making a backup into the same folder."""


@dataclass(frozen=True)
class ScheduledBackup:
    """A backup that was restored into a temporary store and compared; `at` is UTC in ISO 8601."""

    name: str
    at: str
    size: int
    modified_ns: int
    items: int
    events: int
    photos: int
    missing_photos: int

    @property
    def time(self) -> datetime:
        """When it was begun."""
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True)
class FailedBackup:
    """A try that made no good backup."""

    at: str
    reason: str

    @property
    def time(self) -> datetime:
        """When it was begun."""
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True)
class BackupHistory:
    """What there is of a folder, oldest first, and the last try where that failed."""

    format: int = _FORMAT
    made: tuple[ScheduledBackup, ...] = ()
    failed: FailedBackup | None = None

    @property
    def last(self) -> ScheduledBackup | None:
        """The newest good one."""
        return self.made[-1] if self.made else None

    def is_old(self, now: datetime) -> bool:
        """Whether the newest good one is no protection any more, or was never made."""
        return self.last is None or now - self.last.time > OLD


def backup_folder(settings: Settings) -> Path:
    """Where scheduled backups go."""
    return settings.backups or settings.home / "backups"


def read_history(folder: Path) -> BackupHistory:
    """What has been made of late, without what somebody has deleted; nothing where none was."""
    path = folder / STATE
    try:
        if not path.exists() or path.stat().st_size > _LARGEST:
            return BackupHistory()
        table = read_table(path)
        check_format(table, STATE, _FORMAT)
        history: BackupHistory = check(BackupHistory, table, STATE)
        entries = [entry for entry in (*history.made, history.failed) if entry is not None]
        if any(entry.time.tzinfo is None for entry in entries):
            raise ValueError("times must have a zone")
        if not all(_NAME.fullmatch(entry.name) for entry in history.made):
            raise ValueError("names must be those of backups")
    except (OSError, TableError, ValueError):  # damaged: nothing in the folder is ours then
        return BackupHistory()
    there = tuple(entry for entry in history.made if (folder / entry.name).is_file())
    return replace(history, made=there)


def is_due(history: BackupHistory, now: datetime) -> bool:
    """Whether a day has gone by since the last good one, and an hour since the last try."""
    if history.failed is not None and timedelta(0) <= now - history.failed.time < _AGAIN:
        return False
    return history.last is None or not timedelta(0) <= now - history.last.time < _DAILY


def make_scheduled(
    store: LabelStore,
    actor: Actor,
    folder: Path,
    keep: int,
    now: datetime,
    *,
    daily: bool = False,
) -> ScheduledBackup | None:
    """Make a backup, prove it, and delete all of this folder's but the newest `keep`.

    With `daily` nothing is done, and `None` returned, where the last one is of today. One that
    cannot be restored stays beside the good ones, marked as unverified, and raises `BackupError`.
    """
    with disk_sentences("the folder of the backups"):
        private_folder(folder)
        with locked(folder / _LOCK, 0) as held:
            if not held:
                raise BackupRunningError(
                    "Another backup into this folder is being made. Try again when it is done."
                )
            history = read_history(folder)
            if daily and not is_due(history, now):
                return None
            sweep(folder)
            try:
                made = _make(store, actor, folder, now)
            except (InputError, OSError) as error:
                reason = str(error) if isinstance(error, InputError) else str(error.strerror)
                failed = FailedBackup(now.isoformat(), reason)
                with suppress(OSError):  # a full disk: the next try may write it
                    _write(folder, replace(history, failed=failed))
                raise
            kept, gone = _split((*history.made, made), keep)
            _write(folder, BackupHistory(made=kept))
            for entry in gone:
                _delete(folder, entry)
            return made


def _make(store: LabelStore, actor: Actor, folder: Path, now: datetime) -> ScheduledBackup:
    stem = f"aqfusion-labels-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    path, unverified = folder / f"{stem}.zip", folder / f"{stem}{_UNVERIFIED}"
    if path.exists():
        raise BackupError(f"The file {path.name} exists already. Try again in a second.")
    for left in folder.glob(f"aqfusion-labels-*{_UNVERIFIED}"):
        left.unlink()
    backup(store, actor, unverified, now, check_it=False)
    held: Backup = rehearse(unverified)
    unverified.rename(path)
    state = path.stat()
    return ScheduledBackup(
        path.name,
        now.astimezone(UTC).isoformat(timespec="seconds"),
        state.st_size,
        state.st_mtime_ns,
        held.rows["items"],
        held.rows["label_events"],
        held.photos,
        len(held.missing),
    )


def _split(
    made: tuple[ScheduledBackup, ...], keep: int
) -> tuple[tuple[ScheduledBackup, ...], tuple[ScheduledBackup, ...]]:
    """The newest ones, and the others; the last one made is always among the first."""
    ordered = tuple(sorted(made, key=lambda entry: entry.time))
    newest = ordered[-max(1, keep) :]
    if made[-1] not in newest:  # a clock that was ahead
        newest = (*newest[1:], made[-1])
    return newest, tuple(entry for entry in ordered if entry not in newest)


def _delete(folder: Path, entry: ScheduledBackup) -> None:
    """Delete a backup, unless its name is now another file's."""
    path = folder / entry.name
    with suppress(OSError):
        state = path.lstat()
        if (state.st_size, state.st_mtime_ns) == (entry.size, entry.modified_ns):
            path.unlink()


def _write(folder: Path, history: BackupHistory) -> None:
    replace_file(folder / STATE, json.dumps(asdict(history), indent=1).encode())
