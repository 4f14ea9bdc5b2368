"""What a server does by itself: it sweeps at its start, and one backup is made a day."""

import logging
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aqfusion.io.temporary_files import temporary_name
from aqfusion.labels.scheduled_backups import backup_folder, read_history
from aqfusion.server import upkeep
from aqfusion.settings import SettingsError, load_settings
from tests.coroutines import run_coroutine


@pytest.fixture
def places(tmp_path, monkeypatch) -> dict[str, str]:
    """Settings that name a folder of their own for everything."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return {
        "AQFUSION_HOME": str(tmp_path / "home"),
        "AQFUSION_LABELS": str(tmp_path / "data" / "labels.db"),
        "AQFUSION_PHOTOS": str(tmp_path / "photos"),
        "AQFUSION_MODELS": str(tmp_path / "models"),
        "AQFUSION_BACKUPS": str(tmp_path / "backups"),
    }


def test_what_killed_processes_left_is_gone_wherever_the_program_writes(places, tmp_path):
    folders = ("home/stations", "home/evaluation", "data", "photos/ab", "models", "backups", "tmp")
    for folder in folders:
        path = tmp_path / folder / "file"
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary_name(path).touch()
        path.touch()
    elsewhere = temporary_name(tmp_path / "data" / "of somebody else" / "file")
    elsewhere.parent.mkdir()
    elsewhere.touch()
    assert upkeep.sweep_at_start(load_settings(places, tmp_path / "none")) == len(folders)
    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(left) == sorted(["file"] * len(folders) + [elsewhere.name])


def test_own_folders_are_closed_and_named_ones_only_warned_of(places, tmp_path, caplog):
    own, named = tmp_path / "home" / "labels" / "photos", tmp_path / "photos"
    own.mkdir(parents=True)
    named.mkdir()
    for folder in (own, own.parent, named):
        folder.chmod(0o777)
    with caplog.at_level(logging.WARNING):
        upkeep.tighten(load_settings(places, tmp_path / "none"))
    assert own.stat().st_mode & 0o777 == own.parent.stat().st_mode & 0o777 == 0o700
    assert named.stat().st_mode & 0o777 == 0o777
    assert "Everybody on this machine can write to the folder of AQFUSION_PHOTOS" in caplog.text


@pytest.mark.parametrize(("setting", "made"), [("", 0), ("no", 0), ("yes", 1)])
def test_a_backup_is_made_where_the_setting_wants_it_and_only_once(
    labels_home: Path, labels, monkeypatch, setting, made
):
    labels.accounts.operator(datetime.now(UTC))
    monkeypatch.setenv("AQFUSION_BACKUP_DAILY", setting)
    monkeypatch.setenv("AQFUSION_BACKUP_KEEP", "3")
    run_coroutine(upkeep._back_up_if_due())
    folder = backup_folder(load_settings())
    assert len(read_history(folder).made) == made
    if made:  # several servers: the second finds that there is nothing to do
        assert run_coroutine(upkeep.run_backup(3))
        assert len(read_history(folder).made) == 1


def test_a_backup_that_fails_is_in_the_log(labels_home: Path, monkeypatch, caplog):
    (labels_home / "labels" / "labels.db").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        assert not run_coroutine(upkeep.run_backup(3))
    assert "The daily backup failed: The label store labels.db is an empty file" in caplog.text


def test_settings_of_backups_are_checked(tmp_path):
    with pytest.raises(SettingsError, match="AQFUSION_BACKUP_DAILY must be yes or no, got 'x'"):
        load_settings({"AQFUSION_BACKUP_DAILY": "x"}, tmp_path)
    with pytest.raises(SettingsError, match="AQFUSION_BACKUP_KEEP must be a whole number"):
        load_settings({"AQFUSION_BACKUP_KEEP": "0"}, tmp_path)
