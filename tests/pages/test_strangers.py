"""What a stranger reads where the server's own files or database are broken: no path, no host."""

import logging
import shutil

import pytest
from streamlit.testing.v1 import AppTest

from aqfusion.settings import ROOT
from aqfusion.ui import markup

SECRET = ("hunter2", "keeper", "10.255.255.1", "secretplace")


def words(page) -> str:
    """All that the page says, as text and as HTML."""
    kinds = ("error", "warning", "info", "markdown", "caption", "success", "title")
    parts = [element.value for kind in kinds for element in getattr(page, kind)]
    return " ".join([*parts, *(element.proto.body for element in page.get("html"))])


@pytest.fixture
def opened(monkeypatch, tmp_path):
    home = tmp_path / "secretplace"
    home.mkdir()
    monkeypatch.setenv("AQFUSION_HOME", str(home))
    monkeypatch.setattr(markup, "_logged", {})  # where the same is said once a minute

    def opened(name):
        page = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60).run()
        assert not page.exception
        return words(page)

    return opened


def broken(kind, monkeypatch, tmp_path):
    """Break the store, or another thing that the settings name."""
    place = tmp_path / "secretplace"
    if kind == "a folder for a file":
        (place / "labels.db").mkdir()
        monkeypatch.setenv("AQFUSION_LABELS", str(place / "labels.db"))
    elif kind == "no database":
        (place / "labels.db").write_bytes(b"this is a text, not a database " * 300)
        monkeypatch.setenv("AQFUSION_LABELS", str(place / "labels.db"))
    elif kind == "no server":
        address = "postgresql://keeper:hunter2@127.0.0.1:1/secretplace"
        monkeypatch.setenv("AQFUSION_LABELS", address)
    elif kind == "no model":
        monkeypatch.setenv("AQFUSION_MODEL", str(place / "model"))
    elif kind == "half a model":
        shutil.copytree(ROOT / "assets" / "models" / "mobilenetv2_100", place / "model")
        (place / "model" / "config.json").write_text("{")
        monkeypatch.setenv("AQFUSION_MODEL", str(place / "model"))
    elif kind == "no data":
        (place / "data").mkdir()
        monkeypatch.setenv("AQFUSION_DATA", str(place / "data"))


@pytest.mark.parametrize(
    ("kind", "page", "says"),
    [
        ("a folder for a file", "label", "The label store cannot be used"),
        ("no database", "label", "The label store cannot be used"),
        ("no database", "admin", "The label store cannot be used"),
        ("no server", "label", "The label store cannot be used"),
        ("no server", "review", "The label store cannot be used"),
        ("no model", "predict", "The model cannot be used"),
        ("half a model", "predict", "The model cannot be used"),
        ("no data", "predict", "Real photos are not available"),
    ],
)
def test_a_stranger_reads_what_happened_and_not_where(
    opened, monkeypatch, tmp_path, caplog, kind, page, says
):
    broken(kind, monkeypatch, tmp_path)
    with caplog.at_level(logging.WARNING):
        told = opened(page)
    assert says in told
    assert not any(secret in told for secret in (*SECRET, str(tmp_path), "127.0.0.1"))
    assert "secretplace" in caplog.text or "127.0.0.1" in caplog.text
    assert "hunter2" not in caplog.text
