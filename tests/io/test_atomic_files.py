"""A file is whole or not there."""

from pathlib import Path

import pytest

from aqfusion.errors import InputError
from aqfusion.io.atomic_files import new_file, new_folder, replace_file


def test_writes_and_replaces_and_makes_the_folder(tmp_path):
    target = tmp_path / "new" / "deep" / "file.bin"
    replace_file(target, b"one")
    replace_file(target, b"two")
    assert target.read_bytes() == b"two"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("step", ["replace", "open"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    target = tmp_path / "file.bin"
    target.write_bytes(b"old")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, step, full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(target, b"new")
    monkeypatch.undo()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_file_gets_its_name_only_once_it_is_complete(tmp_path, monkeypatch):
    target, seen = tmp_path / "file.bin", []
    replace = Path.replace

    def watch(self: Path, other: Path) -> Path:
        seen.append((self.read_bytes(), other.exists()))
        return replace(self, other)

    monkeypatch.setattr(Path, "replace", watch)
    replace_file(target, b"whole")
    assert seen == [(b"whole", False)]


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(FileNotFoundError), new_folder(tmp_path / "out") as folder:
        (folder / "half" / "file").touch()
    assert list(tmp_path.iterdir()) == []
    with new_folder(tmp_path / "out") as folder:
        (folder / "whole").touch()
        assert not (tmp_path / "out").exists()
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == [
        "out",
        "out/whole",
    ]


@pytest.mark.parametrize("there", ["file", "full", "link"])
def test_a_folder_never_takes_the_place_of_another(tmp_path, there):
    (tmp_path / "file").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with (
        pytest.raises(InputError, match="folder to write must be new or empty, got "),
        new_folder(tmp_path / there),
    ):
        pytest.fail("nothing must be written")
    assert (tmp_path / "full" / "mine").exists()


def test_a_folder_that_fails_to_take_another_s_place_leaves_that(tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    rename, calls = Path.rename, []

    def full(self: Path, other: Path) -> Path:
        calls.append(other)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return rename(self, other)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space left"), new_folder(tmp_path / "out", replace=True):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "old"]
    with new_folder(tmp_path / "out", replace=True) as folder:
        (folder / "new").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "new"]


def test_a_private_file_is_never_open_to_others(tmp_path):
    with new_file(tmp_path / "file") as file:
        assert Path(file.name).stat().st_mode & 0o777 == 0o600
        file.write(b"secret")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "file").read_bytes() == b"secret"
