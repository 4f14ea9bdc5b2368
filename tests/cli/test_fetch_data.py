"""`fetch-data` with a stand-in for kagglehub, which needs internet and an account."""

import shutil
import sys
from types import SimpleNamespace

import pytest

from aqfusion.cli import main
from aqfusion.cli.train import HANDLE
from aqfusion.data.dataset_folder import read_folder


def install(monkeypatch, download):
    monkeypatch.setitem(sys.modules, "kagglehub", SimpleNamespace(dataset_download=download))


def test_download_is_checked_and_put_in_place(monkeypatch, tmp_path, data_folder):
    asked = []
    install(monkeypatch, lambda handle: asked.append(handle) or str(data_folder))
    assert main(["fetch-data", "--out", str(tmp_path / "data")]) == 0
    assert asked == [HANDLE]
    assert len(read_folder(tmp_path / "data")) == len(read_folder(data_folder))


@pytest.mark.parametrize("error", [OSError("no route to host"), ValueError("no credentials")])
def test_failed_download_is_one_sentence(monkeypatch, tmp_path, capsys, error):
    def fail(handle):
        raise error

    install(monkeypatch, fail)
    assert main(["fetch-data", "--out", str(tmp_path / "data")]) == 2
    assert capsys.readouterr().err == f"the data set could not be downloaded: {error}\n"
    assert list(tmp_path.iterdir()) == []


def test_incomplete_download_is_not_put_in_place(monkeypatch, tmp_path, data_folder, capsys):
    broken = tmp_path / "broken"
    shutil.copytree(data_folder, broken)
    next((broken / "Combined_Dataset" / "All_img").iterdir()).unlink()
    install(monkeypatch, lambda handle: str(broken))
    assert main(["fetch-data", "--out", str(tmp_path / "data")]) == 2
    assert "The download has 1 bad rows, the first: line " in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_what_is_there_is_not_touched(monkeypatch, tmp_path, capsys):
    install(monkeypatch, lambda handle: pytest.fail("nothing may be downloaded"))
    assert main(["fetch-data", "--out", str(tmp_path)]) == 2
    assert "must not exist yet" in capsys.readouterr().err


def test_absent_kagglehub_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    assert main(["fetch-data", "--out", str(tmp_path / "data")]) == 2
    assert "pip install kagglehub" in capsys.readouterr().err
