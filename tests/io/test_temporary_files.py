"""What a killed process leaves is deleted, what a living one writes is not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aqfusion.io import temporary_files
from aqfusion.io.atomic_files import new_file, new_folder, replace_file
from aqfusion.io.file_lock import locked
from aqfusion.io.temporary_files import TemporaryFolder, private_folder, sweep
from aqfusion.settings import ROOT

HEX = "0" * 32
_PROGRAM = """
import sys, time
from contextlib import ExitStack
from pathlib import Path
from aqfusion.io.atomic_files import new_file, new_folder
from aqfusion.io.temporary_files import TemporaryFolder

with ExitStack() as all_of_them:
    home = Path(sys.argv[1])
    for number in range(20):
        file = all_of_them.enter_context(new_file(home / "ab" / f"{number}.jpg"))
        file.write(b"secret")
    all_of_them.enter_context(new_folder(home / "version")).joinpath("half").touch()
    (all_of_them.enter_context(TemporaryFolder(home)) / "backup.zip").touch()
    print("ready", flush=True)
    time.sleep(60)
"""


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.name not in {"ab", "backup.zip"})


@pytest.fixture
def writer(tmp_path):
    """A process amid twenty files and two folders."""
    command = [sys.executable, "-c", _PROGRAM, str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_what_a_killed_process_left_is_gone_and_what_a_living_one_writes_is_not(writer, tmp_path):
    assert len(left_in(tmp_path)) == 23
    assert sweep(tmp_path, deep=True) == 0
    assert len(left_in(tmp_path)) == 23
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert sweep(tmp_path, deep=True) == 22
    assert left_in(tmp_path) == []


def test_the_first_write_of_a_process_sweeps_its_folder(tmp_path):
    left = tmp_path / f".photo.jpg-{temporary_files._host()}-{HEX}.tmp"
    left.touch()
    replace_file(tmp_path / "other", b"")
    assert left_in(tmp_path) == ["other"]


@pytest.mark.parametrize("name", ["keep", ".hidden", f".photo.jpg-{HEX[:-1]}", "aqfusion-pg-12345"])
def test_what_is_not_of_this_program_stays(tmp_path, name):
    (tmp_path / name).touch()
    os.utime(tmp_path / name, (0, 0))
    assert sweep(tmp_path) == 0


@pytest.mark.parametrize(
    "name", [f".photo.jpg-01234567-{HEX}.tmp", f".photo.jpg-{HEX}", "aqfusion-abc_d123"]
)
def test_files_of_another_machine_or_version_are_left_behind_only_after_a_day(tmp_path, name):
    (tmp_path / name).touch()
    assert sweep(tmp_path) == 0
    yesterday = time.time() - 90_000
    os.utime(tmp_path / name, (yesterday, yesterday))
    assert sweep(tmp_path) == 1


def test_another_users_files_and_links_stay(tmp_path, monkeypatch):
    own = tmp_path / f".own-{temporary_files._host()}-{HEX}.tmp"
    own.touch()
    with monkeypatch.context() as patched:
        patched.setattr(os, "geteuid", lambda: 12345)
        assert sweep(tmp_path) == 0
    own.unlink()
    (tmp_path / "precious").mkdir()
    own.symlink_to(tmp_path / "precious")
    assert sweep(tmp_path) == 0
    assert (tmp_path / "precious").is_dir()


def test_a_folder_whose_place_was_not_taken_in_time_gets_it_back(tmp_path):
    aside = tmp_path / f".model-{temporary_files._host()}-{HEX}.old"
    aside.mkdir()
    (aside / "weights").touch()
    sweep(tmp_path)
    assert (tmp_path / "model" / "weights").exists()
    (tmp_path / "model").rename(aside)
    (tmp_path / "model").mkdir()  # killed later: the new one is in place
    assert sweep(tmp_path) == 1
    assert left_in(tmp_path) == ["model"]


def test_a_sweep_between_a_name_and_its_lock_costs_only_another_name(tmp_path, monkeypatch):
    is_held, swept = temporary_files._is_held, []

    def late(handle: int, path: Path) -> bool:
        if not swept:
            swept.append(sweep(tmp_path))
        return is_held(handle, path)

    monkeypatch.setattr(temporary_files, "_is_held", late)
    replace_file(tmp_path / "file", b"whole")
    assert swept == [1]
    assert (tmp_path / "file").read_bytes() == b"whole"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277])
def test_files_and_folders_are_for_their_owner_whatever_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        replace_file(tmp_path / "a" / "b" / "file", b"")
        with new_file(tmp_path / "a" / "other") as file:
            assert Path(file.name).stat().st_mode & 0o777 == 0o600
        with new_folder(tmp_path / "a" / "version") as folder:
            (folder / "weights").write_bytes(b"")
            (folder / "part").mkdir(0o755)
        with locked(tmp_path / "c" / "lock", 0) as held, TemporaryFolder() as temporary:
            assert held
            assert temporary.stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(before)
    modes = {path.relative_to(tmp_path).as_posix(): path.stat().st_mode & 0o777
             for path in tmp_path.rglob("*")}  # fmt: skip
    folders = dict.fromkeys(("a", "a/b", "a/version", "a/version/part", "c"), 0o700)
    files = dict.fromkeys(("a/b/file", "a/other", "a/version/weights", "c/lock"), 0o600)
    assert modes == {**folders, **files}


def test_a_folder_that_is_there_keeps_its_mode(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o755)
    private_folder(tmp_path / "shared")
    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o755


def test_a_temporary_folder_goes_with_what_holds_it():
    folder = TemporaryFolder()
    path = folder.path
    (path / "file").touch()
    del folder
    assert not path.exists()
