"""The two walks of docs/architecture.md: a photo and a label pass through the files named."""

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from PIL import Image

from aqfusion.cli import main
from aqfusion.images.photo import Photo
from aqfusion.registry.registry import Registry
from aqfusion.settings import ASSETS, ROOT, load_settings
from tests.pages import test_label as label_page
from tests.pages.test_contribution import upload
from tests.pages.test_usage import opened
from tests.planted_retrain import RECIPE, labelled_store, planted_model, shifted, shrink

TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
# Passed in a browser, by an expert, or on the way into a second process: other tests run these.
ELSEWHERE = {
    "assets/label/item.js",
    "aqfusion/labels/review.py",
    "aqfusion/ui/registry/retraining_view.py",
    "aqfusion/retraining/process.py",
}


def walk(title: str) -> list[str]:
    section = TEXT.split(f"## {title}")[1].split("\n## ")[0]
    return re.findall(r"^\| \d+ \| `([^`]+)` \|", section, re.M)


@contextmanager
def traced(files: set[str]) -> Iterator[None]:
    """Collect the files of the repository in which a function is called, in any new thread too."""
    root = f"{ROOT}/"

    def note(frame, event, _argument):
        file = frame.f_code.co_filename.removeprefix(root)
        # A page is a script and runs as a module; of the others an import is no part of the way.
        if event == "call" and (frame.f_code.co_name != "<module>" or file.startswith("pages/")):
            files.add(file)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


home = label_page.home  # a folder of its own, and nothing set or cached


def test_a_photo_passes_at_most_15_files_from_upload_to_aqi(home):
    files = walk("A photo, from upload to AQI")
    assert 10 < len(files) <= 15
    page = opened()
    scene = Image.open(ASSETS / "scenes" / "haze.jpg").resize((517, 391))  # that nobody embedded
    passed: set[str] = set()
    with traced(passed):
        page = upload(page, Photo.from_image(scene).to_jpeg())
    assert not page.exception
    assert [file for file in files if file not in passed] == []


@pytest.mark.long
def test_a_label_passes_at_most_35_files_from_key_press_to_served_version(home, monkeypatch):
    files = walk("A label, from key press to served version")
    assert 25 < len(files) <= 35
    assert all((ROOT / file).is_file() for file in ELSEWHERE & {*files})
    passed: set[str] = set()
    with closing(label_page.planted_store(home / "desk", 5)):
        monkeypatch.setenv("AQFUSION_HOME", str(home / "desk"))
        page = label_page.sign_in("Asha")
        with traced(passed):
            label_page.say(page, category=2)
    shrink(monkeypatch)
    monkeypatch.setattr("aqfusion.retraining.fast_trainer.FAST", RECIPE)
    monkeypatch.setenv("AQFUSION_HOME", str(home))
    monkeypatch.setenv("AQFUSION_MODEL", str(planted_model(home / "planted")))
    labelled_store(home / "labels", shifted).close()
    with traced(passed):
        assert main(["retrain", "--by", "Ada"]) == 0
        assert Registry.of(load_settings()).current().version.startswith("v0001-")
    assert [file for file in files if file not in passed | ELSEWHERE] == []
