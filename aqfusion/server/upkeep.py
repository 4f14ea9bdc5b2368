"""What a server does by itself: it sweeps at its start, and has a backup made once a day.

The backup runs in a process of its own that gives way to the pages. Of several servers on one
folder one makes it, by the lock of the folder; a day on which none ran is made up for.
"""

import asyncio
import contextlib
import logging
import os
import stat
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from aqfusion.errors import InputError
from aqfusion.io.temporary_files import sweep
from aqfusion.labels.scheduled_backups import backup_folder, is_due, read_history
from aqfusion.settings import ROOT, Settings, load_settings

__all__ = ["back_up_daily", "sweep_at_start", "tighten"]

_EVERY = 600.0  # seconds between two looks whether a backup is due
_FIRST = 60.0  # seconds after the start, when the first visitors have their pages
_GIVES_WAY = 10  # niceness
_log = logging.getLogger(__name__)


def sweep_at_start(settings: Settings) -> int:
    """Delete what killed processes left wherever the program writes, and return how much."""
    own = (settings.home, backup_folder(settings), settings.models, _local(settings.photos))
    shared = (_local(settings.labels, parent=True), Path(tempfile.gettempdir()))
    gone = sum(sweep(folder, deep=True) for folder in {*own} if folder is not None)
    gone += sum(sweep(folder) for folder in shared if folder is not None)
    if gone:
        _log.info("%d temporary files of processes that were killed are deleted", gone)
    return gone


def tighten(settings: Settings) -> None:
    """Close the program's own folders to others; warn of folders that settings name."""
    own = [settings.home / name for name in ("labels", "labels/photos", "models", "backups")]
    for folder in own:
        with contextlib.suppress(FileNotFoundError):
            state = folder.stat()
            if state.st_mode & 0o077 and state.st_uid == os.geteuid():
                folder.chmod(0o700)
    named = {
        "AQFUSION_PHOTOS": _local(settings.photos),
        "AQFUSION_LABELS": _local(settings.labels, parent=True),
        "AQFUSION_BACKUPS": settings.backups,
        "AQFUSION_MODELS": settings.models,
    }
    for name, path in named.items():
        with contextlib.suppress(OSError):
            mode = path.stat().st_mode if path is not None else 0
            if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
                _log.warning("Everybody on this machine can write to the folder of %s", name)


async def back_up_daily() -> None:
    """Have a backup made whenever the last good one is a day old and the settings want it."""
    await asyncio.sleep(_FIRST)
    while True:
        try:
            await _back_up_if_due()
        except (InputError, OSError) as error:  # the next round tries again
            _log.warning("The daily backup could not be started: %s", error)
        await asyncio.sleep(_EVERY)


async def _back_up_if_due() -> None:
    settings = load_settings()
    if not settings.backup_daily:
        return
    history = await asyncio.to_thread(read_history, backup_folder(settings))
    if is_due(history, datetime.now(UTC)):
        await run_backup(settings.backup_keep)


async def run_backup(keep: int) -> bool:
    """Make one in a process of its own, which ends with this one; whether all went well."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = ("-m", "aqfusion", "labels", "backup", "--daily", f"--keep={keep}")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    try:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, _GIVES_WAY)
        _out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
    if process.returncode:
        lines = errors.decode(errors="replace").strip().splitlines() or ["no reason given"]
        _log.warning("The daily backup failed: %s", lines[-1][:500])
    return process.returncode == 0


def _local(text: str | None, *, parent: bool = False) -> Path | None:
    """The folder that a setting names, where it is one of this machine."""
    if text is None or "://" in text:
        return None
    path = Path(text).expanduser()
    return path.parent if parent else path
