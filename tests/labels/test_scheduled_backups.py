"""Backups made again and again: each proven, the newest kept, nothing deleted that is not ours."""

import errno
import json
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from aqfusion.io.file_lock import locked
from aqfusion.labels import scheduled_backups
from aqfusion.labels.backup import BackupError, restore
from aqfusion.labels.scheduled_backups import (
    STATE,
    BackupHistory,
    BackupRunningError,
    FailedBackup,
    is_due,
    make_scheduled,
    read_history,
)
from aqfusion.labels.store import LabelStore
from aqfusion.labels.store_errors import StoreFullError
from aqfusion.settings import ROOT
from tests.labels.planted import NOW, add, say

DAY = timedelta(days=1)


@pytest.fixture
def url(tmp_path: Path, empty_labels: bytes) -> str:
    """The address of an empty store; both databases are backed up alike, as others test."""
    (tmp_path / "labels.db").write_bytes(empty_labels)
    return str(tmp_path / "labels.db")


@pytest.fixture
def folder(store, admin, ana, tmp_path) -> Path:
    """Where the backups of a store with an answer go."""
    say(store, ana, add(store, admin, 1), 2)
    return tmp_path / "backups"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix == ".zip")


def test_the_newest_are_kept_and_each_one_can_be_restored(store, admin, folder, tmp_path):
    for day in range(4):
        made = make_scheduled(store, admin, folder, 2, NOW + day * DAY)
        assert (made.items, made.events, made.photos, made.missing_photos) == (1, 1, 0, 1)
    assert names(folder) == [f"aqfusion-labels-2026110{day}T090000Z.zip" for day in (4, 5)]
    history = read_history(folder)
    assert [entry.name for entry in history.made] == names(folder)
    assert history.failed is None
    other = LabelStore.open(str(tmp_path / "other.db"), str(tmp_path / "other"))
    assert restore(other, folder / history.last.name).rows["label_events"] == 1
    other.close()


def test_only_what_it_made_itself_is_deleted(store, admin, folder):
    make_scheduled(store, admin, folder, 1, NOW)
    first = folder / names(folder)[0]
    (folder / "aqfusion-labels-20200101T000000Z.zip").write_bytes(b"somebody's own")
    first.write_bytes(b"and somebody has put another file in the place of ours")
    make_scheduled(store, admin, folder, 1, NOW + DAY)
    make_scheduled(store, admin, folder, 1, NOW + 2 * DAY)
    assert names(folder) == [
        f"aqfusion-labels-{at}T{hour}0000Z.zip"
        for at, hour in (("20200101", "00"), ("20261102", "09"), ("20261104", "09"))
    ]


def test_a_clock_that_was_ahead_costs_no_good_backup(store, admin, folder):
    make_scheduled(store, admin, folder, 1, NOW + 100 * DAY)
    made = make_scheduled(store, admin, folder, 1, NOW)
    assert names(folder) == [made.name]
    assert is_due(read_history(folder), NOW - DAY)


def test_one_that_cannot_be_restored_is_marked_and_never_costs_a_good_one(
    store, admin, folder, monkeypatch
):
    good = make_scheduled(store, admin, folder, 1, NOW)

    def broken(_path):
        raise BackupError("the backup is inconsistent")

    with monkeypatch.context() as patched:
        patched.setattr(scheduled_backups, "rehearse", broken)
        for day in (1, 2):
            with pytest.raises(BackupError):
                make_scheduled(store, admin, folder, 1, NOW + day * DAY)
    assert names(folder) == [good.name, "aqfusion-labels-20261104T090000Z.unverified.zip"]
    history = read_history(folder)
    assert history.made == (good,)
    assert history.failed == FailedBackup((NOW + 2 * DAY).isoformat(), "the backup is inconsistent")
    made = make_scheduled(store, admin, folder, 1, NOW + 3 * DAY)
    assert names(folder) == [made.name]


def test_a_full_disk_leaves_no_half_file_and_says_so(store, admin, folder, monkeypatch):
    good = make_scheduled(store, admin, folder, 1, NOW)

    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("aqfusion.labels.backup.lines_of", full)
        with pytest.raises(StoreFullError, match="The disk is full: the backup was not written"):
            make_scheduled(store, admin, folder, 1, NOW + DAY)
    assert [path.name for path in folder.iterdir() if path.suffix in (".zip", ".tmp")] == [
        good.name
    ]
    assert "The disk is full" in read_history(folder).failed.reason
    assert make_scheduled(store, admin, folder, 1, NOW + 2 * DAY) is not None


def test_one_at_a_time(store, admin, folder):
    with locked(folder / "backups.lock", 0) as held:
        assert held
        with pytest.raises(BackupRunningError):
            make_scheduled(store, admin, folder, 1, NOW)
    made: list[object] = []

    def work() -> None:
        try:
            made.append(make_scheduled(store, admin, folder, 5, NOW, daily=True))
        except BackupRunningError:
            made.append(None)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(folder)) == 1


@pytest.mark.parametrize(
    ("hours", "failed_minutes", "due"),
    [(1, None, False), (23, None, False), (24, None, True), (90, None, True), (90, 30, False),
     (90, 90, True), (-5, None, True)],
)  # fmt: skip
def test_a_missed_day_is_made_up_for_and_a_failure_waits_an_hour(
    store, admin, folder, hours, failed_minutes, due
):
    make_scheduled(store, admin, folder, 1, NOW)
    history, later = read_history(folder), NOW + timedelta(hours=hours)
    if failed_minutes is not None:
        at = later - timedelta(minutes=failed_minutes)
        history = BackupHistory(made=history.made, failed=FailedBackup(at.isoformat(), "full"))
    assert is_due(history, later) is due
    assert history.is_old(later) is (hours > 48)


def test_daily_makes_one_a_day(store, admin, folder):
    assert make_scheduled(store, admin, folder, 3, NOW, daily=True) is not None
    assert make_scheduled(store, admin, folder, 3, NOW + DAY / 2, daily=True) is None
    assert make_scheduled(store, admin, folder, 3, NOW + DAY, daily=True) is not None
    assert len(names(folder)) == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"format": 1, "made": [{"name": "../../x"}]}', b'{"format": 9}', b"\xff",
     b'{"format":1,"made":[{"name":"../a.zip","at":"2026-11-02T09:00:00+00:00","size":1,'
     b'"modified_ns":1,"items":1,"events":1,"photos":1,"missing_photos":0}],"failed":null}'],
)  # fmt: skip
def test_a_damaged_state_costs_only_what_it_told(store, admin, folder, content):
    make_scheduled(store, admin, folder, 1, NOW)
    (folder / STATE).write_bytes(content)
    assert read_history(folder) == BackupHistory()
    make_scheduled(store, admin, folder, 1, NOW + DAY)
    assert len(names(folder)) == 2  # the first is nobody's to delete now


def test_nothing_is_for_others(store, admin, folder):
    make_scheduled(store, admin, folder, 1, NOW)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


_KILLED = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from aqfusion.labels import backup, scheduled_backups
from aqfusion.labels.store import LabelStore

def slow(*_args):
    print("writing", flush=True)
    time.sleep(60)

backup.photos_sum = slow
store = LabelStore.open(sys.argv[1], sys.argv[2])
operator = store.accounts.operator(datetime.now(UTC))
scheduled_backups.make_scheduled(store, operator, Path(sys.argv[3]), 1, datetime.now(UTC))
"""


def test_a_killed_backup_leaves_what_was_and_nothing_half(store, admin, folder, url, tmp_path):
    good = make_scheduled(store, admin, folder, 1, NOW)
    arguments = [sys.executable, "-c", _KILLED, url, str(tmp_path / "photos"), str(folder)]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
    assert len([path for path in folder.iterdir() if path.suffix == ".tmp"]) == 1
    assert read_history(folder).made == (good,)
    made = make_scheduled(store, admin, folder, 1, NOW + DAY)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [made.name, STATE, "backups.lock"]
    )
    assert json.loads((folder / STATE).read_text())["failed"] is None
