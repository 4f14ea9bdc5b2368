"""A file is whole or not there."""

from pathlib import Path

import pytest

from aqfusion.files import replace_file


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
